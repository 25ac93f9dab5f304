"""Mentions become policies: the lookup keys of a mention, references within a filing, and the choice among candidates.

Pure: a candidate may come from the catalogue or from a library; the same rules choose. What can't be decided stays open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from perfsearch.extract.catalogue import Catalogue, KnownPolicy, identity_key
from perfsearch.extract.folding import (
    TitleKey,
    fold_title,
    is_short_form,
    number_lookup_key,
    policy_id_of,
    title_lookup_key,
)
from perfsearch.extract.genres import strip_suffixes
from perfsearch.extract.numbers import number_key, number_year
from perfsearch.model import Citation

__all__ = [
    "Candidate",
    "MentionKeys",
    "antecedents",
    "assign_policies",
    "candidates_of",
    "choose",
    "identity_of",
    "keys_of_mention",
]


@dataclass(frozen=True, slots=True)
class MentionKeys:
    """The keys of a mention, strongest first: `number`, then `titles`; `body` for a title without its period."""

    number: str | None
    titles: tuple[str, ...]
    body: str | None
    folded: TitleKey | None
    year: int | None

    def all(self) -> tuple[str, ...]:
        """Every key to look up."""
        return tuple(key for key in (self.number, *self.titles, self.body) if key)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy that one of a mention's keys names; `folded` is the key of its title, `year` that of its number."""

    policy_id: str
    number: str | None
    folded: TitleKey | None
    year: int | None
    kind: str
    issuer: str | None = None
    period: tuple[int, int] | None = None


def _own(title: str, applicant: str | None) -> str | None:
    """Return the key of a unit's own rule that has only a common name (财务管理制度), None where the unit is unknown."""
    plain = strip_suffixes(title)
    if not applicant or len(plain) < 5:
        return None
    return "t:" + fold_title(title).full + "~" + "".join(applicant.split())


def keys_of_mention(citation: Citation, applicant: str | None = None) -> MentionKeys:
    """Return the lookup keys of a mention; none at all for a pointer and for a short form that its filing does not define."""
    number = citation.document_number
    # A standard's number (GB 3838-2002) identifies by itself.
    number_lookup = number_lookup_key(number) if number else None
    if not citation.title:
        return MentionKeys(number_lookup, (), None, None, number_year(number))
    if is_short_form(citation.title) and not number:
        own = _own(citation.title, applicant) if citation.kind == "internal" else None
        return MentionKeys(None, (own,) if own else (), None, None, None)
    folded = fold_title(citation.title)
    titles = [title_lookup_key(folded, with_issuer=True)] if folded.issuer else []
    titles.append(title_lookup_key(folded))
    body = "b:" + folded.body if not folded.period else None
    return MentionKeys(number_lookup, tuple(dict.fromkeys(titles)), body, folded, number_year(number))


def identity_of(keys: MentionKeys, citation: Citation) -> str | None:
    """Return the key that a policy known only from mentions gets its id from; None where nothing identifies it."""
    if keys.folded is not None and citation.title:
        return identity_key(citation.title, citation.document_number or "", citation.kind)
    return keys.number or (keys.titles[0] if keys.titles else None)


def _alike(a: TitleKey | None, b: TitleKey | None) -> bool:
    """Tell whether two titles under one number can be prints of one: they share a third of their characters."""
    if a is None or b is None:
        return True
    first, second = set(a.body), set(b.body)
    return len(first & second) * 3 >= min(len(first), len(second)) * 2 or a.body in b.body or b.body in a.body


def _issuers_agree(keys: MentionKeys, candidate: Candidate) -> bool:
    mine = keys.folded.issuer if keys.folded else ""
    theirs = candidate.folded.issuer if candidate.folded else ""
    if mine and theirs:
        return mine == theirs
    stated = re.sub(r"[\s、]+", "", candidate.issuer or "")
    return not mine or not stated or stated in mine or mine in stated


def choose(keys: MentionKeys, found: dict[str, Sequence[Candidate]], year: int | None = None) -> Candidate | None:
    """Choose the policy that a mention means among the candidates of its keys; None where none or several fit.

    The number decides, unless the titles have nothing in common; then the title, of policies whose number does not
    contradict; among several of one title the newest up to `year`.
    """
    if keys.number:
        for candidate in found.get(keys.number, ()):
            if _alike(keys.folded, candidate.folded):
                return candidate
    for key in keys.titles:
        fitting = [c for c in found.get(key, ()) if _issuers_agree(keys, c)]
        if keys.number:
            fitting = [c for c in fitting if c.number is None or c.kind == "law"]
        if fitting:
            return _newest(fitting, year)
    if keys.body and not keys.number:
        fitting = [
            c for c in found.get(keys.body, ()) if _issuers_agree(keys, c) and not (keys.folded and keys.folded.suffix)
        ]
        if year is not None:
            fitting = [c for c in fitting if c.period is None or c.period[0] <= year]
        elif len(fitting) > 1:
            return None
        if fitting:
            return max(fitting, key=lambda c: c.period or (0, 0))
    return None


def _newest(fitting: Sequence[Candidate], year: int | None) -> Candidate | None:
    if len({c.policy_id for c in fitting}) == 1:
        return fitting[0]
    if year is None:
        return None
    dated = [c for c in fitting if c.year is not None and c.year <= year]
    if not dated:
        return None
    newest = max(c.year or 0 for c in dated)
    last = [c for c in dated if c.year == newest]
    return last[0] if len({c.policy_id for c in last}) == 1 else None


@lru_cache(maxsize=8_192)
def candidate_of(policy: KnownPolicy) -> Candidate:
    """Return a document of the catalogue as a candidate."""
    period = None
    folded = fold_title(policy.title)
    if folded.period:
        first, _, last = folded.period.partition("-")
        period = int(first), int(last)
    number = number_key(policy.document_number) if policy.document_number else None
    return Candidate(policy.policy_id, number, folded, policy.year, policy.kind, policy.issuer, period)


def candidates_of(keys: MentionKeys, catalogue: Catalogue) -> dict[str, Sequence[Candidate]]:
    """Return what the catalogue has under a mention's keys; an abbreviated statute (科进法) counts under its own key."""
    found: dict[str, Sequence[Candidate]] = {}
    for key in keys.all():
        known = catalogue.with_key(key)
        if not known and key.startswith("t:") and keys.folded is not None and key.endswith("法"):
            law = catalogue.law_named(keys.folded.full)
            known = [law] if law else []
        if known:
            found[key] = [candidate_of(policy) for policy in known]
    return found


_DEFINES = re.compile(r"(?:以下|下文|下面|本文)?\s*(?:统称|简称|称)\s*(?:为|作)?\s*[:：“\"]?\s*$")


def antecedents(citations: Sequence[Citation], sections: dict[str, str]) -> list[int | None]:
    """Return for each citation the index of the one that it points back to, None for those that stand by themselves.

    《纲要》 means what the filing defined as that (以下简称《纲要》), else the last full title that ends so; 该办法 the last
    document of that genre.
    """
    result: list[int | None] = []
    defined: dict[str, int] = {}
    last: dict[str, int] = {}  # the last full title by each of its short endings
    for i, citation in enumerate(citations):
        title = citation.title
        points = title is None and citation.implicit and citation.text[0] in "该上此前以"
        short = title is not None and citation.document_number is None and (is_short_form(title) or title in defined)
        if not points and not short:
            result.append(None)
            if title is not None:
                last.update(dict.fromkeys(_endings(title, citation.document_number), i))
            continue
        word = title if title is not None else _genre_word(citation.text)
        target = _definition(citations, sections, i)
        if target is None:
            target = defined.get(word)
        if target is None:
            target = last.get(word)
        if target is not None and title is not None:
            defined[word] = target
        result.append(target)
    return result


def _genre_word(text: str) -> str:
    return re.sub(r"^(?:该|上述|此|前述|以上)(?:份|项|部|个)?", "", text)


def _definition(citations: Sequence[Citation], sections: dict[str, str], i: int) -> int | None:
    if i == 0 or citations[i - 1].section != citations[i].section:
        return None
    between = sections.get(citations[i].section, "")[citations[i - 1].end : citations[i].start]
    return i - 1 if len(between) <= 30 and _DEFINES.search(between) else None


def _endings(title: str, number: str | None) -> list[str]:
    head = strip_suffixes(title)
    endings = [head[-length:] for length in range(1, min(len(head), 10))]
    return [*endings, "文件"] if number else endings


def assign_policies(
    citations: Sequence[Citation],
    catalogue: Catalogue,
    *,
    sections: dict[str, str] | None = None,
    applicant: str | None = None,
    year: int | None = None,
) -> list[Citation]:
    """Give each citation its `policy_id`, by the catalogue, by the other citations of the filing, else by its own key.

    Null stays where nothing identifies the document: pointers (有关规定) and short forms that the filing does not define.
    """
    back = antecedents(citations, sections or {})
    own = _numbers_within(citations)
    ids: list[str | None] = []
    for i, citation in enumerate(citations):
        pointed = back[i]
        ids.append(ids[pointed] if pointed is not None else _policy_id(citation, own, catalogue, applicant, year))
    return [
        citation if citation.policy_id == policy_id else citation.model_copy(update={"policy_id": policy_id})
        for citation, policy_id in zip(citations, ids, strict=True)
    ]


def _numbers_within(citations: Iterable[Citation]) -> dict[str, str]:
    """Return the numbers that the filing itself prints beside a title, by folded title, where it prints just one."""
    found: dict[str, set[str]] = {}
    for citation in citations:
        if citation.title and citation.document_number:
            found.setdefault(fold_title(citation.title).full, set()).add(citation.document_number)
    return {title: numbers.pop() for title, numbers in found.items() if len(numbers) == 1}


def _policy_id(
    citation: Citation, own: dict[str, str], catalogue: Catalogue, applicant: str | None, year: int | None
) -> str | None:
    if citation.title and not citation.document_number and not is_short_form(citation.title):
        number = own.get(fold_title(citation.title).full)
        if number is not None:
            citation = citation.model_copy(update={"document_number": number})
    keys = keys_of_mention(citation, applicant)
    if not keys.all():
        return None
    chosen = choose(keys, candidates_of(keys, catalogue), year)
    if chosen is not None:
        return chosen.policy_id
    if citation.kind == "meeting" and citation.implicit:
        return None
    identity = identity_of(keys, citation)
    return policy_id_of(identity) if identity else None
