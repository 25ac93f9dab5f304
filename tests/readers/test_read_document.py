"""Files on the disk: what can't be read is said in one sentence that names the path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perfsearch.errors import UnreadableFile
from perfsearch.readers import read_document
from perfsearch.settings import Settings


def reason(path: Path, settings: Settings | None = None) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read_document(path, settings)
    assert caught.value.path == str(path)
    return caught.value.reason


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    assert reason(tmp_path / "no.txt") == "there is no such file"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "folder" in reason(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("甲")
    path.chmod(0)
    assert "permission" in reason(path)


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"x" * 2_000)
    assert "2,000 bytes" in reason(path, Settings(file_size_bytes_max=1_000))


def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert "regular file" in reason(path)


def test_a_name_that_no_file_can_have_is_no_crash() -> None:
    with pytest.raises(UnreadableFile):
        read_document("a\0b.txt")
