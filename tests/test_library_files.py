"""The library remembers its input files: what was read is passed over, what could not be read is kept in a list."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from perfsearch.errors import LibraryError
from perfsearch.indexes.ledger import FileProgress
from perfsearch.library import Library
from perfsearch.settings import Settings
from tests.indexes.samples import HashingEncoder
from tests.parsing import hostile
from tests.parsing.test_parsing import FORM, printed

ENCODER = HashingEncoder()
OLD_NS = 1_600_000_000_000_000_000


def opened(directory: Path, **settings: object) -> Library:
    return Library.open(directory, encoder=ENCODER, settings=Settings(**settings))  # type: ignore[arg-type]


def write(path: Path, text: str, mtime_ns: int = OLD_NS) -> Path:
    """A file of some age: one that has just been written may change within the same tick."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        write(tmp_path / "in" / f"{number}.txt", printed(f"第{number}个"))
    write(tmp_path / "in" / "other.txt", "收入支出决算总表\n")
    return tmp_path / "in"


def counts(report: object) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, len(report.rejected)  # type: ignore[attr-defined]


def test_a_file_of_the_same_size_and_time_is_not_read_again(folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "library") as library:
        first = library.add(folder)
        assert counts(first) == (4, 0, 0, 1)
        for path in folder.iterdir():
            write(path, "#" * (path.stat().st_size - 1) + "\n")  # only reading it would tell
        again = library.add(folder)
        assert counts(again) == (0, 0, 4, 1)
        assert again.filings == first.filings
        assert again.rejected == first.rejected


def test_a_file_that_was_touched_is_read_and_known_by_its_content(folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "library") as library:
        library.add(folder)
        for path in folder.iterdir():
            os.utime(path)
        assert counts(library.add(folder)) == (0, 0, 4, 1)
        write(folder / "2.txt", printed("第2个").replace("≥16场", "≥17场"), OLD_NS + 1)
        assert counts(library.add(folder)) == (0, 1, 3, 1)


def test_a_file_whose_filing_was_removed_is_read_again(folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "library") as library:
        removed = library.add(folder).filings[1]
        library.remove([removed])
        report = library.add(folder)
        assert counts(report) == (1, 0, 3, 1)
        assert report.filings[1] == removed


def test_all_files_are_read_again_where_that_is_asked_for(folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "library") as library:
        library.add(folder)
        write(folder / "0.txt", "#" * ((folder / "0.txt").stat().st_size - 1) + "\n")
        assert counts(library.add(folder, again=True)) == (0, 0, 3, 2)


def test_an_older_copy_in_a_folder_does_not_come_back_but_named_by_itself_it_does(tmp_path: Path) -> None:
    old = write(tmp_path / "in" / "a-old.txt", FORM)
    write(tmp_path / "in" / "b-new.txt", FORM.replace("≥16场", "≥18场"))
    with opened(tmp_path / "library") as library:
        (filing_id,) = set(library.add(tmp_path / "in").filings)
        assert counts(library.add(tmp_path / "in")) == (0, 0, 2, 0)
        assert library.get(filing_id).indicators[0].target == "≥18场"
        assert counts(library.add(old)) == (0, 1, 0, 0)
        assert library.get(filing_id).indicators[0].target == "≥16场"


def test_what_was_rejected_under_other_limits_is_read_again(tmp_path: Path) -> None:
    write(tmp_path / "in" / "many.txt", FORM * 4)
    with opened(tmp_path / "library", filings_per_file_max=3) as library:
        assert counts(library.add(tmp_path / "in")) == (0, 0, 0, 1)
    with opened(tmp_path / "library") as library:
        assert len(library.add(tmp_path / "in").filings) == 4
        assert library.rejected().total == 0


def test_an_archive_and_a_file_of_lines_are_known_again(tmp_path: Path) -> None:
    files = {"a.txt": FORM.encode(), "bad.txt": b"", "c.txt": printed("第三个").encode()}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.zip").write_bytes(hostile.zipped(files))
    write(tmp_path / "in" / "b.jsonl", "".join(f'{{"project_name": "{n}"}}\n' for n in range(150)) + "{\n")
    with opened(tmp_path / "library") as library:
        first = library.add(tmp_path / "in")
        assert counts(first) == (152, 0, 0, 2)
        again = library.add(tmp_path / "in")
        assert counts(again) == (0, 0, 152, 2)
        assert again.filings == first.filings
        assert sorted(map(str, again.rejected)) == sorted(map(str, first.rejected))
        assert {one.path for one in library.rejected().rejected} == {
            str(tmp_path / "in" / "a.zip" / "bad.txt"),
            str(tmp_path / "in" / "b.jsonl"),
        }


def test_progress_counts_files_filings_and_rejections(folder: Path, tmp_path: Path) -> None:
    seen: list[FileProgress] = []
    with opened(tmp_path / "library") as library:
        library.add(folder, on_file=seen.append)
    assert [one.files for one in seen] == sorted(one.files for one in seen)
    assert {one.files for one in seen} == {1, 2, 3, 4, 5}
    assert seen[-1] == FileProgress(5, 4, 1)


# -- the list of what could not be read


def test_the_list_names_file_reason_and_time_until_the_file_can_be_read(folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "library") as library:
        library.add(folder)
        (one,) = library.rejected().rejected
        assert one.path == str(folder / "other.txt")
        assert "known form" in one.reason
        assert one.at.endswith("Z")
        assert counts(library.retry_rejected()) == (0, 0, 0, 1)
        assert library.rejected().total == 1
        write(folder / "other.txt", printed("改好了"))
        assert counts(library.retry_rejected()) == (1, 0, 0, 0)
        assert library.rejected().total == 0


def test_a_file_that_is_gone_is_forgotten_by_the_next_try(folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "library") as library:
        library.add(folder)
        (folder / "other.txt").unlink()
        assert "no such file" in library.retry_rejected().rejected[0].reason
        assert library.rejected().total == 0


def test_a_path_that_never_was_is_rejected_and_not_kept(tmp_path: Path) -> None:
    with opened(tmp_path / "library") as library:
        assert library.add(tmp_path / "missing.txt").rejected
        assert library.rejected().total == 0


def test_the_list_can_be_narrowed_and_cleared(tmp_path: Path) -> None:
    for name in ("a/1.txt", "a/2.txt", "ab/3.txt"):
        write(tmp_path / "in" / name, "不是表\n")
    with opened(tmp_path / "library") as library:
        library.add(tmp_path / "in")
        below = str(tmp_path / "in" / "a")
        assert [Path(one.path).name for one in library.rejected(below=below).rejected] == ["1.txt", "2.txt"]
        assert library.rejected(limit=1, offset=1).total == 3
        assert len(library.rejected(limit=1, offset=1).rejected) == 1
        assert library.forget_rejected(below) == 2
        assert [Path(one.path).name for one in library.rejected().rejected] == ["3.txt"]
        assert library.add(tmp_path / "in").rejected[0].path.endswith("1.txt")  # forgotten, so read again


def test_of_a_file_of_bad_lines_the_list_keeps_so_many(tmp_path: Path) -> None:
    write(tmp_path / "bad.jsonl", "{\n" * 1_500)
    with opened(tmp_path / "library") as library:
        assert len(library.add(tmp_path / "bad.jsonl").rejected) == 1_500
        kept = library.rejected()
        assert kept.total == 1_001
        assert "500 more" in kept.rejected[-1].reason


def test_a_library_from_before_the_list_opens_is_asked_and_is_added_to(folder: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "library") as library:
        library.add(folder / "0.txt")
    with sqlite3.connect(tmp_path / "library" / "records.db") as records:
        records.execute("DROP TABLE files")
        records.execute("DROP TABLE rejected")
    records.close()
    with Library.open(tmp_path / "library", encoder=ENCODER, readonly=True) as library:
        assert library.rejected().total == 0
    with opened(tmp_path / "library") as library:
        assert library.forget_rejected() == 0
        assert counts(library.add(folder)) == (3, 0, 1, 1)
        assert library.rejected().total == 1


# -- broken off

ADD = textwrap.dedent(
    """
    import sys
    from perfsearch.library import Library
    from perfsearch.settings import Settings
    from tests.indexes.samples import HashingEncoder
    with Library.open(sys.argv[1], encoder=HashingEncoder(), settings=Settings(reading_workers=2)) as library:
        library.add(sys.argv[2], progress=lambda done, total: print(done, flush=True))
    """
)


def adding(library: Path, folder: Path, until: int) -> tuple[subprocess.Popen[str], int]:
    """An `add` in another process, when at least so many filings are safe."""
    process = subprocess.Popen(
        [sys.executable, "-c", ADD, str(library), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    done = 0
    while done < until:
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        done = int(line)
    return process, done


@pytest.fixture
def many(tmp_path: Path) -> Path:
    for number in range(600):
        write(tmp_path / "many" / f"{number:03d}.txt", printed(f"第{number}个"))
    return tmp_path / "many"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_add_that_was_killed_goes_on_where_it_stopped(many: Path, tmp_path: Path, number: signal.Signals) -> None:
    process, done = adding(tmp_path / "library", many, until=150)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == -number
    with opened(tmp_path / "library") as library:
        standing = library.count()
        assert done <= standing < 600
        report = library.add(many)
        assert counts(report) == (600 - standing, 0, standing, 0)
        assert len(set(report.filings)) == 600
        assert library.verify().ok


def test_ctrl_c_ends_at_once_and_leaves_a_whole_library(many: Path, tmp_path: Path) -> None:
    process, done = adding(tmp_path / "library", many, until=100)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert time.monotonic() - started < 10
    with opened(tmp_path / "library") as library:
        assert library.count() >= done
        assert library.verify().problems == ()
        assert library.add(many).added < 600 - done + 1
        assert library.count() == 600


FULL = textwrap.dedent(
    """
    import resource, sys
    from perfsearch.errors import LibraryError
    from perfsearch.library import Library
    from tests.indexes.samples import HashingEncoder
    with Library.open(sys.argv[1], encoder=HashingEncoder()) as library:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        try:
            library.add(sys.argv[2])
        except LibraryError as error:
            print(error)
    """
)


def test_an_add_that_met_a_full_disk_goes_on_when_there_is_room(many: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path / "library"), str(many)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "could not be written" in done.stdout, done.stderr
    with opened(tmp_path / "library") as library:
        report = library.add(many)
        assert report.added + report.unchanged == 600
        assert library.count() == 600
        assert library.verify().ok


def test_an_add_that_is_cancelled_while_a_file_is_read_stops(tmp_path: Path) -> None:
    (tmp_path / "slow.pdf").write_bytes(hostile.slow_pdf(3_000_000))

    def cancel(done: int, total: int | None) -> None:
        raise LibraryError("cancelled")

    started = time.monotonic()
    with opened(tmp_path / "library") as library:
        with pytest.raises(LibraryError, match="cancelled"):
            library.add(tmp_path / "slow.pdf", progress=cancel)
        assert time.monotonic() - started < 10
        assert library.count() == 0
