"""Books the citations of filings that are stored under policies, and takes them out again; nothing else is resolved anew.

Part of the transaction that stores the filing. Each filing groups its mentions by document; each group is matched with
the policies that share a key, or founds a new one. A policy known by title alone takes over the first number that comes
with that title; the same title with another number is another policy.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from perfsearch.extract.catalogue import KnownPolicy, keys_of, shipped_catalogue
from perfsearch.extract.folding import TitleKey, fold_title, policy_id_of
from perfsearch.extract.numbers import number_key, number_year
from perfsearch.extract.policies import Candidate, MentionKeys, choose, keys_of_mention
from perfsearch.indexes.policy_schema import (
    policies,
    policy_applicants,
    policy_keys,
    policy_mentions,
    policy_terms,
)
from perfsearch.indexes.policy_terms import search_body, terms_of
from perfsearch.model import Citation, Filing

_IN_LIMIT = 500
"""Keys in one IN (...)."""


@dataclass
class _Group:
    """The mentions of one document in one filing."""

    filing: Filing
    filing_no: int
    claimed_id: str
    mentions: list[tuple[int, Citation]] = field(default_factory=list)
    keys: MentionKeys | None = None

    def named(self) -> Citation:
        """The mention that names the document best: with number and title, else with title."""
        return max(
            (c for _, c in self.mentions), key=lambda c: (bool(c.document_number), bool(c.title), not c.implicit)
        )


@dataclass
class _Known:
    """A policy as this transaction knows it."""

    policy_no: int
    candidate: Candidate
    keys: set[str]


CROWDED = 50
"""Policies under one title that are looked at: the most cited. One that a mention tells by its number is found by that.
Of a title that is printed with a thousand numbers (a yearly notice) all would be read again for every batch."""
_MOST_CITED_UNDER = (
    sa.select(policy_keys.c.policy_no)
    .join(policies, policies.c.policy_no == policy_keys.c.policy_no)
    .where(policy_keys.c.key == sa.bindparam("key"))
    .order_by(policies.c.filings.desc(), policies.c.policy_no)
    .limit(CROWDED)
)


class PolicyIntake:
    """Books filings within one transaction of the store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next_no = 1 + int(connection.execute(sa.select(sa.func.max(policies.c.policy_no))).scalar_one() or 0)
        self._known: dict[int, _Known] = {}
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._new: list[dict[str, Any]] = []
        self._new_terms: list[dict[str, Any]] = []
        self._printed: Counter[tuple[str, int]] = Counter()
        self._added_keys: set[tuple[str, int]] = set()

    # -- adding

    def add(self, filings: Sequence[tuple[int, Filing]]) -> None:
        """Book the citations of filings, given with their numbers."""
        groups = [group for number, filing in filings for group in _groups(number, filing)]
        self._load(groups)
        rows: list[dict[str, Any]] = []
        counts: Counter[int] = Counter()
        cited: dict[int, set[int]] = defaultdict(set)
        applicants = self._applicants([filing for _, filing in filings])
        for group in groups:
            known = self._policy_of(group)
            for ordinal, mention in group.mentions:
                counts[known.policy_no] += 1
                rows.append(
                    {
                        "policy_no": known.policy_no,
                        "filing_no": group.filing_no,
                        "ordinal": ordinal,
                        "section": mention.section,
                        "start": mention.start,
                        "end": mention.end,
                        "implicit": mention.implicit,
                        "is_first": group.filing_no not in cited[known.policy_no],
                        "fiscal_year": group.filing.fiscal_year,
                        "applicant_no": applicants.get(group.filing.applicant or ""),
                    }
                )
                cited[known.policy_no].add(group.filing_no)
        self._write(rows, counts, cited)

    def _load(self, groups: Sequence[_Group]) -> None:
        """Read the policies that any key of these groups names, with all of their keys."""
        wanted: set[str] = set()
        for group in groups:
            wanted.update(group.keys.all() if group.keys else ())
            wanted.add("i:" + group.claimed_id)
        crowded: list[str] = []
        numbers: set[int] = set()
        for part in _parts(sorted(wanted)):
            counts = sa.select(policy_keys.c.key, sa.func.count()).where(policy_keys.c.key.in_(part))
            found = self._connection.execute(counts.group_by(policy_keys.c.key))
            sizes = {str(row[0]): int(row[1]) for row in found}
            crowded += [key for key, n in sizes.items() if n > CROWDED]
            few = [key for key, n in sizes.items() if n <= CROWDED]
            statement = sa.select(policy_keys.c.policy_no).where(policy_keys.c.key.in_(few))
            numbers.update(row.policy_no for row in self._connection.execute(statement))
        for key in crowded:
            numbers.update(self._connection.execute(_MOST_CITED_UNDER, {"key": key}).scalars())
        missing = sorted(numbers - self._known.keys())
        keys: dict[int, set[str]] = defaultdict(set)
        for part in _parts(missing):
            for row in self._connection.execute(sa.select(policy_keys).where(policy_keys.c.policy_no.in_(part))):
                keys[row.policy_no].add(row.key)
            for row in self._connection.execute(sa.select(policies).where(policies.c.policy_no.in_(part))):
                self._remember(row.policy_no, _candidate(row), keys[row.policy_no])

    def _remember(self, policy_no: int, candidate: Candidate, keys: Iterable[str]) -> _Known:
        known = _Known(policy_no, candidate, set(keys))
        self._known[policy_no] = known
        for key in known.keys:
            self._by_key[key].append(policy_no)
        return known

    def _policy_of(self, group: _Group) -> _Known:
        keys = group.keys
        number_of_id = {self._known[no].candidate.policy_id: no for no in self._numbers_under(group, keys)}
        chosen: Candidate | None = None
        if keys is not None:
            found: dict[str, Sequence[Candidate]] = {
                key: [self._known[no].candidate for no in self._by_key.get(key, ())] for key in keys.all()
            }
            chosen = choose(keys, found, group.filing.fiscal_year)
        if chosen is None:
            same = self._by_key.get("i:" + group.claimed_id, [])
            known = self._known[same[0]] if same else None
            if (
                known is not None
                and keys is not None
                and keys.number
                and known.candidate.number not in (None, keys.number[2:])
            ):
                known = None
        else:
            known = self._known[number_of_id[chosen.policy_id]]
        if known is None:
            known = self._found(group)
        self._teach(known, group)
        return known

    def _numbers_under(self, group: _Group, keys: MentionKeys | None) -> set[int]:
        return {no for key in (keys.all() if keys else ()) for no in self._by_key.get(key, ())}

    def _found(self, group: _Group) -> _Known:
        """Make a policy: by the catalogue where it is known there, else by what this filing prints."""
        named = group.named()
        known = shipped_catalogue().with_id(group.claimed_id)
        if known is not None and _contradicts(group.keys, known):
            known = None
        title = known.title if known else named.title
        number = known.document_number if known else named.document_number
        policy_id = group.claimed_id
        if self._by_key.get("i:" + policy_id):
            policy_id = policy_id_of(f"{policy_id}/{number or title}/{group.filing.fiscal_year}/{self._next_no}")
        folded = fold_title(title) if title else None
        year = (known.year if known else None) or number_year(number)
        candidate = Candidate(
            policy_id,
            number_key(number) if number else None,
            folded,
            year,
            known.kind if known else named.kind,
            known.issuer if known else named.issuer,
            _period(folded),
        )
        policy_no, self._next_no = self._next_no, self._next_no + 1
        self._new.append(
            {
                "policy_no": policy_no,
                "policy_id": policy_id,
                "title": title,
                "document_number": number,
                "issuer": candidate.issuer,
                "year": year,
                "kind": candidate.kind,
                "status": (known.status or None) if known else None,
                "known": known is not None,
                "filings": 0,
                "mentions": 0,
            }
        )
        entry = self._remember(policy_no, candidate, ())
        keys = list(known.keys) if known else keys_of(title, number or "") if title and not _is_own(group) else []
        for key in [*keys, "i:" + policy_id]:
            self._learn(entry, key)
        bodies = [folded.body, search_body(folded), folded.period] if folded else []
        bodies.extend(fold_title(alias).body for alias in (known.aliases if known else ()))
        self._new_terms.extend({"term": term, "policy_no": policy_no} for term in sorted(terms_of(bodies)))
        return entry

    def _teach(self, known: _Known, group: _Group) -> None:
        """Let a policy be found by every print of it, and take over a number that it lacked."""
        keys = group.keys
        if keys is None:
            return
        for key in keys.all():
            if key.startswith("b:"):
                continue
            self._learn(known, key)
            self._printed[key, known.policy_no] += len(group.mentions)
        self._learn(known, "i:" + group.claimed_id)
        number = group.named().document_number
        if keys.number and number and known.candidate.number is None and known.candidate.kind != "law":
            known.candidate = replace(known.candidate, number=keys.number[2:], year=known.candidate.year or keys.year)
            values = {"document_number": number, "year": known.candidate.year}
            for row in self._new:
                if row["policy_no"] == known.policy_no:
                    row.update(values)
                    break
            else:
                self._connection.execute(
                    sa.update(policies).where(policies.c.policy_no == known.policy_no).values(**values)
                )

    def _learn(self, known: _Known, key: str) -> None:
        if key not in known.keys:
            known.keys.add(key)
            self._by_key[key].append(known.policy_no)
            self._added_keys.add((key, known.policy_no))
        if key.startswith("n:") and key.count("|") == 2:
            _, year, serial = key.split("|")
            self._learn(known, f"y:{year}|{serial}")

    def _applicants(self, filings: Sequence[Filing]) -> dict[str, int]:
        names = sorted({filing.applicant for filing in filings if filing.applicant})
        found: dict[str, int] = {}
        for part in _parts(names):
            statement = sa.select(policy_applicants).where(policy_applicants.c.name.in_(part))
            for row in self._connection.execute(statement):
                found[row.name] = row.applicant_no
        missing = [name for name in names if name not in found]
        if missing:
            last = self._connection.execute(sa.select(sa.func.max(policy_applicants.c.applicant_no))).scalar_one() or 0
            fresh = dict(zip(missing, range(last + 1, last + 1 + len(missing)), strict=True))
            rows = [{"applicant_no": number, "name": name} for name, number in fresh.items()]
            self._connection.execute(sa.insert(policy_applicants), rows)
            found.update(fresh)
        return found

    def _write(self, rows: list[dict[str, Any]], counts: Counter[int], cited: dict[int, set[int]]) -> None:
        execute = self._connection.execute
        if self._new:
            execute(sa.insert(policies), self._new)
        if self._new_terms:
            execute(sa.insert(policy_terms), self._new_terms)
        if self._added_keys:
            keys = [{"key": key, "policy_no": no, "mentions": 0} for key, no in sorted(self._added_keys)]
            execute(sa.insert(policy_keys), keys)
        if self._printed:
            execute(_COUNT_KEY, [{"b_key": k, "b_no": no, "b_n": n} for (k, no), n in self._printed.items()])
        if rows:
            execute(sa.insert(policy_mentions), rows)
        if counts:
            execute(
                _COUNT_POLICY, [{"b_no": no, "b_filings": len(cited[no]), "b_mentions": n} for no, n in counts.items()]
            )
        self._new, self._new_terms = [], []
        self._added_keys.clear()
        self._printed.clear()


def drop_filings(connection: Connection, filing_nos: Sequence[int]) -> None:
    """Take the mentions of filings out; a policy that nobody cites any more keeps its id and is no longer listed."""
    for part in _parts(list(filing_nos)):
        statement = (
            sa.select(
                policy_mentions.c.policy_no,
                sa.func.count(sa.distinct(policy_mentions.c.filing_no)).label("filings"),
                sa.func.count().label("mentions"),
            )
            .where(policy_mentions.c.filing_no.in_(part))
            .group_by(policy_mentions.c.policy_no)
        )
        rows = [
            {"b_no": row.policy_no, "b_filings": -row.filings, "b_mentions": -row.mentions}
            for row in connection.execute(statement)
        ]
        if rows:
            connection.execute(_COUNT_POLICY, rows)
            connection.execute(sa.delete(policy_mentions).where(policy_mentions.c.filing_no.in_(part)))


_COUNT_POLICY = (
    sa.update(policies)
    .where(policies.c.policy_no == sa.bindparam("b_no"))
    .values(
        filings=policies.c.filings + sa.bindparam("b_filings"),
        mentions=policies.c.mentions + sa.bindparam("b_mentions"),
    )
)
_COUNT_KEY = (
    sa.update(policy_keys)
    .where(policy_keys.c.key == sa.bindparam("b_key"), policy_keys.c.policy_no == sa.bindparam("b_no"))
    .values(mentions=policy_keys.c.mentions + sa.bindparam("b_n"))
)


def _groups(filing_no: int, filing: Filing) -> list[_Group]:
    """Group the mentions of a filing by the document that they were read as."""
    groups: dict[str, _Group] = {}
    for ordinal, citation in enumerate(filing.citations):
        if citation.policy_id is None:
            continue
        group = groups.setdefault(citation.policy_id, _Group(filing, filing_no, citation.policy_id))
        group.mentions.append((ordinal, citation))
    for group in groups.values():
        group.keys = _keys(group)
    return list(groups.values())


def _keys(group: _Group) -> MentionKeys | None:
    """Join the keys of a group's mentions; the number and the folded title are those of the mention that says most."""
    found = [keys_of_mention(citation, group.filing.applicant) for _, citation in group.mentions]
    best = max(found, key=lambda keys: (keys.number is not None, len(keys.titles)))
    titles = dict.fromkeys(key for keys in [best, *found] for key in keys.titles)
    if not titles and best.number is None:
        return None
    return MentionKeys(best.number, tuple(titles), best.body, best.folded, best.year)


def _is_own(group: _Group) -> bool:
    return group.keys is not None and any("~" in key for key in group.keys.titles)


def _contradicts(keys: MentionKeys | None, known: KnownPolicy) -> bool:
    """Tell whether a mention prints another number than the catalogue has for the document of that id."""
    if keys is None or keys.number is None or known.document_number is None or known.kind == "law":
        return False
    return keys.number[2:] != number_key(known.document_number)


def _candidate(row: sa.Row[Any]) -> Candidate:
    folded = fold_title(row.title) if row.title else None
    number = number_key(row.document_number) if row.document_number else None
    return Candidate(row.policy_id, number, folded, row.year, row.kind, row.issuer, _period(folded))


def _period(folded: TitleKey | None) -> tuple[int, int] | None:
    if folded is None or not folded.period:
        return None
    first, _, last = folded.period.partition("-")
    return int(first), int(last)


def _parts(values: Sequence[Any]) -> Iterable[list[Any]]:
    for start in range(0, len(values), _IN_LIMIT):
        yield list(values[start : start + _IN_LIMIT])
