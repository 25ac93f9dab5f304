from __future__ import annotations

import logging
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from perfsearch.errors import LibraryDamaged, LibraryError, LibraryVersion, UnreadableFile
from perfsearch.indexes import restart
from perfsearch.indexes.keeper import RECORDS_FILE
from perfsearch.library import Library
from tests.indexes.samples import HashingEncoder, make_filing

ENCODER = HashingEncoder()
FORMS = [make_filing(number) for number in range(40)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("whole") / "library"
    with Library.open(directory, encoder=ENCODER) as library:
        library.add_filings(FORMS)
        library.remove([FORMS[3].id])
        library.add_filings([make_filing(4, category="改")])
    return directory


@pytest.fixture
def directory(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "library"))


def assert_whole(directory: Path, readonly: bool = False) -> None:
    with Library.open(directory, encoder=ENCODER, readonly=readonly) as library:
        view = library.view()
        assert library.count() == view.n_filings == len(FORMS) - 1
        for form in FORMS[10:40:10]:
            ids, _ = view.lexical.search(view.tokens(form.project_name or ""), 5)
            assert view.summaries(view.filing_of(ids))[0].id == form.id
            query = ENCODER.encode([f"{form.project_name}。{form.sections['overview']}"])[0]
            ids, _ = view.vectors.search(query, 1)
            assert view.summaries(view.filing_of(ids))[0].id == form.id
        assert library.verify().problems == ()


def index_files(directory: Path) -> Iterator[Path]:
    yield from sorted(path for path in directory.glob("indexes-*/**/*") if path.is_file() and path.stat().st_size)


def harm(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "short":
        path.write_bytes(content[: len(content) * 2 // 3])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        rng = random.Random(1)
        middle = len(content) // 3
        junk = bytes(rng.randrange(256) for _ in range(min(64, len(content) - middle)))
        path.write_bytes(content[:middle] + junk + content[middle + len(junk) :])


@pytest.mark.parametrize("how", ["missing", "short", "empty", "garbled"])
def test_any_damaged_index_file_is_found_and_made_again(directory: Path, tmp_path: Path, how: str) -> None:
    names = [path.relative_to(directory) for path in index_files(directory)]
    assert len(names) > 20
    for name in random.Random(how).sample(names, 8):
        copy = Path(shutil.copytree(directory, tmp_path / "copy"))
        harm(copy / name, how)
        with Library.open(copy, encoder=ENCODER) as library:
            library.verify()
        assert_whole(copy)
        shutil.rmtree(copy)


@pytest.mark.parametrize("folder", ["indexes-0", "indexes-0/lexical", "indexes-0/vectors", "indexes-0/catalog"])
@pytest.mark.parametrize("readonly", [False, True])
def test_an_index_that_is_gone_is_made_again_at_opening(directory: Path, folder: str, readonly: bool) -> None:
    shutil.rmtree(directory / folder)
    assert_whole(directory, readonly)


def test_a_damaged_index_is_warned_of(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    harm(directory / "indexes-0" / "vectors" / "codes.0.bin", "short")
    with caplog.at_level(logging.WARNING, "perfsearch"), Library.open(directory, encoder=ENCODER):
        pass
    assert "codes.0.bin" in caplog.text
    assert "making this index again from the records" in caplog.text


def test_verify_says_what_was_damaged_and_that_it_is_mended(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perfsearch.indexes.arrays.CHECKED_AT_OPEN_BYTES", 0)
    harm(directory / "indexes-0" / "vectors" / "codes.0.bin", "garbled")
    with Library.open(directory, encoder=ENCODER) as library:
        report = library.verify()
        assert len(report.problems) == 1
        assert "codes.0.bin" in report.problems[0]
        assert "made again from the records" in report.repaired[0]
        assert report.ok
    assert_whole(directory)


def test_a_question_that_meets_a_garbled_index_is_answered_after_mending(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perfsearch.indexes.arrays.CHECKED_AT_OPEN_BYTES", 0)
    with Library.open(directory, encoder=ENCODER) as library:
        lexical = type(library.view().lexical)
        real, calls = lexical.search, []

        def failing(self: object, *arguments: object) -> object:
            calls.append(1)
            if len(calls) <= 2:
                raise LibraryDamaged("its lists are garbled")
            return real(self, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(lexical, "search", failing)
        harm(next((directory / "indexes-0" / "lexical").glob("near.*.bin")), "garbled")
        assert library.search("科普").total >= 0
        monkeypatch.undo()
    assert_whole(directory)


def test_after_a_restart_of_the_machine_the_indexes_are_checked_once(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perfsearch.indexes.arrays.CHECKED_AT_OPEN_BYTES", 0)
    monkeypatch.setattr(restart, "boot_id", lambda: "another boot")
    harm(directory / "indexes-0" / "vectors" / "codes.0.bin", "garbled")  # as a power cut may leave it
    with Library.open(directory, encoder=ENCODER, readonly=True):
        pass
    assert restart.checked_in_this_boot(directory)
    assert_whole(directory)


@pytest.mark.parametrize("content", [b"", b"garbage " * 5_000, None], ids=["empty", "garbage", "holes"])
def test_damaged_records_are_a_clear_error(directory: Path, content: bytes | None) -> None:
    path = directory / RECORDS_FILE
    if content is None:
        raw = path.read_bytes()
        content = raw[:100] + bytes(len(raw) - 100)
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    path.write_bytes(content)
    with pytest.raises(LibraryDamaged, match=r"records\.db.*(restore a backup|perfsearch restore)"):
        Library.open(directory, encoder=ENCODER, create=False)
    assert not content or path.read_bytes() == content  # nothing was written over what may be saved


def test_missing_records_are_said_and_restored(directory: Path, tmp_path: Path) -> None:
    with Library.open(directory, encoder=ENCODER) as library:
        library.backup(tmp_path / "backup")
    (directory / RECORDS_FILE).unlink()
    with pytest.raises(LibraryDamaged, match=r"records\.db.*missing.*perfsearch restore"):
        Library.open(directory, encoder=ENCODER)
    Library.restore(tmp_path / "backup", directory, encoder=ENCODER).close()
    assert_whole(directory)


def test_a_damaged_page_of_the_records_is_found_by_verify(directory: Path) -> None:
    path = directory / RECORDS_FILE
    with Library.open(directory, encoder=ENCODER) as library:
        body = library.get(FORMS[20].id)
        assert body
    raw = bytearray(path.read_bytes())
    for place in range(16_384 * 3, len(raw), 16_384):
        raw[place + 2_000 : place + 9_000] = bytes(7_000)
    path.write_bytes(raw)
    try:
        with Library.open(directory, encoder=ENCODER) as library:
            found = library.verify().problems
    except LibraryDamaged as error:  # where the page is one that opening needs
        found = (str(error),)
    assert found


def test_a_library_whose_making_was_cut_short_is_made(tmp_path: Path) -> None:
    (tmp_path / RECORDS_FILE).touch()
    with Library.open(tmp_path, encoder=ENCODER) as library:
        assert library.add_filings(FORMS[:2]).added == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no backup"),
        (b"hello", "no backup"),
        (None, "No such file"),
        (b"SQLite format 3\x00" + b"x" * 99, "backup"),
    ],
)
def test_what_is_no_backup_is_said_and_leaves_no_library(tmp_path: Path, content: bytes | None, reason: str) -> None:
    file = tmp_path / "backup"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UnreadableFile, match=reason):
        Library.restore(file, tmp_path / "library", encoder=ENCODER)
    assert not (tmp_path / "library" / RECORDS_FILE).exists()


def test_a_damaged_or_newer_backup_is_refused(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with Library.open(directory, encoder=ENCODER) as library:
        library.backup(file)
        with library.view().store.write() as writing:
            writing.set_fact("schema", "999")
        library.backup(tmp_path / "newer")
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 20_000] = bytes(20_000)
    file.write_bytes(raw)
    with pytest.raises((UnreadableFile, LibraryDamaged)):
        Library.restore(file, tmp_path / "restored", encoder=ENCODER)
    with pytest.raises(LibraryVersion):
        Library.restore(tmp_path / "newer", tmp_path / "restored", encoder=ENCODER)
    assert not (tmp_path / "restored" / RECORDS_FILE).exists()


FILL = textwrap.dedent(
    """
    import resource, sys
    from pathlib import Path
    from perfsearch.errors import LibraryError
    from perfsearch.library import Library
    from tests.indexes.samples import HashingEncoder, make_filing
    with Library.open(Path(sys.argv[1]), encoder=HashingEncoder()) as library:
        limit = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        for number in range(100, 2_000):
            try:
                library.add_filings([make_filing(number)])
            except LibraryError as error:
                print("error", error, flush=True)
                break
            print("added", make_filing(number).id, flush=True)
    """
)


@pytest.mark.parametrize("room", [60_000, 400_000, 2_000_000])
def test_a_full_disk_is_a_clear_error_and_loses_nothing_acknowledged(directory: Path, room: int) -> None:
    """No file may grow beyond a size: the records, or an index, meet it first, as on a full disk."""
    largest = max(path.stat().st_size for path in index_files(directory))
    limit = max(largest, 20_000) + room if room < 2_000_000 else room
    command = [sys.executable, "-c", FILL, str(directory), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert lines, done.stderr
    assert lines[-1][0] == "error", done.stderr
    assert "could not be written" in lines[-1][1]
    acknowledged = [line[1] for line in lines if line[0] == "added"]
    with Library.open(directory, encoder=ENCODER) as library:
        standing = {summary.id for summary in library.list()}
        assert set(acknowledged) <= standing
        assert {form.id for form in FORMS} - {FORMS[3].id} <= standing
        assert library.verify().problems == ()
        assert library.view().n_filings == len(standing)
        library.add_filings([make_filing(5_000)])


def test_a_library_that_can_t_be_written_is_read(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
    # Said so of every directory, because the user who runs the tests may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode, **_: mode != os.W_OK)
    with Library.open(directory, encoder=ENCODER, readonly=True) as library:
        assert library.search("科普").total > 0
        assert library.verify().problems == ()
        assert library.get(FORMS[5].id) == FORMS[5]
    assert {path: path.stat().st_mtime_ns for path in directory.rglob("*")} == before


def test_a_library_without_permission_says_so(directory: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with Library.open(directory, encoder=ENCODER) as library:
            assert library.search("科普").total > 0
            with pytest.raises(LibraryError, match="check its permissions"):
                library.add_filings([make_filing(999)])
    finally:
        for path in (directory, *directory.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_the_disk_limit_signal_does_not_end_the_process() -> None:
    # What the tests above rest on: Python ignores SIGXFSZ, so that a write beyond the limit is an error.
    assert signal.getsignal(signal.SIGXFSZ) in (signal.SIG_IGN, None)
    assert resource.RLIMIT_FSIZE is not None
