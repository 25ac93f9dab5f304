from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from perfsearch.library import Library
from perfsearch.model import Filing, Source
from perfsearch.service.cli import cli

TEXT = "流动科技馆走进山区乡镇的中小学校，每站停留四天，夜间由学校派人值守展品，损坏件由厂家两周内更换。"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("library")
    filings = [
        Filing(id=name, source=Source(file=f"{name}.txt"), applicant=name, project_name=name, sections={"plan": TEXT})
        for name in ("甲", "乙")
    ]
    with Library.open(path) as library:
        library.add_filings(filings)
    return path


def test_duplicates_prints_json_and_writes_both_reports(folder: Path, tmp_path: Path) -> None:
    page, document = tmp_path / "r.html", tmp_path / "r.docx"
    result = CliRunner().invoke(
        cli, ["duplicates", "甲", "--library", str(folder), "--json", "--html", str(page), "--docx", str(document)]
    )
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["coverage"] == 1.0
    assert [match["source_filing_id"] for match in report["matches"]] == ["乙"]
    assert "查重报告" in page.read_text(encoding="utf-8")
    assert document.read_bytes()[:2] == b"PK"


def test_all_prints_the_clusters_of_the_library(folder: Path) -> None:
    result = CliRunner().invoke(cli, ["duplicates", "--all", "--library", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    [cluster] = json.loads(result.stdout)["clusters"]
    assert set(cluster["filings"]) == {"甲", "乙"}
    text = CliRunner().invoke(cli, ["duplicates", "--all", "--library", str(folder)])
    assert "全库查重" in text.stdout


@pytest.mark.parametrize("arguments", [[], ["甲", "--all"], ["--all", "--html", "x.html"]])
def test_wrong_usage_is_said_so(folder: Path, arguments: list[str]) -> None:
    from perfsearch.errors import UsageError

    result = CliRunner().invoke(cli, ["duplicates", "--library", str(folder), *arguments])
    assert isinstance(result.exception, UsageError)
