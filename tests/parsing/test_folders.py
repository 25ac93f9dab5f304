"""A folder is read whole: filings in it and below it, nothing that is no input."""

from __future__ import annotations

from pathlib import Path

from perfsearch.parsing import iter_inputs


def test_a_readme_beside_the_filings_is_passed_over_in_a_folder_but_read_when_named(
    tmp_path: Path, corpus: Path
) -> None:
    (tmp_path / "README.md").write_text("# Notes", encoding="utf-8")
    (tmp_path / "below").mkdir()
    filing = next(corpus.glob("*.txt"))
    (tmp_path / "below" / filing.name).write_bytes(filing.read_bytes())
    parsed = list(iter_inputs([tmp_path]))
    assert [item.path for item in parsed] == [str(tmp_path / "below" / filing.name)]
    assert next(iter(iter_inputs([tmp_path / "README.md"]))).rejections
