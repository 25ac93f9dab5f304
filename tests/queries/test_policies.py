"""The citator over a real store: one policy a document, found by every name, with exact counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfsearch.errors import NotFound, UsageError
from perfsearch.extract.citations import extract_filing_citations
from perfsearch.indexes.policy_intake import CROWDED
from perfsearch.indexes.store import Store
from perfsearch.indexes.writing import Record
from perfsearch.model import Filing, Source
from perfsearch.queries.citations import applicant_graph, policy_graph, read_citations
from perfsearch.queries.policies import findings, missing_policies, policies, policy, sentence_around


def make(number: int, basis: str, year: int = 2020, applicant: str = "甲局", **sections: str) -> Filing:
    texts = {"basis": basis, **sections}
    return Filing(
        id=f"{year}-{number:010x}",
        source=Source(file=f"{number}.txt"),
        fiscal_year=year,
        start_date=f"{year}-01-01",
        applicant=applicant,
        project_name=f"项目{number}",
        sections=texts,
        citations=tuple(extract_filing_citations(texts, f"项目{number}", applicant, year)),
    )


class Records:
    """What the questions need of a view: the store."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path)

    def add(self, *filings: Filing) -> None:
        with self.store.write() as writing:
            writing.add([Record(f, f.model_dump_json(), None, "", "", 1) for f in filings])

    def remove(self, *filings: Filing) -> None:
        with self.store.write() as writing:
            writing.remove([f.id for f in filings])


NOTICE = "《国务院办公厅关于印发全民科学素质行动计划纲要实施方案（2016—2020年）的通知》"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Any]:
    library = Records(tmp_path / "records.db")
    library.add(
        make(1, f"1、《中华人民共和国科学技术普及法》2、{NOTICE}3、《上海市科普事业“十三五”发展规划》", 2019),
        make(
            2,
            "根据《科普法》、国办发[2016]10 号文件和《关于印发上海市科普事业十三五规划的通知》（沪府办发〔2016〕64号）。",
        ),
        make(3, "按照《上海市供水管理条例》和《水法》，改造管网。", applicant="乙局"),
        make(4, "依据《科普法》。", 2021, plan="执行《科普法》和《供水条例实施方案》（沪水务〔2020〕3号）。"),
    )
    yield library
    library.store.close()


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("国办发[2016]10 号", "国务院办公厅关于印发全民科学素质行动计划纲要实施方案（2016—2020年）的通知"),
        ("国办发2016 10", "国务院办公厅关于印发全民科学素质行动计划纲要实施方案（2016—2020年）的通知"),
        ("科普法", "科学技术普及法"),
        ("中华人民共和国科学技术普及法", "科学技术普及法"),
        ("十三五科普规划", "上海市科普事业“十三五”发展规划"),
        ("科普规划 上海", "上海市科普事业“十三五”发展规划"),
        ("沪府办发〔２０１６〕６４号", "上海市科普事业“十三五”发展规划"),
        ("供水管理条例", "上海市供水管理条例"),
    ],
)
def test_a_policy_is_found_by_number_short_name_and_the_words_of_its_title(
    records: Any, query: str, title: str
) -> None:
    assert policies(records, query).policies[0].title == title
    assert policy(records, query).title == title


def test_without_a_query_the_most_cited_come_first_with_exact_counts(records: Any) -> None:
    answer = policies(records)
    first = answer.policies[0]
    assert (first.title, first.filings, first.mentions) == ("科学技术普及法", 3, 4)
    assert answer.total == 6


def test_a_page_says_who_cites_where_since_when_and_with_what(records: Any) -> None:
    page = policy(records, "科普法")
    assert page.by_year == {"2019": 1, "2020": 1, "2021": 1}
    assert page.by_section == {"basis": 3, "plan": 1}
    assert page.by_applicant == {"甲局": 3}
    assert [(c.fiscal_year, c.section, c.text) for c in page.citations] == [
        (2021, "basis", "《科普法》"),
        (2021, "plan", "《科普法》"),
        (2020, "basis", "《科普法》"),
        (2019, "basis", "《中华人民共和国科学技术普及法》"),
    ]
    assert {c.title: c.filings for c in page.co_cited}["上海市科普事业“十三五”发展规划"] == 2
    assert page.facts is not None
    assert "2002-06-29" in page.facts.amended


def test_every_quoted_place_is_what_the_section_says(records: Any) -> None:
    for summary in policies(records).policies:
        page = policy(records, summary.policy_id)
        assert page.mentions == len(page.citations)
        for citation in page.citations:
            text = records.store.get(citation.filing_id).sections[citation.section]
            assert text[citation.start : citation.end] == citation.text
            assert text[citation.sentence_start :].startswith(citation.sentence)
            assert citation.text in citation.sentence


def test_a_number_joins_the_title_that_was_known_without_one(records: Any) -> None:
    page = policy(records, "沪府办发〔2016〕64号")
    assert (page.filings, page.document_number) == (2, "沪府办发〔2016〕64号")


def test_the_filter_cites_takes_what_the_questions_take(records: Any) -> None:
    for query in ("科普法", "国办发2016 10号", "十三五科普规划", policy(records, "水法").policy_id):
        assert records.store.citing(query)
    assert len(records.store.citing("科普法")) == 3
    assert len(records.store.citing("国办发〔2016〕10号")) == 2
    assert records.store.citing("国办发〔2016〕11号") == []


def test_a_law_that_nobody_cites_is_known_all_the_same(records: Any) -> None:
    page = policy(records, "合同法")
    assert (page.filings, page.citations) == (0, ())
    assert page.facts is not None
    assert page.facts.repealed == "2021-01-01"


def test_what_is_nowhere_is_said_to_be_nowhere(records: Any) -> None:
    assert policies(records, "月球基地条约").policies == ()
    assert policies(records, "月球基地条约").message
    with pytest.raises(NotFound):
        policy(records, "月球基地条约")
    with pytest.raises(UsageError):
        policies(records, "长" * 501)
    with pytest.raises(UsageError):
        policies(records, limit=0)


def test_removed_and_replaced_filings_are_counted_no_more(records: Any) -> None:
    records.remove(records.store.get("2021-0000000004"))
    assert policy(records, "科普法").by_year == {"2019": 1, "2020": 1}
    records.add(make(2, "根据《水法》。"))
    assert policy(records, "科普法").by_year == {"2019": 1}
    assert policy(records, "水法").filings == 2


def test_a_policy_keeps_its_id_when_its_number_becomes_known(tmp_path: Path) -> None:
    library = Records(tmp_path / "records.db")
    library.add(make(1, "根据《某某专项资金管理办法》。"))
    (before,) = policies(library).policies  # type: ignore[arg-type]
    library.add(make(2, "根据《某某专项资金管理办法》（某财〔2019〕7号）。"))
    (after,) = policies(library).policies  # type: ignore[arg-type]
    assert (after.policy_id, after.document_number, after.filings) == (before.policy_id, "某财〔2019〕7号", 2)
    library.add(make(3, "根据《某某专项资金管理办法》（某财〔2024〕9号）。", 2024))
    assert policies(library).total == 2  # type: ignore[arg-type]
    library.store.close()


def test_policies_that_similar_filings_cite_and_the_draft_does_not(records: Any) -> None:
    draft = make(9, "根据《上海市科普事业“十三五”发展规划》。", 2022)
    answer = missing_policies(records, draft, ["2019-0000000001", "2020-0000000002"])
    missing = {m.policy.title: m for m in answer.missing}
    assert "上海市科普事业“十三五”发展规划" not in missing
    law = missing["科学技术普及法"]
    assert (law.similar_filings, law.of) == (2, 2)
    assert law.example is not None
    assert "科学技术普及法" in law.example.sentence
    assert missing_policies(records, draft).missing


def test_findings_take_their_evidence_from_other_filings(records: Any) -> None:
    draft = make(9, "根据《关于做好绿化工作的意见》（沪府办发〔2016〕64号）。", 2020)
    assert [f.code for f in findings(records, draft)] == ["number-of-other-title"]


TEXTS = st.lists(
    st.sampled_from(
        [
            "《甲办法》",
            "《甲办法》（某财〔2019〕7号）",
            "《甲办法》（某财〔2020〕8号）",
            "某财〔2019〕7号",
            "《水法》",
            "《中华人民共和国水法》",
            "《纲要》",
            "该办法",
            "《乙纲要（2016-2020年）》（以下简称《纲要》）",
        ]
    ),
    max_size=5,
).map("；".join)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 6), TEXTS, st.booleans()), max_size=12))
def test_counts_are_those_of_the_filings_that_stand(tmp_path_factory: Any, steps: list[tuple[int, str, bool]]) -> None:
    library = Records(tmp_path_factory.mktemp("library") / "records.db")
    standing: dict[str, Filing] = {}
    for number, text, removes in steps:
        filing = make(number, text)
        if removes and filing.id in standing:
            library.remove(standing.pop(filing.id))
        else:
            library.add(filing)
            standing[filing.id] = filing
    answer = policies(library, limit=1000)  # type: ignore[arg-type]
    mentions = sum(1 for f in standing.values() for c in f.citations if c.policy_id)
    assert sum(p.mentions for p in answer.policies) == mentions
    for summary in answer.policies:
        page = policy(library, summary.policy_id)  # type: ignore[arg-type]
        assert (page.filings, page.mentions) == (len({c.filing_id for c in page.citations}), len(page.citations))
    library.store.close()


def test_the_sentence_around_a_place_is_bounded_where_it_has_no_end() -> None:
    text = "长" * 1000 + "《水法》" + "长" * 1000
    start, sentence = sentence_around(text, 1000, 1004)
    assert text[start:].startswith(sentence)
    assert len(sentence) < 400


def test_a_text_is_read_with_the_policy_that_each_mention_means(records: Any) -> None:
    text = "根据《科普法》、沪府办发【2016】64号和《关于月球基地的通知》（某府发〔2020〕3号）、《意见》。"
    answer = read_citations(records, text)
    assert [(i.status, i.policy.title if i.policy else None, i.irregular) for i in answer.items] == [
        ("resolved", "科学技术普及法", False),
        ("resolved", "上海市科普事业“十三五”发展规划", True),
        ("unresolved", None, False),
        ("unresolved", None, False),
    ]
    assert answer.items[1].citation.document_number == "沪府办发〔2016〕64号"
    assert answer.counts == {"resolved": 2, "unresolved": 2}
    assert read_citations(None, "《合同法》").items[0].policy is not None


def test_one_title_with_two_numbers_leaves_candidates(records: Any) -> None:
    records.add(make(7, "《某办法》（某财〔2015〕7号）"), make(8, "《某办法》（某财〔2020〕8号）"))
    (item,) = read_citations(records, "《某办法》").items
    assert item.status == "ambiguous"
    assert {c.document_number for c in item.candidates} == {"某财〔2015〕7号", "某财〔2020〕8号"}


def test_the_graph_of_a_policy_joins_what_is_cited_together(records: Any) -> None:
    graph = policy_graph(records, "科普法")
    assert graph.nodes[0].label == "科学技术普及法"
    labels = {node.id: node.label for node in graph.nodes}
    edges = {frozenset((labels[e.source], labels[e.target])): e.filings for e in graph.edges}
    assert edges[frozenset(("科学技术普及法", "上海市科普事业“十三五”发展规划"))] == 2
    with pytest.raises(NotFound):
        policy_graph(records, "月球基地条约")


def test_the_graph_of_an_applicant_counts_its_own_filings(records: Any) -> None:
    graph = applicant_graph(records, "甲局")
    assert (graph.nodes[0].label, graph.nodes[0].kind) == ("甲局", "applicant")
    labels = {node.id: node.label for node in graph.nodes}
    mine = {labels[edge.target]: edge.filings for edge in graph.edges if edge.source == "applicant"}
    assert mine["科学技术普及法"] == 3
    assert "水法" not in mine


def test_the_id_that_a_filing_was_read_with_names_the_policy_in_the_library(records: Any) -> None:
    for number in records.store.numbers():
        filing = records.store.filings([number])[number]
        for citation in filing.citations:
            if citation.policy_id is not None:
                page = policy(records, citation.policy_id)
                assert filing.id in {c.filing_id for c in page.citations}


def test_a_title_printed_with_more_numbers_than_are_looked_at_is_one_document_a_number(tmp_path: Path) -> None:
    records = Records(tmp_path / "records.db")
    filings = [make(n, f"《云江市科普工作要点》（云科发〔2020〕{n}号）") for n in range(1, 2 * CROWDED)]
    for filing in filings:  # a batch of its own each, so that each reads what the others wrote
        records.add(filing)
    records.add(*(make(10_000 + n, f"《云江市科普工作要点》（云科发〔2020〕{n}号）") for n in range(1, 2 * CROWDED)))
    for number in (1, CROWDED, 2 * CROWDED - 1):
        (found,) = policies(records, f"云科发〔2020〕{number}号").policies  # type: ignore[arg-type]
        assert (found.document_number, found.filings) == (f"云科发〔2020〕{number}号", 2)
