from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfsearch.errors import LibraryDamaged
from perfsearch.indexes.arrays import MANIFEST, ArrayLog, Column, write_atomically

COLUMNS = {"numbers": Column(np.int32), "rows": Column(np.float32, 3)}


def opened(path: Path, identity: str = "test-1") -> ArrayLog:
    return ArrayLog(path, COLUMNS, identity)


def filled(path: Path) -> ArrayLog:
    log = opened(path)
    log.append("numbers", np.arange(10))
    log.append("rows", np.ones((4, 3)))
    log.publish(7, note="seven")
    return log


def test_what_was_published_is_there_when_opened_again(tmp_path: Path) -> None:
    filled(tmp_path)
    log = opened(tmp_path)
    assert log["numbers"].tolist() == list(range(10))
    assert log["rows"].shape == (4, 3)
    assert (log.seq, log.extra) == (7, {"note": "seven"})
    log.verify()


def test_nobody_sees_what_was_not_published(tmp_path: Path) -> None:
    log = filled(tmp_path)
    log.append("numbers", np.arange(5))
    assert log.rows("numbers") == 10
    assert log.pending_rows("numbers") == 5
    assert opened(tmp_path).rows("numbers") == 10
    log.discard()
    log.publish(8)
    assert opened(tmp_path).rows("numbers") == 10


def test_bytes_behind_the_published_ones_do_not_count_and_are_written_over(tmp_path: Path) -> None:
    filled(tmp_path)
    with open(tmp_path / "numbers.0.bin", "ab") as file:  # what a crash between append and publish leaves
        file.write(b"torn" * 9)
    log = opened(tmp_path)
    assert log["numbers"].tolist() == list(range(10))
    log.append("numbers", np.asarray([77]))
    log.publish(8)
    again = opened(tmp_path)
    assert again["numbers"].tolist() == [*range(10), 77]
    again.verify()


def test_a_reader_keeps_what_it_mapped_until_it_is_renewed(tmp_path: Path) -> None:
    writer = filled(tmp_path)
    reader = opened(tmp_path)
    writer.append("numbers", np.asarray([10]))
    writer.publish(8)
    assert reader.rows("numbers") == 10
    renewed = reader.renewed()
    assert renewed is not reader
    assert renewed["numbers"].tolist() == list(range(11))
    assert renewed.renewed() is renewed
    assert reader.rows("numbers") == 10


def test_a_new_generation_replaces_the_files_under_a_reader(tmp_path: Path) -> None:
    writer = filled(tmp_path)
    reader = opened(tmp_path)
    writer.replace({"numbers": np.asarray([1, 2]), "rows": np.zeros((0, 3))}, 9)
    assert reader["numbers"].tolist() == list(range(10))
    assert reader.renewed()["numbers"].tolist() == [1, 2]
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST, "numbers.1.bin", "rows.1.bin"]


def test_clearing_leaves_empty_columns_that_have_read_nothing(tmp_path: Path) -> None:
    log = filled(tmp_path)
    log.clear()
    assert opened(tmp_path).rows("numbers") == 0
    assert opened(tmp_path).seq == 0


@pytest.mark.parametrize("name", ["numbers.0.bin", "rows.0.bin", MANIFEST])
@pytest.mark.parametrize("harm", ["missing", "short", "garbled", "empty"])
def test_damage_is_found_at_opening(tmp_path: Path, name: str, harm: str) -> None:
    filled(tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    if harm == "missing":
        path.unlink()
        if name == MANIFEST:  # without it the columns are empty, have read nothing, and are caught up with
            assert opened(tmp_path).seq == 0
            return
    elif harm == "short":
        path.write_bytes(content[:-5])
    elif harm == "empty":
        path.write_bytes(b"")
    else:
        path.write_bytes(content[:8] + b"\xff\x00\xff" + content[11:])
    with pytest.raises(LibraryDamaged, match=str(tmp_path)):
        opened(tmp_path)


def test_columns_of_another_identity_are_not_taken_for_ours(tmp_path: Path) -> None:
    filled(tmp_path)
    with pytest.raises(LibraryDamaged, match="made with test-1, not with test-2"):
        opened(tmp_path, "test-2")


def test_a_manifest_of_other_columns_is_damage(tmp_path: Path) -> None:
    filled(tmp_path)
    with pytest.raises(LibraryDamaged, match="columns"):
        ArrayLog(tmp_path, {"numbers": Column(np.int32)}, "test-1")


def test_a_large_file_is_checked_by_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perfsearch.indexes.arrays.CHECKED_AT_OPEN_BYTES", 16)
    filled(tmp_path)
    path = tmp_path / "numbers.0.bin"
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    log = opened(tmp_path)
    with pytest.raises(LibraryDamaged, match="checksum"):
        log.verify()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    write_atomically(target, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@given(st.lists(st.lists(st.integers(-5, 5), max_size=5), max_size=6))
@settings(max_examples=25, deadline=None)
def test_any_order_of_appends_reads_back_in_order(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[int]]
) -> None:
    path = tmp_path_factory.mktemp("log")
    log = opened(path)
    for seq, part in enumerate(parts, 1):
        log.append("numbers", np.asarray(part, dtype=np.int32))
        log.publish(seq)
    expected = [number for part in parts for number in part]
    again = opened(path)
    assert again["numbers"].tolist() == log["numbers"].tolist() == expected
    again.verify()


def test_the_manifest_is_json_that_people_can_read(tmp_path: Path) -> None:
    filled(tmp_path)
    body = json.loads(json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))["body"])
    assert body["rows"] == {"numbers": 10, "rows": 4}
