"""What a filing's legal bases give cause to ask: each with evidence, and judged for the filing's own year.

Precision first: two prints that can both be right are no finding, and a document that nobody knows is none either.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from perfsearch.extract.catalogue import Catalogue
from perfsearch.extract.folding import (
    TitleKey,
    fold_title,
    is_short_form,
    number_lookup_key,
    period_of,
    title_lookup_key,
)
from perfsearch.extract.genres import genre_of
from perfsearch.extract.numbers import find_document_numbers, number_key
from perfsearch.model import Citation, Evidence, Filing, PolicyFinding

__all__ = ["NoUsage", "PolicyUsage", "policy_findings"]


class PolicyUsage(Protocol):
    """What other filings print: titles beside a number, numbers beside a title, each with the filings that do."""

    def titles_of_number(self, key: str) -> Sequence[tuple[str, int]]:
        """Titles of the policies under a number's lookup key."""

    def numbers_of_title(self, key: str) -> Sequence[tuple[str, int]]:
        """Numbers of the policies under a title's lookup key."""


class NoUsage:
    """Knows no other filings."""

    def titles_of_number(self, key: str) -> Sequence[tuple[str, int]]:
        """Return nothing."""
        return ()

    def numbers_of_title(self, key: str) -> Sequence[tuple[str, int]]:
        """Return nothing."""
        return ()


def policy_findings(filing: Filing, catalogue: Catalogue, usage: PolicyUsage | None = None) -> list[PolicyFinding]:
    """Return the findings on the citations of a filing, in the order of the text; one for each matter, not each mention.

    Codes: `number-irregular`, `number-transposed`, `number-of-other-title`, `title-with-other-number`, `plan-ended`,
    `law-repealed`, `basis-repeated`.
    """
    usage = usage or NoUsage()
    citations = filing.citations
    year = filing.fiscal_year
    start = filing.start_date or (f"{year}-01-01" if year else None)
    found = [
        *_irregular(citations, year),
        *_numbers(citations, catalogue, usage, year),
        *_ended(citations, year),
        *_repealed(citations, catalogue, start, year),
        *_repeated(citations, year),
    ]
    first = {(c.section, c.start): i for i, c in enumerate(citations)}
    return sorted(found, key=lambda f: first.get((f.evidence[0].section or "", f.evidence[0].start or 0), len(first)))


def _at(citation: Citation, note: str = "") -> Evidence:
    return Evidence(section=citation.section, start=citation.start, end=citation.end, text=citation.text, note=note)


def _grouped(citations: Iterable[Citation]) -> dict[tuple[str, str], list[Citation]]:
    """Group citations that print the same number and the same title."""
    groups: dict[tuple[str, str], list[Citation]] = defaultdict(list)
    for citation in citations:
        if citation.document_number and "〔" in citation.document_number:
            title = fold_title(citation.title).full if citation.title else ""
            groups[number_key(citation.document_number), title].append(citation)
    return groups


# -- the print of a number


def _irregular(citations: Sequence[Citation], year: int | None) -> list[PolicyFinding]:
    found: dict[str, PolicyFinding] = {}
    for citation in citations:
        for number in find_document_numbers(citation.text):
            if not number.irregular:
                continue
            printed = number.text.strip()
            known = found.get(printed)
            evidence = (*known.evidence, _at(citation)) if known else (_at(citation),)
            found[printed] = PolicyFinding(
                code="number-irregular",
                message=f"文号“{printed}”书写不规范，规范写法为“{number.normal}”（GB/T 9704—2012 第7.2.5条）。",
                year=year,
                policy_id=citation.policy_id,
                suggestion=number.normal,
                evidence=evidence,
            )
    return list(found.values())


# 市委组织部 is 沪委组: the committee stands before its department.
_INVERTED = re.compile(r"^(?P<place>[\u4e00-\u9fff]{1,3}?)(?P<part>组|宣|统|政法|办|老干)委(?P<rest>.{0,4})$")
_PARTY_BODY = re.compile(r"委(?:员会)?(?:组织部|宣传部|统战部|政法委|办公厅|办公室|老干部局)")


def _transposed(citation: Citation, rivals: Iterable[str]) -> str | None:
    """Return the number that a number seems to be with two characters swapped, None where nothing says so."""
    number = citation.document_number or ""
    code, _, rest = number.partition("〔")
    for rival in rivals:
        other, _, other_rest = rival.partition("〔")
        if other != code and other_rest == rest and sorted(other) == sorted(code):
            return rival
    inverted = _INVERTED.match(code)
    if inverted and _PARTY_BODY.search((citation.title or "") + (citation.issuer or "")):
        return f"{inverted['place']}委{inverted['part']}{inverted['rest']}〔{rest}"
    return None


def _numbers(
    citations: Sequence[Citation], catalogue: Catalogue, usage: PolicyUsage, year: int | None
) -> list[PolicyFinding]:
    found = []
    groups = _grouped(citations)
    for group in groups.values():
        citation = group[0]
        number, title = citation.document_number or "", citation.title
        others = _numbers_elsewhere(citation, citations, catalogue, usage) if title else []
        swapped = _transposed(citation, [other for other, _ in others])
        if swapped is not None:
            note = next((note for other, note in others if other == swapped), "机关代字的排列与发文机关不符")
            found.append(
                PolicyFinding(
                    code="number-transposed",
                    message=f"文号“{number}”的机关代字疑似前后颠倒，请核对是否为“{swapped}”。",
                    year=year,
                    policy_id=citation.policy_id,
                    suggestion=swapped,
                    evidence=(*map(_at, group), Evidence(text=swapped, note=note)),
                )
            )
            continue
        for other, note in others:
            if _one_slip(number, other):
                found.append(_other_number(group, other, note, year))
                break
        if title:
            found.extend(_other_titles(group, citations, catalogue, usage, year))
    return found


def _numbers_elsewhere(
    citation: Citation, citations: Sequence[Citation], catalogue: Catalogue, usage: PolicyUsage
) -> list[tuple[str, str]]:
    """Return other numbers printed beside the same title, each with where."""
    folded = fold_title(citation.title or "")
    key = title_lookup_key(folded)
    mine = number_key(citation.document_number or "")
    found: dict[str, str] = {}
    for other in citations:
        if other.title and other.document_number and title_lookup_key(fold_title(other.title)) == key:
            found.setdefault(other.document_number, "本表中同一标题的另一处")
    for known in catalogue.with_key(key):
        if known.document_number and _same_issuer(folded, fold_title(known.title)):
            found.setdefault(known.document_number, "政策目录")
    for number, filings in usage.numbers_of_title(key):
        found.setdefault(number, f"库中有{filings}份申报表以此文号引用该文件")
    return [(number, note) for number, note in found.items() if number_key(number) != mine]


def _same_issuer(a: TitleKey, b: TitleKey) -> bool:
    return not a.issuer or not b.issuer or a.issuer == b.issuer


def _one_slip(number: str, other: str) -> bool:
    """Tell whether two numbers of one title differ as a slip does: in the code, the year or the serial, not in two of them.

    A re-issue has another year and another serial: both numbers are right.
    """
    a, b = number_key(number).split("|"), number_key(other).split("|")
    if len(a) != 3 or len(b) != 3:
        return False
    return sum(x != y for x, y in zip(a, b, strict=True)) == 1


def _other_number(group: Sequence[Citation], other: str, note: str, year: int | None) -> PolicyFinding:
    citation = group[0]
    return PolicyFinding(
        code="title-with-other-number",
        message=f"《{citation.title}》在此处的文号为“{citation.document_number}”，另见“{other}”，请核对。",
        year=year,
        policy_id=citation.policy_id,
        suggestion=other,
        evidence=(*map(_at, group), Evidence(text=other, note=note)),
    )


def _other_titles(
    group: Sequence[Citation], citations: Sequence[Citation], catalogue: Catalogue, usage: PolicyUsage, year: int | None
) -> list[PolicyFinding]:
    """Return the finding that the number belongs to a document of another title, if it does."""
    citation = group[0]
    mine = fold_title(citation.title or "")
    key = number_lookup_key(citation.document_number or "")
    rivals = [
        (other.title, "本表中同一文号的另一处")
        for other in citations
        if other.title and other.document_number and number_lookup_key(other.document_number) == key
    ]
    rivals.extend((known.title, "政策目录") for known in catalogue.with_key(key))
    rivals.extend((title, f"库中有{n}份申报表以此标题引用该文号") for title, n in usage.titles_of_number(key))
    for title, note in rivals:
        other_key = fold_title(title)
        if (
            is_short_form(title)
            or other_key.body == mine.body
            or mine.body == _core(other_key)
            or other_key.body == _core(mine)
        ):
            continue
        return [
            PolicyFinding(
                code="number-of-other-title",
                message=f"文号“{citation.document_number}”在此处用于《{citation.title}》，另见于《{title}》，请核对标题与文号。",
                year=year,
                policy_id=citation.policy_id,
                suggestion=title,
                evidence=(*map(_at, group), Evidence(text=title, note=note)),
            )
        ]
    return []


def _core(key: TitleKey) -> str:
    """Return a title without the wrapper words that filings drop: 关于印发…通知."""
    return re.sub(r"^关于(?:印发|发布|公布|做好|开展|同意)?|的?(?:通知|批复|意见|函)$", "", key.body)


# -- time


_PLAN_WORDS = frozenset(("规划", "纲要", "计划", "方案", "要点", "思路", "规划纲要"))


def _ended(citations: Sequence[Citation], year: int | None) -> list[PolicyFinding]:
    if year is None:
        return []
    found: dict[str, PolicyFinding] = {}
    for citation in citations:
        period = period_of(citation.title) if citation.title else None
        genre = genre_of(citation.title or "")
        wrapped = re.search(r"(?:规划|纲要|计划|方案|要点)", citation.title or "")
        if period is None or period[1] >= year or not (wrapped or (genre and genre[0] in _PLAN_WORDS)):
            continue
        key = fold_title(citation.title or "").full
        known = found.get(key)
        evidence = (*known.evidence, _at(citation)) if known else (_at(citation),)
        found[key] = PolicyFinding(
            code="plan-ended",
            message=f"《{citation.title}》的规划期为{period[0]}—{period[1]}年，在{year}年度已经结束，请确认是否有新一期文件。",
            year=year,
            policy_id=citation.policy_id,
            evidence=evidence,
        )
    return list(found.values())


def _repealed(
    citations: Sequence[Citation], catalogue: Catalogue, start: str | None, year: int | None
) -> list[PolicyFinding]:
    if start is None:
        return []
    found: dict[str, PolicyFinding] = {}
    for citation in citations:
        known = catalogue.with_id(citation.policy_id) if citation.policy_id else None
        if known is None or not known.repealed or known.repealed > start:
            continue
        earlier = found.get(known.policy_id)
        evidence = (*earlier.evidence[:-1], _at(citation)) if earlier else (_at(citation),)
        instead = f"，由《{known.replaced_by}》替代" if known.replaced_by and known.replaced_by != known.title else ""
        again = "，已有新的文件" if known.replaced_by == known.title else ""
        found[known.policy_id] = PolicyFinding(
            code="law-repealed",
            message=f"《{known.title}》自{known.repealed}起废止{instead}{again}，本项目自{start}起实施。",
            year=year,
            policy_id=known.policy_id,
            suggestion=known.replaced_by or None,
            evidence=(*evidence, Evidence(text=known.title, note=f"政策目录：{known.repealed}起废止")),
        )
    return list(found.values())


# -- repetition


def _repeated(citations: Sequence[Citation], year: int | None) -> list[PolicyFinding]:
    """Return documents that the list of bases names twice; a reference back (该办法, 《纲要》) is no second listing."""
    groups: dict[str, list[Citation]] = defaultdict(list)
    for citation in citations:
        if citation.section == "basis" and citation.policy_id and not citation.implicit:
            if citation.title and is_short_form(citation.title):
                continue
            groups[citation.policy_id].append(citation)
    found = []
    for policy_id, group in groups.items():
        pinpoints = {citation.pinpoint for citation in group}
        if len(group) < 2 or (len(pinpoints) == len(group) and None not in pinpoints):
            continue
        name = next((c.title for c in group if c.title), None) or group[0].document_number or group[0].text
        found.append(
            PolicyFinding(
                code="basis-repeated",
                message=f"立项依据中同一文件列了{len(group)}次：《{name}》。",
                year=year,
                policy_id=policy_id,
                evidence=tuple(map(_at, group)),
            )
        )
    return found
