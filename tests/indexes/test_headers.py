"""Headers that came later are found beside those that were read before, without reading all again."""

from __future__ import annotations

from pathlib import Path

from perfsearch.indexes.headers import TAIL_MIN, HeaderRow, Headers
from perfsearch.library import Library
from perfsearch.parsing import parse_file


def row(number: int, name: str, amount: float = 0.0, year: int = 2020) -> HeaderRow:
    return HeaderRow(number, f"{year}-{number:010x}", year, f"第{number}单位水务局", name, (amount,))


def names(headers: Headers, query: str) -> dict[int, str]:
    return {number: match.how for match in headers.find_projects(query) for number in match.filing_nos.tolist()}


def test_a_filing_that_came_later_is_found_by_every_field() -> None:
    first = Headers([row(1, "河道保洁养护", 540_000.0), row(2, "防汛物资储备", 1.0)])
    assert names(first, "河道保洁养护") == {1: "full"}
    later = first.joined([row(3, "河道保洁养护", 540_000.0, year=2021)])
    assert later.last == 3
    assert len(later) == 3
    assert set(names(later, "河道保洁养护")) == {1, 3}
    assert later.with_amount(540_000.0).tolist() == [1, 3]
    assert later.with_year(2021).tolist() == [3]
    assert later.with_id("2021-0000000003").tolist() == [3]
    assert first.with_year(2021).tolist() == []


def test_what_was_built_is_kept_until_a_tenth_is_new() -> None:
    base = Headers([row(number, f"项目甲乙丙{number}") for number in range(1, 10 * TAIL_MIN)])
    before = base._projects
    few = base.joined([row(10 * TAIL_MIN, "新来的项目甲")])
    assert few._base is base
    assert few._base._projects is before
    many = few.joined([row(10 * TAIL_MIN + number, f"又来的项目{number}") for number in range(1, 2 * TAIL_MIN)])
    assert many._base is None
    assert len(many) == len(base) + 2 * TAIL_MIN


def test_nothing_new_changes_nothing() -> None:
    headers = Headers([row(1, "河道保洁养护")])
    assert headers.joined([]) is headers


def test_a_replaced_or_removed_filing_opens_no_lane(tmp_path: Path, corpus: Path) -> None:
    filing = parse_file(corpus / "linjiang-hedao-yanghu-2018.txt")[0]
    with Library.open(tmp_path / "library") as library:
        library.add_filings([filing])
        assert [hit.filing_id for hit in library.search(filing.id).hits] == [filing.id]
        library.add_filings([filing.model_copy(update={"category": "经常性项目"})])
        assert [hit.filing_id for hit in library.search(filing.id).hits] == [filing.id]
        library.remove([filing.id])
        assert library.search(filing.id).hits == ()
        library.add(corpus / "linjiang-hedao-yanghu-2019.txt")
        assert library.search("区管河道日常养护").hits[0].fiscal_year == 2019
