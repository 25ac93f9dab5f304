"""Writers are killed for good (SIGKILL) at random moments; see `tests/crashing.py` for what they do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from perfsearch.library import Library
from tests.indexes.samples import HashingEncoder, make_filing

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_fifty_killed_writers_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    seed = int(os.environ.get("PERFSEARCH_TEST_SEED", "7"))
    command = [sys.executable, "-m", "tests.crashing", str(tmp_path / "library"), "50", str(seed)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["problems"] == [], done.stderr
    assert report["kills"] == 50
    assert report["acknowledged"] > 50


def test_readers_go_on_while_a_writer_writes(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    with Library.open(tmp_path, encoder=encoder) as writer:
        writer.add_filings([make_filing(number) for number in range(50)])
        stop, failures, asked = threading.Event(), [], [0]

        def ask() -> None:
            try:
                with Library.open(tmp_path, encoder=encoder, readonly=True) as reader:
                    while not stop.is_set():
                        result = reader.search("科普 教育 基地", limit=20)
                        assert len(result.hits) > 0
                        reader.similar(make_filing(7, id="x"), limit=5)
                        asked[0] += 1
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 4
        number = 50
        while time.monotonic() < deadline or asked[0] < 10:
            writer.add_filings([make_filing(number), make_filing(number % 50, category=str(number))])
            writer.remove([make_filing(number - 50 if number < 60 else number).id])
            number += 1
            assert time.monotonic() < deadline + 60
        writer.rebuild()
        time.sleep(0.3)
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert writer.verify().problems == ()


def test_questions_are_asked_from_many_threads_of_one_library(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    with Library.open(tmp_path, encoder=encoder) as library:
        library.add_filings([make_filing(number) for number in range(60)])
        expected = [hit.filing_id for hit in library.search("科普 社区 养老").hits]
        found: list[list[str]] = []

        def ask() -> None:
            found.extend([hit.filing_id for hit in library.search("科普 社区 养老").hits] for _ in range(15))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        library.list()
        for thread in threads:
            thread.join()
        assert found == [expected] * 60


WRITER = """
import sys
from perfsearch.library import Library
from perfsearch.settings import Settings
from tests.indexes.samples import HashingEncoder, make_filing
first = int(sys.argv[2])
with Library.open(sys.argv[1], encoder=HashingEncoder(), settings=Settings(lock_wait_seconds=60)) as library:
    for number in range(first, first + 10):
        library.add_filings([make_filing(number)])
"""


def test_two_processes_that_write_take_turns(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    Library.open(tmp_path, encoder=encoder).close()
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(first)], cwd=REPOSITORY)
        for first in (0, 100)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    with Library.open(tmp_path, encoder=encoder) as library:
        assert library.count() == library.view().n_filings == 20
        assert library.verify().problems == ()
