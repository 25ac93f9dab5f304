"""The service as people start it: one process or several, its logs, and how it stops."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

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
        assert process.wait(20) == (0 if workers == "2" else process.returncode)
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
