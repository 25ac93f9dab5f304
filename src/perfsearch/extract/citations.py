"""Find every mention of a basis document in the prose of a filing, with exact spans.

Titles in 《》 and document numbers are found by their grammar, joined where they belong together, and judged by genre and
surroundings: a programme, a book or the project's own name in 《》 is no basis. Documents named without marks (按照上海市科普事业
十三五发展规划) and references back (该办法) are returned with `implicit` set.
"""

from __future__ import annotations

from collections.abc import Mapping

from perfsearch.extract.basis import is_basis, surroundings
from perfsearch.extract.catalogue import shipped_catalogue
from perfsearch.extract.folding import fold_title, title_lookup_key
from perfsearch.extract.genres import Kind, kind_of
from perfsearch.extract.implicit import Named, find_back_references, find_named
from perfsearch.extract.issuers import issuer_before, issuer_in_title
from perfsearch.extract.mentions import Mention, pair_numbers, pinpoint_after, wrap_titles
from perfsearch.extract.numbers import find_document_numbers, normalize_document_number
from perfsearch.extract.policies import antecedents, assign_policies
from perfsearch.extract.titles import find_quoted_titles
from perfsearch.model import Citation

__all__ = [
    "SECTION_ORDER",
    "extract_citations",
    "extract_filing_citations",
    "find_document_numbers",
    "normalize_document_number",
]

SECTION_ORDER = ("overview", "basis", "necessity", "safeguards", "plan", "goals")
"""Order in which the citations of a filing are listed; other sections follow in the order of the filing."""


def extract_citations(
    text: str, section: str = "", *, project_name: str | None = None, applicant: str | None = None
) -> list[Citation]:
    """Return the citations of one text in order; spans are half-open, do not overlap, and `text[start:end]` is `text`.

    Never raises, whatever the text; time grows with its length. `project_name` in 《》 is not a citation; `applicant` helps
    to tell a unit's own plan from the government's.
    """
    titles = find_quoted_titles(text)
    numbers = find_document_numbers(text)
    wrapped = wrap_titles(text, titles)
    mentions = pair_numbers(text, wrapped, numbers)
    by_start = {
        title.start: (title, around) for title, around in zip(wrapped, surroundings(text, wrapped), strict=True)
    }
    by_end = {title.end: title.start for title in wrapped}
    kept: list[Mention] = []
    for mention in mentions:
        if mention.title is None or mention.number is not None or mention.standard is not None:
            kept.append(mention)
            continue
        title, around = by_start.get(mention.start) or by_start[by_end[mention.end]]
        if is_basis(title, around, section, project_name):
            kept.append(mention)
    taken = [(title.start, title.end) for title in titles] + [(m.start, m.end) for m in mentions]
    named = find_named(text, sorted(taken), section)
    return _in_order([*_explicit(text, section, kept, applicant), *_implicit(text, section, named, applicant)])


def _explicit(text: str, section: str, mentions: list[Mention], applicant: str | None) -> list[Citation]:
    result: list[Citation] = []
    floor = 0
    carried: str | None = None
    for mention in mentions:
        number = mention.number.normal if mention.number else mention.standard
        between = text[floor : mention.start]
        issuer = issuer_before(text, mention.start, floor)
        if issuer is None and carried and len(between) <= 4 and not between.strip("、，,；; 和及与"):
            issuer = carried
        carried = issuer
        floor = mention.end
        issuer = issuer or (issuer_in_title(mention.title) if mention.title else None) or _issuer_of_order(number)
        result.append(
            Citation(
                section=section,
                start=mention.start,
                end=mention.end,
                text=text[mention.start : mention.end],
                title=mention.title,
                document_number=number,
                issuer=issuer,
                kind=_kind(mention.title, number, applicant),
                pinpoint=pinpoint_after(text, mention.end),
            )
        )
    return result


def _kind(title: str | None, number: str | None, applicant: str | None) -> Kind:
    """Judge the kind by form, and where a rule's form leaves it open by the catalogue: local and ministries' regulations."""
    kind = kind_of(title, number, applicant)
    if kind in {"internal", "policy"} and title and number is None and title.endswith(_MAY_BE_LAW):
        known = shipped_catalogue().with_key(title_lookup_key(fold_title(title)))
        if any(policy.kind == "law" for policy in known):
            return "law"
    return kind


_MAY_BE_LAW = ("办法", "规定", "细则", "规则", "决定")


def _issuer_of_order(number: str | None) -> str | None:
    if number is None:
        return None
    body, found, _ = number.partition("令")
    return body if found and len(body) >= 3 and body != "主席" else None


def _implicit(text: str, section: str, named: list[Named], applicant: str | None) -> list[Citation]:
    return [
        Citation(
            section=section,
            start=name.start,
            end=name.end,
            text=text[name.start : name.end],
            title=name.title,
            kind=name.kind or kind_of(name.title, None, applicant),
            implicit=True,
            pinpoint=pinpoint_after(text, name.end),
        )
        for name in named
    ]


def _in_order(citations: list[Citation]) -> list[Citation]:
    result: list[Citation] = []
    for citation in sorted(citations, key=lambda c: (c.start, c.implicit)):
        if not result or citation.start >= result[-1].end:
            result.append(citation)
    return result


def extract_filing_citations(
    sections: Mapping[str, str],
    project_name: str | None = None,
    applicant: str | None = None,
    fiscal_year: int | None = None,
) -> list[Citation]:
    """Return the citations of a filing's sections, in the order overview, basis, necessity, safeguards, plan, goals, others.

    Every citation that can be identified has a `policy_id`; 《纲要》 and 该办法 have that of the document they point back to.
    `fiscal_year` decides between versions of one plan.
    """
    rank = {name: i for i, name in enumerate(SECTION_ORDER)}
    ordered = sorted(sections, key=lambda name: rank.get(name, len(rank)))
    found: list[Citation] = []
    for name in ordered:
        direct = extract_citations(sections[name], name, project_name=project_name, applicant=applicant)
        found.extend(_in_order([*direct, *_pointers(sections[name], name)]))
    texts = dict(sections)
    back = antecedents(found, texts)
    kept = [c for c, target in zip(found, back, strict=True) if target is not None or not _is_pointer(c)]
    kept = [_like_antecedent(kept, c, target) for c, target in zip(kept, antecedents(kept, texts), strict=True)]
    return assign_policies(kept, shipped_catalogue(), sections=texts, applicant=applicant, year=fiscal_year)


def _pointers(text: str, section: str) -> list[Citation]:
    return [
        Citation(
            section=section,
            start=back.start,
            end=back.end,
            text=text[back.start : back.end],
            implicit=True,
            pinpoint=pinpoint_after(text, back.end),
        )
        for back in find_back_references(text)
    ]


def _is_pointer(citation: Citation) -> bool:
    return citation.implicit and citation.title is None and citation.text[0] in "该上此前以"


def _like_antecedent(citations: list[Citation], citation: Citation, target: int | None) -> Citation:
    """Give a reference back the kind of the document it points to."""
    if target is None or citations[target].kind == citation.kind:
        return citation
    return citation.model_copy(update={"kind": citations[target].kind})
