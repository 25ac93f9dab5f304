"""The commands indicators, diff, review and rules answer people and programs."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from perfsearch.service.cli import main


class Run:
    """What one call printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The one JSON value on stdout."""
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], sample_directory: Path) -> Any:
    def call(*arguments: object, library: Path | None = sample_directory) -> Run:
        given = [str(argument) for argument in arguments]
        with pytest.raises(SystemExit) as exit_:
            main(["--library", str(library), *given])
        captured = capsys.readouterr()
        return Run(int(exit_.value.code or 0), captured.out, captured.err)

    return call


def test_indicators_as_json_have_the_public_shape(run: Any) -> None:
    answer = run("indicators", "满意度", "--json").json
    first = answer["indicators"][0]
    assert {"name", "level1", "level2", "filings", "targets", "examples"} <= set(first)
    assert {"target", "filings"} == set(first["targets"][0])
    assert {"indicators", "filings", "size"} <= set(answer["sets"][0])
    assert "群众满意度" in run("indicators", "满意度").out


def test_indicators_like_a_draft_are_recommended(run: Any, corpus: Path) -> None:
    draft = corpus / "linjiang-shuiwu-heliuyanghu-2025.txt"
    answer = run("indicators", "--like", draft, "--json").json
    assert answer["recommended"][0]["indicators"][0]["precedents"]
    assert answer["indicators"]
    assert "支持度" in run("indicators", "--like", draft).out
    assert run("indicators", "满意度", "--like", draft).code == 2


def test_two_filings_are_compared_and_one_project_is_followed(run: Any, corpus: Path) -> None:
    a, b = corpus / "linjiang-hedao-yanghu-2021.txt", corpus / "linjiang-shuiwu-heliuyanghu-2025.txt"
    answer = run("diff", a, b, "--json").json
    assert answer["counts"]["target"] == 5
    assert "指标值不同" in run("diff", a, b).out
    assert len(run("diff", b, "--json").json["years"]) == 5
    assert "=118.4 → =124.0" in run("diff", b).out
    assert run("diff", "no-such", b).code == 2


def test_a_review_is_one_json_value_with_findings(run: Any, corpus: Path) -> None:
    answer = run("review", corpus / "kexie-jiceng-kepu-2020.txt", "--json").json
    (finding,) = [f for f in answer["findings"] if f["code"] == "table.malformed-target"]
    assert finding["severity"] == "error"
    assert finding["evidence"][0]["row"] == 15
    assert "=025%" in finding["evidence"][0]["text"]
    assert finding["settle"]
    assert finding["source"]
    outcomes = {outcome["outcome"] for outcome in answer["reviews"][0]["outcomes"]}
    assert {"finding", "clear", "not_applicable", "insufficient_data"} >= outcomes


def test_a_review_is_written_as_page_document_and_table(run: Any, corpus: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("r.html", "r.docx", "r.csv")]
    done = run(
        "review", corpus / "kexie-bangongfei-2018.txt", "--html", files[0], "--docx", files[1], "--csv", files[2]
    )
    assert done.code == 0
    assert files[0].read_text(encoding="utf-8").startswith("<!doctype html>")
    assert files[1].read_bytes()[:2] == b"PK"
    with files[2].open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) > 5
    refused = run("review", corpus / "kexie-bangongfei-2018.txt", "--html", tmp_path / "no" / "r.html")
    assert refused.code == 2


def test_a_folder_is_reviewed_with_a_summary_first_and_bad_files_are_named(
    run: Any, corpus: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "drafts"
    folder.mkdir()
    for name in ("kexie-bangongfei-2018.txt", "danganguan-shuzihua-2020-2022.txt"):
        (folder / name).write_bytes((corpus / name).read_bytes())
    (folder / "junk.pdf").write_bytes(b"%PDF-1.4 nothing")
    done = run("review", folder)
    assert done.code == 1
    assert done.out.splitlines()[0].startswith("错误 存疑 提示")
    assert "共 4 份" in done.out
    assert "junk.pdf" in done.err
    answer = run("review", folder, "--json").json
    assert [row["filings"] for row in answer["summary"]] == [3, 1]
    assert len(answer["reports"]) == 2


def test_a_draft_is_reviewed_without_a_library_by_the_rules_that_need_none(
    run: Any, corpus: Path, tmp_path: Path
) -> None:
    done = run("review", corpus / "kexie-bangongfei-2018.txt", library=tmp_path / "none")
    assert done.code == 0
    assert "form.blank-section" in done.out
    assert "没有库" in done.err
    assert not (tmp_path / "none").exists()


def test_rules_are_listed_and_can_be_switched_off_by_the_environment(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = run("rules", "--json").json
    assert all(rule["source"] and rule["enabled"] for rule in listed)
    monkeypatch.setenv("PERFSEARCH_RULES_OFF", "form.dates-order,copy")
    off = {rule["code"] for rule in run("rules", "--json").json if not rule["enabled"]}
    assert "form.dates-order" in off
    assert "copy.within" in off
    monkeypatch.setenv("PERFSEARCH_RULES_OFF", "no-such-rule")
    assert run("rules").code == 2
