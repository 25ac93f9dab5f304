"""Headers that came later are found beside those that were read before, without reading all again."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfsearch.errors import LibraryDamaged
from perfsearch.indexes.headers import KEPT_MIN, HeaderRow, Headers, KeptHeaders
from perfsearch.library import Library
from perfsearch.parsing import parse_file


def row(number: int, name: str, amount: float = 0.0) -> HeaderRow:
    return HeaderRow(number, f"第{number}单位水务局", name, (amount,))


def names(headers: Headers, query: str) -> dict[int, str]:
    return {number: match.how for match in headers.find_projects(query) for number in match.filing_nos.tolist()}


def test_a_filing_that_came_later_is_found_by_every_field() -> None:
    first = Headers.of([row(1, "河道保洁养护", 540_000.0), row(2, "防汛物资储备", 1.0)])
    assert names(first, "河道保洁养护") == {1: "full"}
    later = first.joined([row(3, "河道保洁养护", 540_000.0)])
    assert later.last == 3
    assert len(later) == 3
    assert set(names(later, "河道保洁养护")) == {1, 3}
    assert later.with_amount(540_000.0).tolist() == [1, 3]
    assert first.with_amount(540_000.0).tolist() == [1]
    assert later.find_applicants("第3单位水务局")[0].filing_nos.tolist() == [3]
    assert [match.filing_nos.tolist() for match in later.find_sounding("fangxun wuzi")] == [[2]]


def test_filings_that_come_one_by_one_are_found_and_stand_in_few_blocks() -> None:
    rows = [row(number, f"项目甲乙丙{number}", float(number)) for number in range(1, 400)]
    headers = Headers()
    for one in rows:
        headers = headers.joined([one])
        assert len(headers._blocks) <= 4
    assert len(headers) == 399
    whole = Headers.of(rows)
    for query in ("项目甲乙丙17", "项目甲乙丙", "第3单位水务局的项目甲乙丙398"):
        # A name that is the beginning of another is found too where they stand in different blocks.
        assert whole.find_projects(query)[0].how in {match.how for match in headers.find_projects(query)}
        assert names(whole, query).keys() <= names(headers, query).keys() or query == "项目甲乙丙"
    assert headers.find_applicants("第3单位水务局的项目")[0].filing_nos.tolist() == [3]
    assert headers.with_amount(398.0).tolist() == [398]


def test_nothing_new_changes_nothing() -> None:
    headers = Headers.of([row(1, "河道保洁养护")])
    assert headers.joined([]) is headers


def test_headers_that_are_kept_come_back_and_are_written_anew_only_when_many_came(tmp_path: Path) -> None:
    rows = [row(number, f"河道保洁{number}标段", float(number)) for number in range(1, 2 * KEPT_MIN)]
    kept = KeptHeaders(tmp_path / "headers")
    assert len(kept.read()) == 0
    kept.keep(lambda after: rows[after:KEPT_MIN], KEPT_MIN)
    assert len(kept.read()) == 0  # few are read from the records as fast
    kept.keep(lambda after: rows[after:], len(rows))
    back = kept.read()
    assert (len(back), back.last) == (len(rows), len(rows))
    assert names(back, "河道保洁17标段")[17] == "full"
    assert back.with_amount(33.0).tolist() == [33]
    assert back.find_applicants("第33单位水务局")[0].filing_nos.tolist() == [33]
    more = back.joined([row(len(rows) + 1, "防汛物资储备")])
    assert names(more, "防汛物资储备") == {len(rows) + 1: "full"}
    kept.keep(lambda after: pytest.fail("nothing is to be read"), len(rows) + 1)


@pytest.mark.parametrize("harm", [b"", b"{}", b'{"checksum": 1, "body": "{}"}'])
def test_kept_headers_that_can_not_be_read_are_read_from_the_records_again(tmp_path: Path, harm: bytes) -> None:
    rows = [row(number, f"河道保洁{number}标段") for number in range(1, KEPT_MIN + 3)]
    kept = KeptHeaders(tmp_path / "headers")
    kept.keep(lambda after: rows[after:], len(rows))
    (tmp_path / "headers" / "manifest.json").write_bytes(harm)
    assert len(kept.read()) == 0
    with pytest.raises(LibraryDamaged):
        kept.verify()
    kept.keep(lambda after: rows[after:], len(rows))
    kept.verify()
    assert len(kept.read()) == len(rows)


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
