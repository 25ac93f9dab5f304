"""Every command in the READMEs prints what they show."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.documentation.examples import DOCUMENTS, REPOSITORY, commands, comparable, run


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_of_a_readme_prints_what_it_shows(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    found = commands((REPOSITORY / name).read_text(encoding="utf-8"))
    assert len(found) >= 3, os.fspath(name)
    for arguments, printed in found:
        assert comparable(run(arguments, tmp_path)) == comparable(printed), arguments
