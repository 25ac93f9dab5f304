"""The service as people start it: one process or several, its logs, and how it stops."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perfsearch.library import Library

RUN = [sys.executable, "-c", "from perfsearch.service.cli import main; main()"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(library: Path, *flags: str) -> tuple[subprocess.Popen[bytes], str, Path]:
    port, log = free_port(), library.parent / "log"
    with log.open("wb") as file:
        process = subprocess.Popen([*RUN, "serve", "--library", str(library), "--port", str(port), *flags], stderr=file)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address + "/readyz", timeout=5):
                return process, address, log
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    process.kill()
    raise AssertionError(log.read_text())


def ask(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return answer.read()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_answers_counts_logs_and_stops_when_told(library_copy: Path, workers: str) -> None:
    process, address, log = start(library_copy, "--workers", workers)
    try:
        for _ in range(12):
            found = json.loads(ask(address + "/api/v1/search?q=%E6%B2%B3%E9%81%93%E5%85%BB%E6%8A%A4"))
            assert found["hits"]
        page = ask(address + "/metrics").decode()
        line = next(
            line for line in page.splitlines() if line.startswith("perfsearch_requests_total") and "/search" in line
        )
        assert float(line.split()[-1]) == 12.0, "counted over all processes"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(20)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    requests = [event for event in events if event.get("event") == "request" and event["route"] == "/api/v1/search"]
    assert len(requests) == 12
    assert {"ms", "status", "request_id", "level", "timestamp"} <= set(requests[0])
    assert "河道" not in log.read_text()
    assert "%E6" not in log.read_text()


def test_what_the_command_line_adds_is_found_by_the_running_service(
    library_copy: Path, tmp_path: Path, draft_file: Path
) -> None:
    new = tmp_path / "new.txt"
    text = draft_file.read_text(encoding="utf-8").replace("区管河道日常养护", "北横河除险加固")
    new.write_text(text, encoding="utf-8")
    process, address, _ = start(library_copy)
    try:
        environment = {**os.environ, "PERFSEARCH_LIBRARY": str(library_copy)}
        subprocess.run([*RUN, "add", str(new), "--quiet"], check=True, env=environment, capture_output=True)
        found = json.loads(
            ask(address + "/api/v1/search?q=%E5%8C%97%E6%A8%AA%E6%B2%B3%E9%99%A4%E9%99%A9%E5%8A%A0%E5%9B%BA")
        )
        assert found["hits"][0]["project_name"] == "北横河除险加固"
    finally:
        process.terminate()
        process.wait(20)


def test_it_does_not_start_open_to_others_without_keys(library_copy: Path) -> None:
    done = subprocess.run(
        [*RUN, "serve", "--library", str(library_copy), "--host", "0.0.0.0", "--port", "0"],
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert b"no API keys" in done.stderr


def test_keys_are_made_listed_and_revoked(library_copy: Path) -> None:
    def keys(*arguments: str) -> bytes:
        return subprocess.run(
            [*RUN, "keys", *arguments, "--library", str(library_copy)], capture_output=True, check=True, timeout=60
        ).stdout

    token = keys("add", "分析科", "--role", "editor").decode().strip()
    listed = json.loads(keys("list", "--json"))
    assert [(one["name"], one["role"]) for one in listed] == [("分析科", "editor")]
    assert listed[0]["id"] == token.split("_")[1]
    keys("revoke", listed[0]["id"])
    assert json.loads(keys("list", "--json")) == []


# -- what is acknowledged stays


def new_filing(draft_file: Path, number: int) -> bytes:
    text = draft_file.read_text(encoding="utf-8")
    return text.replace("区管河道日常养护", f"第{number}号支流除险加固工程").encode()


def send(address: str, data: bytes, number: int, **headers: str) -> tuple[int, Any]:
    """POST a file; the status and the answer, (0, None) where the connection broke."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="%d.txt"\r\n\r\n' % number
        + data
        + b"\r\n--x--\r\n"
    )
    request = urllib.request.Request(
        address + "/api/v1/filings",
        data=body,
        headers={
            "Content-Type": "multipart/form-data; boundary=x",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
    except (urllib.error.URLError, ConnectionError, http.client.HTTPException):
        return 0, None


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the processes are found in /proc")
def test_a_worker_that_is_killed_loses_nothing_that_was_acknowledged(library_copy: Path, draft_file: Path) -> None:
    process, address, log = start(library_copy, "--workers", "2")
    added: list[str] = []
    jobs: list[str] = []
    ends = threading.Event()

    def upload(first: int) -> None:
        for number in range(first, first + 1000):
            if ends.is_set():
                return
            status, answer = send(address, new_filing(draft_file, number), number)
            if status in (200, 201):
                added.extend(answer["filings"])
            status, answer = send(address, new_filing(draft_file, number + 500), number, Prefer="respond-async")
            if status == 202:
                jobs.append(answer["id"])

    threads = [threading.Thread(target=upload, args=(first,)) for first in (1_000, 3_000)]
    try:
        for thread in threads:
            thread.start()
        wait_for(lambda: len(added) > 3 and len(jobs) > 3)
        for pid in workers_of(process)[:1]:
            os.kill(pid, signal.SIGKILL)
        before = len(added)
        wait_for(lambda: len(added) > before + 4)
        ends.set()
        for thread in threads:
            thread.join()
        for pid in workers_of(process):  # those that hold jobs which wait, too
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: all(json.loads(ask(f"{address}/api/v1/jobs/{job}"))["state"] == "done" for job in jobs))
        for job in jobs:
            added.extend(json.loads(ask(f"{address}/api/v1/jobs/{job}"))["result"]["filings"])
        lost = [one for one in set(added) if json.loads(ask(f"{address}/api/v1/filings/{one}"))["id"] != one]
        assert lost == []
        assert process.poll() is None, log.read_text()
    finally:
        ends.set()
        process.terminate()
        process.wait(30)
    found = subprocess.run(
        [*RUN, "verify", "--json", "--library", str(library_copy)], capture_output=True, check=False, timeout=120
    )
    assert found.returncode == 0, found.stdout


def wait_for(what: Callable[[], bool], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if what():
                return
        except (urllib.error.URLError, ConnectionError, http.client.HTTPException):
            pass
        time.sleep(0.1)
    raise AssertionError("it did not come to be in time")


def test_a_stop_lets_a_request_end_and_a_backup_is_whole_while_filings_are_added(
    library_copy: Path, draft_file: Path, tmp_path: Path
) -> None:
    process, address, log = start(library_copy)
    added: list[str] = []
    ends = threading.Event()

    def upload() -> None:
        number = 0
        while not ends.is_set():
            status, answer = send(address, new_filing(draft_file, number), number)
            assert status == 201, answer
            added.extend(answer["filings"])
            number += 1

    thread = threading.Thread(target=upload)
    try:
        thread.start()
        wait_for(lambda: len(added) > 2)
        before = set(added)
        subprocess.run(
            [*RUN, "backup", str(tmp_path / "backup"), "--library", str(library_copy)], check=True, timeout=60
        )
        wait_for(lambda: len(added) > len(before))
        ends.set()
        thread.join()
        whole = b"\n".join(new_filing(draft_file, number) for number in range(900, 960))
        answers: list[tuple[int, Any]] = []
        last = threading.Thread(target=lambda: answers.append(send(address, whole, 900)))
        last.start()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        last.join()
        assert answers[0][0] == 201, log.read_text()
        assert process.wait(30) in (0, -signal.SIGTERM)
    finally:
        ends.set()
        if process.poll() is None:
            process.kill()
            process.wait(20)
    restored = tmp_path / "restored"
    subprocess.run([*RUN, "restore", str(tmp_path / "backup"), "--library", str(restored)], check=True, timeout=120)
    with Library.open(restored, create=False) as library:
        kept = {one.id for one in library.list()}
        assert before <= kept
        assert library.verify().ok
        assert library.search("支流除险加固", limit=1).hits
    with Library.open(library_copy, create=False, readonly=True) as library:
        assert set(added) | set(answers[0][1]["filings"]) <= {one.id for one in library.list()}


def test_a_rate_holds_over_all_workers(library_copy: Path) -> None:
    process, address, _ = start(library_copy, "--workers", "2", "--rate-per-minute", "60")
    try:
        statuses, waits = [], []
        for _ in range(60):  # a connection each, so that both workers answer
            try:
                ask(address + "/api/v1/stats")
                statuses.append(200)
            except urllib.error.HTTPError as error:
                statuses.append(error.code)
                waits.append(int(error.headers["Retry-After"]))
        # Half a minute's at once, and what came back meanwhile.
        assert 20 <= statuses.count(200) <= 45
        assert min(waits) > 0
        assert statuses.count(429) == 60 - statuses.count(200)
    finally:
        process.terminate()
        process.wait(20)
