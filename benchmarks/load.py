"""The service under load: connections that ask without a pause, an upload a second, and what it answers.

    python -m benchmarks.load LIBRARY [--workers N] [--connections 50] [--seconds 60] [--rate PER_SECOND]
        [--read-only] [--kill]

Starts `perfsearch serve` over a copy of the library, asks as several users do (searches of words, sentences and
numbers, pages, filings, policies, facets), adds a new filing every second, and prints for each kind how many were
answered, p50, p99 and the largest; then errors, the service's memory before and after, and whether every filing that
was acknowledged is found. With `--rate` requests start at that rate (latency from when each was due), else each
connection asks again at once. With `--kill` a worker is killed in the middle.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

REPOSITORY = Path(__file__).resolve().parent.parent
SEARCHES = (
    "河道养护", "屋面漏水 维修", "国办发〔2016〕10号", "群众满意度 85%", "老人摔倒没人知道怎么办", "社区科普大学", "54万元",
    "公共自行车 运营", "垃圾分类 宣传", "残疾儿童康复救助", "应急演练", "信息系统运维", "农村公路日常养护", "学校课后服务怎么补贴",
)  # fmt: skip
DRAFT = "linjiang-hedao-yanghu-2018.txt"


class Load:
    """What was asked and answered."""

    def __init__(self, port: int, seconds: float, rate: float | None, seed: int = 7) -> None:
        self.port = port
        self.ends = time.perf_counter() + seconds
        self.rate = rate
        self.seed = seed
        self.times: dict[str, list[float]] = defaultdict(list)
        self.sizes: dict[str, int] = defaultdict(int)
        self.errors: list[str] = []
        self.added: list[str] = []
        self._lock = threading.Lock()
        self._due = time.perf_counter()

    def ask(self, number: int, ids: list[str], policies: list[str]) -> None:
        """One connection."""
        rng = random.Random(self.seed + number)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while time.perf_counter() < self.ends:
            kind, path = _request(rng, ids, policies)
            started = self._turn()
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                size = len(answer.read())
                problem = None if answer.status == 200 else f"{answer.status} {path}"
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                size, problem = 0, f"{type(error).__name__} {path}"
            self._book(kind, time.perf_counter() - started, size, problem)

    def _turn(self) -> float:
        """When the next request is due: now, or at its place in the rate."""
        if self.rate is None:
            return time.perf_counter()
        with self._lock:
            self._due = due = max(self._due, time.perf_counter() - 5.0) + 1.0 / self.rate
        time.sleep(max(0.0, due - time.perf_counter()))
        return due

    def _book(self, kind: str, seconds: float, size: int, problem: str | None) -> None:
        with self._lock:
            if problem is not None:
                self.errors.append(problem)
                return
            self.times[kind].append(seconds)
            self.sizes[kind] = max(self.sizes[kind], size)

    def add(self) -> None:
        """A new filing every second."""
        text = (REPOSITORY / "corpus" / DRAFT).read_text(encoding="utf-8")
        number = 0
        while time.perf_counter() < self.ends:
            started = time.perf_counter()
            number += 1
            body, boundary = _multipart(
                f"load-{number}.txt", text.replace("区管河道日常养护", f"压力测试工程第{number}号")
            )
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
                connection.request("POST", "/api/v1/filings", body, kind)
                answer = connection.getresponse()
                found = json.loads(answer.read())
                if answer.status in (200, 201):
                    self.added += found["filings"]
                self._book("upload", time.perf_counter() - started, 0, None if answer.status < 300 else str(found))
            except (OSError, http.client.HTTPException) as error:
                self._book("upload", 0.0, 0, f"{type(error).__name__} upload")
            finally:
                connection.close()
            time.sleep(max(0.0, 1.0 - (time.perf_counter() - started)))


def _request(rng: random.Random, ids: list[str], policies: list[str]) -> tuple[str, str]:
    query = quote(rng.choice(SEARCHES))
    draw = rng.random()
    if draw < 0.4:
        return "search", f"/api/v1/search?q={query}"
    if draw < 0.6:
        return "search page", f"/?q={query}"
    if draw < 0.8:
        return "filing", f"/api/v1/filings/{rng.choice(ids)}"
    if draw < 0.9:
        return "policies", f"/api/v1/policies?q={quote(rng.choice(('预算法', '科普', '养老', '环境保护')))}"
    if draw < 0.95 and policies:
        return "policy", f"/api/v1/policies/{rng.choice(policies)}?limit=20"
    return "facets", f"/api/v1/facets?q={query}"


def _multipart(name: str, text: str) -> tuple[bytes, str]:
    boundary = "perfsearchload"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + text.encode() + f"\r\n--{boundary}--\r\n".encode(), boundary


def _get(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return json.loads(body) if answer.status == 200 else None


def _memory_bytes(process: subprocess.Popen[bytes]) -> int:
    """Resident memory of the service and its workers (Linux)."""
    total = 0
    for pid in [process.pid, *_workers(process)]:
        try:
            fields = Path(f"/proc/{pid}/statm").read_text().split()
        except OSError:
            continue
        total += (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")
    return total


def _workers(process: subprocess.Popen[bytes]) -> list[int]:
    try:
        found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    except OSError:
        return []
    return [int(pid) for pid in found.split()]


def _start(library: Path, workers: int) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from perfsearch.service.cli import main; main()"]
    process = subprocess.Popen(
        [*command, "serve", "--library", str(library), "--port", str(port), "--workers", str(workers)],
        stderr=subprocess.DEVNULL,
    )
    for _ in range(1200):
        try:
            if _get(port, "/readyz"):
                return process, port
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    raise SystemExit("the service did not become ready")


def main() -> None:
    """Run the load and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=None)
    parser.add_argument("--read-only", action="store_true", help="no uploads")
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = Path(shutil.copytree(given.library, Path(folder) / "library"))
        process, port = _start(library, given.workers)
        try:
            _run(given, process, port)
        finally:
            process.terminate()
            process.wait(60)


def _run(given: argparse.Namespace, process: subprocess.Popen[bytes], port: int) -> None:
    ids = [one["id"] for one in _get(port, "/api/v1/filings?limit=500")["filings"]]
    policies = [one["policy_id"] for one in _get(port, "/api/v1/policies?limit=20")["policies"]]
    for query in SEARCHES:
        _get(port, f"/api/v1/search?q={quote(query)}")
    before = _memory_bytes(process)
    load = Load(port, given.seconds, given.rate)
    threads = [threading.Thread(target=load.ask, args=(n, ids, policies)) for n in range(given.connections)]
    if not given.read_only:
        threads.append(threading.Thread(target=load.add))
    for thread in threads:
        thread.start()
    if given.kill:
        time.sleep(given.seconds / 2)
        os.kill((_workers(process) or [process.pid])[-1], signal.SIGKILL)
    for thread in threads:
        thread.join()
    print(f"{'':<14}{'answered':>9}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'KB':>8}")
    for kind, times in sorted(load.times.items()):
        _print_line(kind, times, load.sizes[kind], given.seconds)
    _print_line("reads", [t for kind, times in load.times.items() if kind != "upload" for t in times], 0, given.seconds)
    print(f"errors {len(load.errors)} {sorted(set(load.errors))[:5]}")
    print(f"memory {before / 1e6:.0f} MB, after {_memory_bytes(process) / 1e6:.0f} MB")
    lost = [one for one in load.added if _get(port, f"/api/v1/filings/{one}") is None]
    print(f"acknowledged uploads {len(load.added)}, lost {len(lost)}")


def _print_line(kind: str, times: list[float], size: int, seconds: float) -> None:
    if len(times) < 2:
        return
    cuts = statistics.quantiles(times, n=100)
    print(
        f"{kind:<14}{len(times):>9}{len(times) / seconds:>10.1f}{cuts[49] * 1000:>9.1f}{cuts[98] * 1000:>9.1f}"
        f"{max(times) * 1000:>9.1f}{size / 1000:>8.1f}"
    )


if __name__ == "__main__":
    main()
