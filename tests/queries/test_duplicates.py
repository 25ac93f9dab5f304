from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import planted_copies
from benchmarks.duplicates import found_in
from perfsearch.errors import UsageError
from perfsearch.library import Library
from perfsearch.model import Budget, Citation, DuplicateReport, Filing, Source
from perfsearch.queries.duplicates_clusters import SAMPLE_SLICES, SLICES, clusters

BUS = (
    "流动科技馆由五十件可拆装展品和移动球幕影院组成，走进山区乡镇的中小学校。每站停留四天，夜间由学校派人值守展品，"
    "损坏件由厂家两周内更换。辅导员分批到校，带学生动手做实验。"
)
RIVER = (
    "河道保洁实行网格化包干，四十二条村级河道划成十一个标段，每个标段配保洁船两艘。汛期前集中打捞水葫芦，"
    "打捞物运至指定堆场沥干后焚烧。第三方每月暗访两次，扣分与当季付款挂钩。"
)
LIFT = (
    "老旧小区加装电梯由居民自行协商出资比例，街道提供一站式代办，管线迁改费用由权属单位承担七成，竣工后移交物业维保。"
)
STOCK = "项目资金实行专账核算、专款专用，接受财政和审计部门的监督检查，年终报送绩效自评材料和佐证清单。"


def _filing(number: int, applicant: str, year: int, project: str, **sections: str) -> Filing:
    return Filing(
        id=f"f{number}", source=Source(file=f"{number}.txt"), form="shanghai-2020", fiscal_year=year, applicant=applicant,
        project_name=project, budget=Budget(total=500_000 + number), sections=sections,
    )  # fmt: skip


FILINGS = [
    _filing(
        1,
        "云江市科学技术协会",
        2020,
        "流动科技馆",
        overview=BUS,
        plan=STOCK,
        goals="2020年度计划巡展十二站，覆盖偏远村小四十所。" + BUS,
    ),
    _filing(
        2,
        "云江市科学技术协会",
        2021,
        "流动科技馆",
        overview=BUS,
        plan=STOCK,
        goals="2020年度计划巡展十二站，覆盖偏远村小四十所。" + RIVER,
    ),
    _filing(3, "望海市水务局", 2022, "河道保洁", overview=RIVER, plan=STOCK),
    _filing(4, "临川市住房局", 2022, "电梯加装", overview=LIFT, plan=STOCK),
    _filing(5, "青岭市民政局", 2022, "孤老送餐", overview="孤老午餐由社区食堂配送，餐食留样四十八小时。", plan=STOCK),
    _filing(6, "白沙市档案馆", 2022, "档案修裱", overview="民国档案纸张酸化，按件脱酸修裱后恒温入库。", plan=STOCK),
    _filing(7, "平湖市体育局", 2022, "健身苑点", overview="更换塑胶地垫与健身器材，投保公众责任险。", plan=STOCK),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(tmp_path_factory.mktemp("library")) as opened:
        opened.add_filings(FILINGS)
        yield opened


def _ask(library: Library, filing: str | Filing, **options: Any) -> DuplicateReport:
    return library.duplicates(filing, paraphrase=False, **options)


def test_the_json_is_that_of_the_contract(library: Library) -> None:
    report = _ask(library, "f3").model_dump(mode="json")
    json.dumps(report)
    assert {"filing_id", "coverage", "matches"} <= report.keys()
    assert {
        "section", "start", "end", "source_filing_id", "source", "source_section", "source_start", "source_end",
        "similarity", "kind", "within_filing", "boilerplate",
    } <= report["matches"][0].keys()  # fmt: skip


def test_a_passage_of_another_unit_and_its_source_are_found(library: Library) -> None:
    [match] = [m for m in _ask(library, "f3").matches if m.section == "overview"]
    assert (match.source_filing_id, match.source_section, match.kind) == ("f2", "goals", "verbatim")
    assert (match.start, match.end) == (0, len(RIVER))
    assert match.text == match.source_text == RIVER
    assert match.category == "other_unit"
    assert match.first == "source"
    assert match.source_fiscal_year == 2021


def test_the_filings_own_repeat_and_its_earlier_year_are_kept_apart(library: Library) -> None:
    report = _ask(library, "f1")
    within = {(m.section, m.source_section) for m in report.matches if m.within_filing}
    assert within == {("overview", "goals"), ("goals", "overview")}
    assert {m.category for m in report.matches if m.section == "overview"} == {"within", "own_project"}
    report = _ask(library, "f2")
    [source] = [s for s in report.sources if s.filing_id == "f1"]
    assert source.relation == "own_project"
    assert source.first == "source"


def test_a_sentence_of_many_applicants_is_boilerplate_and_listed_a_few_times(library: Library) -> None:
    matches = [m for m in _ask(library, "f3").matches if m.section == "plan"]
    assert {m.category for m in matches} == {"boilerplate"}
    assert all(m.boilerplate for m in matches)
    assert len(matches) == 3
    assert matches[0].n_more_filings == 3


FILLED_IN = (
    "设备完好率不低于{}%，报修后{}分钟内到场，全年开展{}次安全检查，{}满意度达到{}%以上，档案按季归集，"
    "发现隐患当日整改，整改结果由{}复核后存入台账。"
)


def test_a_sentence_that_every_applicant_fills_in_is_boilerplate_and_the_one_that_was_copied_is_not(
    tmp_path: Path,
) -> None:
    texts = [
        FILLED_IN.format(60 + 3 * n, 5 + n, 11 * n + 2, who, 71 + 2 * n, f"{who}第{n + 3}小组")
        for n, who in enumerate(("职工", "居民", "学生", "读者", "旅客", "菜农", "商户", "船民"))
    ]
    filings = [_filing(20 + n, f"第{n}区房管局", 2022, f"维修{n}", overview=text) for n, text in enumerate(texts)]
    other = FILLED_IN.format(99, 27, 45, "牧民", 58, "牧区工作站")
    with Library.open(tmp_path) as library:
        library.add_filings(filings)
        draft = _filing(40, "海岛区教育局", 2023, "校舍", overview=other)
        matches = _ask(library, draft.model_copy(update={"id": ""})).matches
        assert matches
        assert all(m.boilerplate for m in matches)
        draft = _filing(40, "海岛区教育局", 2023, "校舍", overview=texts[3])
        matches = _ask(library, draft.model_copy(update={"id": ""})).matches
        assert {m.source_filing_id for m in matches if not m.boilerplate} == {"f23"}


def test_a_stock_sentence_beside_a_copied_passage_came_along_with_it(tmp_path: Path) -> None:
    copied = LIFT + STOCK
    filings = [*FILINGS, _filing(8, "南屿市住房局", 2022, "加装", overview=copied)]
    with Library.open(tmp_path) as library:
        library.add_filings(filings)
        draft = _filing(0, "西泽市建设局", 2023, "电梯", overview=LIFT + "另有两部在建。" * 3 + STOCK)
        report = _ask(library, draft.model_copy(update={"id": ""}))
        own = [m for m in report.matches if m.source_filing_id == "f8"]
        assert own
        assert not any(m.boilerplate for m in own)
        assert all(m.boilerplate for m in report.matches if m.text == STOCK and m.source_filing_id != "f8")


def test_citations_of_another_version_of_the_text_hide_no_copy(library: Library) -> None:
    stale = Citation(section="overview", start=0, end=len(RIVER), text="《旧文件》", title="旧文件", kind="policy")
    draft = _filing(0, "东岭市水务局", 2023, "保洁", overview=RIVER).model_copy(
        update={"id": "", "citations": (stale,)}
    )
    assert not any(m.boilerplate for m in _ask(library, draft).matches)


def test_what_was_copied_and_not_updated_is_named(library: Library) -> None:
    [stale] = [s for s in _ask(library, "f2").copied_not_updated if s.what == "year"]
    assert (stale.text, stale.expected, stale.section, stale.certainty) == ("2020", "2021", "goals", "sure")
    assert stale.source_filing_id == "f1"
    assert _ask(library, "f1").copied_not_updated == ()  # the older of the two


def test_the_headline_figures_are_those_counted_by_hand(library: Library) -> None:
    rates = _ask(library, "f3").rates
    letters = sum(map(str.isalnum, RIVER)), sum(map(str.isalnum, STOCK))
    assert rates.characters == rates.duplicated == sum(letters)
    assert rates.total == 1.0
    assert rates.without_own_unit == 1.0
    assert rates.boilerplate == pytest.approx(letters[1] / sum(letters))
    assert rates.other_unit == pytest.approx(letters[0] / sum(letters))
    assert rates.largest_source == 1.0
    assert rates.largest_source_id == "f2"
    assert _ask(library, "f4").rates.other_unit == 0.0


def test_an_identical_draft_is_shared_to_100_percent(library: Library) -> None:
    draft = FILINGS[3].model_copy(update={"id": "", "sections": {**FILINGS[3].sections, "basis": "按车改规定"}})
    report = _ask(library, draft)
    assert report.coverage == 1.0
    assert report.rates.largest_source == 1.0
    assert report.rates.largest_source_id == "f4"


def test_passages_below_the_asked_length_are_left_out(library: Library) -> None:
    assert all(m.end - m.start >= 60 for m in _ask(library, "f3", min_length=60).matches)
    with pytest.raises(UsageError, match="min_length"):
        _ask(library, "f3", min_length=1)


@pytest.mark.parametrize("text", ["", "。", "——————————————————————", "哈" * 500, "按规定执行", "0" * 100])
def test_a_filing_of_almost_nothing_has_an_answer(library: Library, text: str) -> None:
    report = _ask(library, Filing(source=Source(file="x"), sections={"plan": text, "goals": text}))
    assert report.coverage == 0.0
    assert report.matches == ()
    assert report.message


def test_removed_filings_are_no_sources_any_more(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        library.add_filings(FILINGS)
        library.remove(["f2"])
        assert {m.source_filing_id for m in _ask(library, "f3").matches if m.section == "overview"} == set()


def test_clusters_are_the_same_after_a_pass_that_was_broken_off(library: Library, tmp_path: Path) -> None:
    whole = clusters(library.view(), 0.3)
    assert [set(cluster.filings) for cluster in whole.clusters] == [{"f1", "f2", "f3"}]
    assert sum(count for _, _, count in whole.histogram) >= whole.n_pairs
    checkpoint = tmp_path / "partial.npz"

    def stop(done: int, total: int) -> None:
        assert total == SLICES
        if done == SAMPLE_SLICES + 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clusters(library.view(), 0.3, checkpoint=checkpoint, progress=stop)
    steps: list[int] = []
    resumed = clusters(library.view(), 0.3, checkpoint=checkpoint, progress=lambda done, _: steps.append(done))
    assert steps[0] == SAMPLE_SLICES + 4
    assert resumed.clusters == whole.clusters
    assert not checkpoint.exists()


def test_planted_copies_of_the_sample_filings_are_found(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in Path("tests/data/corpus_gold.jsonl").read_text(encoding="utf-8").splitlines()]
    first: dict[str, dict[str, Any]] = {}
    for row in rows:
        first.setdefault(row["applicant"], row)
    path = tmp_path / "filings.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in first.values()), encoding="utf-8")
    stored, drafts = planted_copies.make([path], 10, seed=4)
    results = []
    with Library.open(tmp_path / "library") as library:
        library.add_filings(Filing.model_validate(row) for row in stored)
        for draft in drafts:
            filing = Filing.model_validate({**draft.filing, "id": ""})
            results.append((draft.copies, found_in(_ask(library, filing), boilerplate=True)))
    figures = planted_copies.score(results)
    assert figures["recall"] > 0.85
    assert figures["granularity"] < 1.1


@pytest.mark.real
def test_every_repeat_of_the_real_filings_is_found(shared: Path, tmp_path: Path) -> None:
    def plain(text: str) -> str:
        return "".join(filter(str.isalnum, text))

    filings = [
        Filing.model_validate_json(line)
        for line in (shared / "gold/filings.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    filings = [f.model_copy(update={"id": f"{f.source.file}#{f.source.index}"}) for f in filings]
    with Library.open(tmp_path) as library:
        library.add_filings(filings)
        reports = {f.id: _ask(library, f.id) for f in filings}
    missed = []
    for line in (shared / "gold/repeats.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        (a, section), (b, other) = (
            (f"{side['source']['file']}#{side['source']['index']}", side["section"]) for side in (row["a"], row["b"])
        )
        wanted = plain(row["text"][: min(60, row["length"])])
        if not any(
            (m.section, m.source_filing_id, m.source_section) == (section, b, other)
            and wanted in plain(m.text)
            and wanted in plain(m.source_text)
            for m in reports[a].matches
        ):
            missed.append((a, section, b, other, row["text"][:30]))
    assert missed == []
