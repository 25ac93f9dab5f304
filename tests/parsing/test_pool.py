"""Reading processes that are killed, hang or crash, and masters that are: nothing but the document in hand is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perfsearch.errors import UnreadableFile
from perfsearch.parsing import iter_inputs, parse_bytes, parse_file
from perfsearch.parsing.pool import Pool
from perfsearch.parsing.progress import Task
from perfsearch.parsing.wire import StoppedError
from perfsearch.settings import Settings
from tests.parsing import hostile
from tests.parsing.test_parsing import FORM, printed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
ONE = Settings(reading_workers=1)


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


def children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def read(pool: Pool, data: bytes, name: str = "a.txt", settings: Settings = ONE) -> list[str]:
    """Reasons of the rejections, or the names of the projects."""
    found = []
    for parsed in pool.read(Task(name, name, data=data), settings):
        found += [rejection.reason for rejection in parsed.rejections]
        found += [filing.project_name or "" for filing in parsed.filings]
    return found


def workers_of(pool: Pool) -> list[int]:
    assert pool._nursery is not None
    return children(pool._nursery.pid)


def reading_slowly(pool: Pool, settings: Settings = ONE) -> tuple[threading.Thread, list[str], int]:
    """A document of seconds that is being read: the thread that waits, its results to be, and the process."""
    read(pool, FORM.encode(), settings=settings)
    (worker,) = workers_of(pool)
    results: list[str] = []
    data = hostile.slow_pdf(3_000_000)
    thread = threading.Thread(target=lambda: results.extend(read(pool, data, "slow.pdf", settings)))
    before = ticks(worker)
    thread.start()
    assert eventually(lambda: ticks(worker) > before + 20)
    return thread, results, worker


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_one_process_reads_many_documents(pool: Pool) -> None:
    assert read(pool, FORM.encode()) == ["基层科普服务"]
    first = workers_of(pool)
    for number in range(5):
        assert read(pool, printed(f"第{number}个").encode()) == [f"第{number}个"]
    assert workers_of(pool) == first


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_crash_while_reading_is_that_documents_rejection(pool: Pool, number: signal.Signals) -> None:
    thread, results, worker = reading_slowly(pool)
    os.kill(worker, number)
    thread.join()
    (reason,) = results
    assert f"crashed on it ({number.name})" in reason
    assert not is_alive(worker)
    assert read(pool, FORM.encode()) == ["基层科普服务"]


def test_a_process_killed_from_outside_is_replaced_and_its_document_read_again(pool: Pool) -> None:
    thread, results, worker = reading_slowly(pool, Settings(reading_workers=1, reading_seconds_max=2))
    os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: workers_of(pool) not in ([], [worker]))
    thread.join()
    (reason,) = results
    assert "took longer" in reason  # the second try had its own time


def test_a_process_killed_twice_at_one_document_is_a_rejection(pool: Pool) -> None:
    thread, results, worker = reading_slowly(pool)
    os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: workers_of(pool) not in ([], [worker]))
    os.kill(workers_of(pool)[0], signal.SIGKILL)
    thread.join()
    (reason,) = results
    assert "killed twice" in reason


def test_an_idle_process_that_is_gone_costs_nothing(pool: Pool) -> None:
    read(pool, FORM.encode())
    (worker,) = workers_of(pool)
    os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: not is_alive(worker))
    assert read(pool, FORM.encode()) == ["基层科普服务"]


def test_a_nursery_that_is_gone_is_replaced_and_what_was_read_is_read_again(pool: Pool) -> None:
    thread, results, worker = reading_slowly(pool, Settings(reading_workers=1, reading_seconds_max=2))
    assert pool._nursery is not None
    scratch = pool._scratch
    os.kill(pool._nursery.pid, signal.SIGKILL)
    assert eventually(lambda: not is_alive(worker))
    thread.join()
    assert "took longer" in results[0]
    assert read(pool, FORM.encode()) == ["基层科普服务"]
    assert scratch is not None
    assert not Path(scratch).exists()


def test_who_is_not_wanted_any_more_stops_waiting_and_his_process_ends(pool: Pool) -> None:
    read(pool, FORM.encode())
    (worker,) = workers_of(pool)
    stopped = threading.Event()
    threading.Timer(0.3, stopped.set).start()
    task = Task("slow.pdf", "slow.pdf", data=hostile.slow_pdf(3_000_000))
    with pytest.raises(StoppedError):
        list(pool.read(task, ONE, stopped.is_set))
    assert eventually(lambda: not is_alive(worker))


def test_no_more_processes_than_are_allowed_read_at_once(pool: Pool) -> None:
    limits = Settings(reading_workers=2)
    threads = [threading.Thread(target=read, args=(pool, FORM.encode(), "a.txt", limits)) for _ in range(12)]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        most = max(most, len(workers_of(pool)) if pool._nursery is not None else 0)
    assert 1 <= most <= 2


def test_a_pool_that_was_closed_begins_anew(pool: Pool) -> None:
    for _ in range(3):
        assert read(pool, FORM.encode()) == ["基层科普服务"]
        pool.close()


def test_a_single_draft_does_not_wait_for_the_processes_that_read_a_folder(pool: Pool) -> None:
    thread, results, worker = reading_slowly(pool)
    task = Task("draft.txt", "draft.txt", data=FORM.encode())
    (parsed,) = pool.read(task, ONE, n_beside=1)
    assert parsed.filings
    assert not results
    os.kill(worker, signal.SIGSEGV)
    thread.join()


def test_another_memory_limit_gets_another_process(pool: Pool) -> None:
    read(pool, FORM.encode())
    first = workers_of(pool)
    assert read(pool, FORM.encode(), settings=Settings(reading_workers=1, reading_memory_bytes_max=400_000_000))
    assert eventually(lambda: len(workers_of(pool)) == 1 and workers_of(pool) != first)


def test_a_line_that_kills_its_reader_costs_that_line(tmp_path: Path, pool: Pool) -> None:
    """The whole batch would be read again without its first lines; here by a reader that is killed in the middle."""
    lines = b"".join(b'{"project_name": "%d"}\n' % number for number in range(30_000))
    task = Task("a.jsonl", "a.jsonl", data=lines, lines_from=1)
    read(pool, FORM.encode())
    (worker,) = workers_of(pool)
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.extend(pool.read(task, ONE)))
    before = ticks(worker)
    thread.start()
    assert eventually(lambda: ticks(worker) > before + 20)
    os.kill(worker, signal.SIGSEGV)
    thread.join()
    (parsed,) = results
    (rejection,) = parsed.rejections  # type: ignore[attr-defined]
    names = [int(filing.project_name) for filing in parsed.filings]  # type: ignore[attr-defined]
    assert len(names) == 29_999
    (missing,) = set(range(30_000)) - set(names)
    assert rejection.reason.startswith(f"line {missing + 1}: the reader crashed")


def test_a_killed_master_leaves_no_process_behind(tmp_path: Path) -> None:
    (tmp_path / "slow.pdf").write_bytes(hostile.slow_pdf(3_000_000))
    code = "import sys; from perfsearch import parse_file; parse_file(sys.argv[1])"
    master = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "slow.pdf")])
    try:
        assert eventually(lambda: any(children(nursery) for nursery in children(master.pid)))
        (nursery,) = children(master.pid)
        (worker,) = children(nursery)
    finally:
        master.kill()
        master.wait()
    assert eventually(lambda: not is_alive(nursery) and not is_alive(worker))


def test_a_forked_child_reads_with_processes_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(FORM)
    assert parse_file(path)
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if len(parse_file(path)) == 1 else 1
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert parse_file(path)


def test_results_come_in_the_order_of_the_inputs_whichever_is_faster(tmp_path: Path) -> None:
    (tmp_path / "0.pdf").write_bytes(hostile.slow_pdf(400_000))
    for number in range(1, 40):
        (tmp_path / f"{number:02d}.txt").write_text(printed(f"第{number}个"))
    results = list(iter_inputs([tmp_path], Settings(reading_workers=4)))
    assert [Path(r.path).name for r in results] == ["0.pdf", *(f"{n:02d}.txt" for n in range(1, 40))]


def test_an_iteration_left_half_way_ends_its_threads(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02d}.txt").write_text(FORM)
    inputs = iter_inputs([tmp_path], Settings(reading_workers=2))
    assert next(inputs).filings
    inputs.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "perfsearch-read"]


def test_what_waiting_raises_ends_the_reading(tmp_path: Path) -> None:
    (tmp_path / "slow.pdf").write_bytes(hostile.slow_pdf(3_000_000))

    def waiting() -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(iter_inputs([tmp_path], waiting=waiting))
    assert time.monotonic() - started < 5


def test_a_file_whose_name_is_no_unicode_is_read_under_a_readable_one(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/" + "绩效.txt".encode("gbk")
    with open(raw, "w", encoding="utf-8") as file:
        file.write(FORM)
    (parsed,) = iter_inputs([tmp_path])
    assert Path(parsed.path).name == "绩效.txt"
    assert parsed.filings[0].source.file == "绩效.txt"
    with pytest.raises(UnreadableFile, match="no such file"):
        parse_file(parsed.path)


def test_bytes_that_are_an_archive_are_opened() -> None:
    assert len(parse_bytes(hostile.zipped({"a.txt": FORM.encode(), "b.txt": FORM.encode()}), "a.zip")) == 2


CONVERTER = """#!/bin/sh
sleep 300 & echo $! > {0}/grandchild; echo $$ > {0}/child; wait
"""


def test_what_a_reader_has_started_ends_with_it_and_so_do_its_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A converter in a session of its own, with a child: the reading process is killed, they are left over."""
    (tmp_path / "bin").mkdir()
    converter = tmp_path / "bin" / "soffice"
    converter.write_text(CONVERTER.format(tmp_path))
    converter.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    pool = Pool()
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.extend(read(pool, b"{\\rtf1 text}", "a.rtf")))
    thread.start()
    assert eventually(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text() != "")
    left = [int((tmp_path / name).read_text()) for name in ("child", "grandchild")]
    (worker,) = workers_of(pool)
    assert list((tmp_path / "scratch").glob(f"*/{worker}/*"))
    os.kill(worker, signal.SIGSEGV)
    thread.join()
    assert "crashed" in results[0]
    assert not any(is_alive(pid) for pid in left)
    assert not list((tmp_path / "scratch").glob(f"*/{worker}"))
    pool.close()
    assert not list((tmp_path / "scratch").iterdir())
