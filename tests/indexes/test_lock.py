from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from perfsearch.errors import LibraryError, LibraryLocked
from perfsearch.indexes.lock import write_lock

HOLD = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from perfsearch.indexes.lock import write_lock
    with write_lock(Path(sys.argv[1]), 0):
        print("held", flush=True)
        time.sleep(float(sys.argv[2]))
    """
)


def holder(directory: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(directory), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_waits_and_then_says_who_holds_the_lock(tmp_path: Path) -> None:
    with holder(tmp_path, 30) as process:
        started = time.monotonic()
        with pytest.raises(LibraryLocked) as caught, write_lock(tmp_path, 0.3):
            pass
        assert 0.3 <= time.monotonic() - started < 5
        assert f"process {process.pid} on " in str(caught.value)
        assert "waited 0.3 s" in str(caught.value)
        process.kill()


def test_a_second_writer_has_its_turn_when_the_first_is_done(tmp_path: Path) -> None:
    with holder(tmp_path, 0.3), write_lock(tmp_path, 20):
        pass


def test_a_dead_holder_blocks_nobody(tmp_path: Path) -> None:
    with holder(tmp_path, 60) as process:
        process.kill()
    with write_lock(tmp_path, 0):
        pass


def test_the_lock_is_let_go_of_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), write_lock(tmp_path, 0):
        raise ValueError("inside")
    with write_lock(tmp_path, 0):
        pass


def test_two_turns_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    with write_lock(tmp_path, 0), pytest.raises(LibraryLocked), write_lock(tmp_path, 0):
        pass


def test_a_lock_file_of_nonsense_still_locks(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("{nonsense", encoding="utf-8")
    with write_lock(tmp_path, 0):
        pass


def test_a_directory_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="check its permissions"), write_lock(tmp_path / "absent", 0):
        pass
