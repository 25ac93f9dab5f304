"""Files to filings: ids, what is derived, JSON lines, and inputs that can't be used."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from pathlib import Path

import pytest

from perfsearch.errors import NoFiling, UnreadableFile
from perfsearch.model import Filing, Source
from perfsearch.parsing import iter_inputs, parse_bytes, parse_file
from perfsearch.parsing.finishing import filing_id
from perfsearch.settings import Settings

FORM = """财政项目支出绩效目标表
（2020年度）
申报单位名称：上海市科普事业中心
项目名称： 基层科普服务 项目类别： 其他一次性项目
项目概况：
按照《中华人民共和国科学技术普及法》开展活动。
一级目标 二级目标 三级目标 指标目标值
产出目标 数量 活动场次 ≥16场
"""


def printed(name: str, year: int = 2020) -> str:
    return FORM.replace("基层科普服务", name).replace("2020", str(year))


def test_a_file_gives_filings_with_ids_citations_and_target_values(tmp_path: Path) -> None:
    path = tmp_path / "表.txt"
    path.write_text(FORM + printed("科普大院", 2021))
    first, second = parse_file(path)
    assert (first.source.file, first.source.index, first.source.path) == ("表.txt", 0, str(path.resolve()))
    assert (second.source.index, second.fiscal_year) == (1, 2021)
    assert first.id.startswith("2020-")
    assert second.id.startswith("2021-")
    (citation,) = first.citations
    assert first.sections[citation.section][citation.start : citation.end] == citation.text
    value = first.indicators[0].value
    assert value is not None
    assert (value.op, value.number, value.unit) == (">=", 16, "场")


def test_bytes_are_parsed_as_a_file_of_that_name_is() -> None:
    (filing,) = parse_bytes(FORM.encode("gb18030"), "upload.txt")
    assert filing.project_name == "基层科普服务"
    assert (filing.source.file, filing.source.path) == ("upload.txt", None)


def test_the_id_stays_when_widths_blanks_and_text_change() -> None:
    (a,) = parse_bytes(FORM.encode(), "a.txt")
    changed = FORM.replace("科普事业中心", "科普 事业中心").replace("开展活动", "开展各类活动")
    (b,) = parse_bytes(changed.encode(), "b.txt")
    assert a.id == b.id


def test_the_id_differs_by_year_applicant_and_project() -> None:
    ids = {
        parse_bytes(printed(name, year).encode(), "a.txt")[0].id
        for name in ("甲项目", "乙项目")
        for year in (2020, 2021)
    }
    assert len(ids) == 4


def test_the_same_key_again_in_one_file_gets_an_ordinal() -> None:
    first, second = parse_bytes((FORM + FORM).encode(), "a.txt")
    assert second.id == f"{first.id}-2"


def test_without_applicant_or_project_the_id_goes_by_the_place_in_the_file() -> None:
    sources = [Source(file="a.txt", index=0), Source(file="a.txt", index=1), Source(file="b.txt", index=0)]
    assert len({filing_id(Filing(source=source, project_name="甲")) for source in sources}) == 3


def test_what_is_exported_as_json_lines_is_read_back_the_same(tmp_path: Path) -> None:
    filings = parse_bytes((FORM + printed("科普大院")).encode(), "a.txt")
    path = tmp_path / "export.jsonl"
    path.write_text(
        "".join(json.dumps(filing.model_dump(mode="json"), ensure_ascii=False) + "\n" for filing in filings)
    )
    again = parse_file(path)
    assert [filing.model_dump(mode="json") for filing in again] == [
        filing.model_dump(mode="json") for filing in filings
    ]


def test_missing_keys_of_a_json_line_are_null_and_derived_ones_are_derived_again(tmp_path: Path) -> None:
    path = tmp_path / "bulk.jsonl"
    given = {
        "project_name": "甲",
        "sections": {"basis": "按照《预算法》执行", "plan": None},
        "indicators": [{"name": "场次", "target": "=3场"}],
        "citations": [{"wrong": 1}],
        "budget": None,
    }
    path.write_text(json.dumps(given) + "\n\n")
    (filing,) = parse_file(path)
    assert (filing.applicant, filing.fiscal_year, filing.budget.total) == (None, None, None)
    assert filing.source.file == "bulk.jsonl"
    assert filing.sections == {"basis": "按照《预算法》执行"}
    assert [citation.text for citation in filing.citations] == ["《预算法》"]
    assert filing.indicators[0].level1 == ""
    assert filing.indicators[0].value is not None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json}", "no JSON"),
        ("[1, 2]", "no JSON object"),
        ('{"project_name": "甲", "fiscal_year": "MMXX"}', "fiscal_year"),
        ('{"project_name": ["甲"]}', "project_name"),
        ('{"sections": 5, "project_name": "甲"}', ""),
        ('{"sections": {"plan": 5}}', "sections.plan"),
        ('{"source": "a.txt", "project_name": "甲"}', "source"),
        ('{"indicators": 7, "project_name": "甲"}', ""),
        ('{"project_name": "\\ud800"}', "half a character"),
        ("{}", "needs a project name"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_bad_json_line_is_one_rejection_that_names_the_line(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "bulk.jsonl"
    path.write_text('{"project_name": "甲"}\n' + line + '\n{"project_name": "乙"}\n')
    (parsed,) = iter_inputs([path])
    assert [filing.project_name for filing in parsed.filings] == ["甲", "乙"]
    (rejection,) = parsed.rejections
    assert rejection.path == str(path)
    assert rejection.reason.startswith("line 2: ")
    assert reason in rejection.reason


def test_folders_are_walked_in_order_and_every_bad_file_is_one_rejection(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.txt").write_text(FORM)
    (tmp_path / "b" / "good.txt").write_text(FORM)
    (tmp_path / "a-empty.txt").write_bytes(b"")
    (tmp_path / "b-junk.bin").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "c-other.txt").write_text("收入支出决算总表\n单位：万元\n")
    (tmp_path / "d-cut.txt").write_text(FORM[: FORM.index("一级目标")])
    (tmp_path / "e.txt").write_text(printed("第二个"))
    results = list(iter_inputs([tmp_path, tmp_path / "missing.txt", tmp_path / "e.txt"]))
    assert [(Path(r.path).name, len(r.filings), len(r.rejections)) for r in results] == [
        ("a-empty.txt", 0, 1),
        ("b-junk.bin", 0, 1),
        ("c-other.txt", 0, 1),
        ("d-cut.txt", 1, 0),
        ("e.txt", 1, 0),
        ("good.txt", 1, 0),
        ("missing.txt", 0, 1),
    ]
    reasons = {Path(r.path).name: r.rejections[0].reason for r in results if r.rejections}
    assert "empty" in reasons["a-empty.txt"]
    assert "binary" in reasons["b-junk.bin"]
    assert "known form" in reasons["c-other.txt"]
    assert reasons["missing.txt"] == "there is no such file"
    assert "truncated" in {warning.code for warning in results[3].filings[0].warnings}


def zipped(files: dict[str, bytes], names_in: str = "utf-8") -> bytes:
    """A ZIP; with `gbk` its names are written as Chinese Windows writes them, without the mark of UTF-8."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, name in enumerate(files):
            archive.writestr(f"{number:04d}" if names_in == "gbk" else name, files[name])
    data = out.getvalue()
    for number, name in enumerate(files if names_in == "gbk" else ()):
        raw = name.encode("gbk")
        assert len(raw) == 4
        data = data.replace(f"{number:04d}".encode(), raw)
    return data


def test_an_archive_is_read_file_by_file(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    inner = zipped({"in.txt": printed("里面").encode()})
    path.write_bytes(
        zipped(
            {
                "b/绩效.txt": FORM.encode("gb18030"),
                "a.txt": b"",
                "d.txt": printed("上面").encode(),
                "c.zip": inner,
                ".x": b"1",
            }
        )
    )
    results = list(iter_inputs([path]))
    assert [(Path(r.path).relative_to(path).as_posix(), len(r.filings), len(r.rejections)) for r in results] == [
        ("a.txt", 0, 1),
        ("b/绩效.txt", 1, 0),
        ("c.zip/in.txt", 1, 0),
        ("d.txt", 1, 0),
    ]
    assert [f.source.file for r in results for f in r.filings] == ["绩效.txt", "in.txt", "d.txt"]
    assert len(parse_file(path)) == 3
    assert list(tmp_path.iterdir()) == [path]


def test_names_in_gbk_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "win.zip"
    path.write_bytes(zipped({"绩效": FORM.encode()}, names_in="gbk"))
    (filing,) = parse_file(path)
    assert filing.source.file == "绩效"


def test_an_archive_beyond_a_limit_is_one_rejection(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped({"a.txt": b"0" * 50_000}))
    (parsed,) = iter_inputs([path], Settings(unpacked_bytes_max=10_000))
    assert "unpacked_bytes_max" in parsed.rejections[0].reason
    path.write_bytes(zipped({f"{n}.txt": b"0" for n in range(5)}))
    (parsed,) = iter_inputs([path], Settings(archive_files_max=4))
    assert "archive_files_max" in parsed.rejections[0].reason


def test_an_empty_folder_is_a_rejection(tmp_path: Path) -> None:
    (parsed,) = iter_inputs([tmp_path])
    assert "no files" in parsed.rejections[0].reason


def test_parse_file_says_why_in_its_error(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("收入支出决算总表\n")
    with pytest.raises(NoFiling, match=r"other\.txt: it holds no filing"):
        parse_file(tmp_path / "other.txt")
    with pytest.raises(UnreadableFile, match="folder"):
        parse_file(tmp_path)
    (tmp_path / "bad.jsonl").write_text("{\n")
    with pytest.raises(UnreadableFile, match="line 1"):
        parse_file(tmp_path / "bad.jsonl")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_and_a_folder_without_permission_are_rejections(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(FORM)
    (tmp_path / "secret.txt").chmod(0)
    (tmp_path / "closed").mkdir(mode=0)
    parsed = list(iter_inputs([tmp_path / "secret.txt", tmp_path / "closed"]))
    assert all("permission" in p.rejections[0].reason for p in parsed)


def test_fifty_megabytes_on_one_line_cost_one_rejection_and_no_time(tmp_path: Path) -> None:
    path = tmp_path / "line.txt"
    path.write_bytes("立项依据：".encode() * 3_400_000)
    started = time.perf_counter()
    (parsed,) = iter_inputs([path])
    assert time.perf_counter() - started < 2
    assert "line_length_max" in parsed.rejections[0].reason


def test_more_filings_than_the_limit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text(FORM * 4)
    (parsed,) = iter_inputs([path], Settings(filings_per_file_max=3))
    assert "more than 3 filings" in parsed.rejections[0].reason


@pytest.mark.real
def test_thirty_text_filings_a_second_are_parsed_whole(shared: Path) -> None:
    paths = sorted((shared / "filings").glob("*.txt"))
    for path in paths:
        parse_file(path)
    started = time.perf_counter()
    n_filings = sum(len(parse_file(path)) for path in paths)
    # 178 a second on an idle core; the bound leaves room for a busy machine.
    assert n_filings / (time.perf_counter() - started) > 30
