"""Reads the citator's tables: which policies a query names, who cites one, what is cited with it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from perfsearch.extract.folding import TitleKey, fold_title, number_lookup_key, title_lookup_key
from perfsearch.extract.numbers import normalize_document_number
from perfsearch.indexes.bodies import decode_sections
from perfsearch.indexes.policy_schema import (
    policies,
    policy_applicants,
    policy_keys,
    policy_mentions,
    policy_terms,
)
from perfsearch.indexes.policy_terms import score, terms_of
from perfsearch.indexes.schema import filings

POSTINGS_MAX = 4_000
"""Policies under a term above which it is only used to score, not to find, where a rarer term is there."""
CANDIDATES_MAX = 200
"""Policies that are scored; with fewer terms than candidates, the least cited ones are left out."""
SCORE_MIN = 0.45
"""Least score of a match. `十三五科普规划` against 上海市科普事业“十三五”发展规划 gives 0.79, a title that shares only 规划 0.2."""
CO_CITED_FILINGS = 1_000
"""Filings of a widely cited policy that are looked at for what is cited with it: 6 ms, where all 33,000 took 180 ms."""
SURE = 0.95
"""Least score of a match that is beyond doubt: 十三五科普规划 matches its plan at 0.99, the next at 0.71."""
CLOSE = 0.75
"""Least score with which a title found by its characters stands for what was typed."""
_WORD_BREAK = re.compile(r"[\s,，、;；]+")


@dataclass(frozen=True, slots=True)
class Match:
    """A policy (a row of `policies`) that a query names, and how well."""

    row: Row[Any]
    score: float


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a filing cites a policy, with the filing's header and the text of the section."""

    filing_no: int
    filing_id: str
    source_file: str
    source_index: int
    source_pages: str | None
    fiscal_year: int | None
    applicant: str | None
    project_name: str | None
    section: str
    start: int
    end: int
    implicit: bool
    text: str


class PolicyBook:
    """Answers about policies; every call is one short read of the records."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._read = read

    # -- finding policies

    def count(self) -> int:
        """How many policies are cited."""
        with self._read() as connection:
            statement = sa.select(sa.func.count()).select_from(policies).where(policies.c.filings > 0)
            return int(connection.execute(statement).scalar_one())

    def most_cited(self, limit: int, offset: int = 0) -> list[Row[Any]]:
        """Policies by the number of filings that cite them."""
        statement = (
            sa.select(policies)
            .where(policies.c.filings > 0)
            .order_by(policies.c.filings.desc(), policies.c.mentions.desc(), policies.c.policy_no)
            .limit(limit)
            .offset(offset)
        )
        with self._read() as connection:
            return list(connection.execute(statement))

    def rows(self, policy_nos: Sequence[int]) -> dict[int, Row[Any]]:
        """Policies by number."""
        if not policy_nos:
            return {}
        with self._read() as connection:
            statement = sa.select(policies).where(policies.c.policy_no.in_([int(no) for no in policy_nos]))
            return {row.policy_no: row for row in connection.execute(statement)}

    def under(self, keys: Sequence[str]) -> list[Row[Any]]:
        """Policies under any of these lookup keys, most cited first."""
        if not keys:
            return []
        statement = (
            sa.select(policies)
            .where(
                policies.c.policy_no.in_(sa.select(policy_keys.c.policy_no).where(policy_keys.c.key.in_(list(keys))))
            )
            .order_by(policies.c.filings.desc(), policies.c.policy_no)
        )
        with self._read() as connection:
            return list(connection.execute(statement))

    def exact(self, query: str) -> list[Row[Any]]:
        """Policies that a query names exactly: by id, document number, title or short name; most cited first."""
        text = query.strip()
        if re.fullmatch(r"p-[0-9a-f]{12}", text):
            return self.under(["i:" + text])
        number = normalize_document_number(text)
        if number is not None:
            return self.under([number_lookup_key(number)])
        folded = fold_title(text)
        if not folded.body:
            return []
        for keys in (
            [title_lookup_key(folded, with_issuer=True), title_lookup_key(folded)],
            ["b:" + folded.body] if not folded.period else [],
        ):
            found = self.under(list(dict.fromkeys(keys)))
            if folded.issuer:
                found = [row for row in found if _issuer_fits(folded, row)] or found
            if found:
                return found
        return []

    def named(self, policy: str) -> Row[Any] | None:
        """The policy that a text names, None where none is cited: exactly, else the best match that is beyond doubt."""
        exact = self.exact(policy)
        if exact:
            return exact[0]
        if normalize_document_number(policy.strip()) is not None:
            return None
        matches = self.find(policy)
        return matches[0].row if matches and matches[0].score >= CLOSE else None

    def meant_by(self, policy: str) -> list[int]:
        """Numbers of the policies that a filter means by a text: the exact ones, else the close ones."""
        exact = self.exact(policy)
        if exact or normalize_document_number(policy.strip()) is not None:
            return [row.policy_no for row in exact]
        matches = self.find(policy)
        if not matches:
            return []
        floor = max(CLOSE, matches[0].score - 0.05)
        return [match.row.policy_no for match in matches if match.score >= floor]

    def sure(self, query: str) -> list[Match]:
        """What `find` gives with a score of SURE and more, in a tenth of the time: exact titles, or all of the words
        and the period (十三五科普规划); without a period nothing but an exact title scores so high.
        """
        exact = [Match(row, 1.0) for row in self.exact(query)]
        if exact or not any(fold_title(word).period for word in _WORD_BREAK.split(query)):
            return exact
        return [match for match in self.find(query) if match.score >= SURE]

    def find(self, query: str) -> list[Match]:
        """Policies that match a query, best first: exact ones, else those whose titles share most of its characters."""
        exact = self.exact(query)
        matches = {row.policy_no: Match(row, 1.0) for row in exact}
        if normalize_document_number(query.strip()) is None:
            for match in self._alike(query):
                if not exact or match.score >= CLOSE:
                    matches.setdefault(match.row.policy_no, match)
        return sorted(matches.values(), key=lambda m: (-m.score, -m.row.filings, m.row.policy_no))

    def _alike(self, query: str) -> list[Match]:
        words = [word for word in _WORD_BREAK.split(query.strip()) if word]
        folded = [fold_title(word) for word in words]
        period = next((key.period for key in folded if key.period), "")
        bodies = [key.body for key in folded if key.body]
        terms = terms_of(bodies)
        with self._read() as connection:
            if terms:
                rows = self._sharing(connection, sorted(terms))
            elif bodies:
                rows = self._containing(connection, bodies)
            elif period:
                rows = self._sharing(connection, sorted(terms_of([period])))
            else:
                return []
        scored = (Match(row, score(bodies, period, query, row.title or "")) for row in rows)
        return [match for match in scored if match.score >= SCORE_MIN and match.row.filings > 0]

    def _sharing(self, connection: Connection, terms: list[str]) -> list[Row[Any]]:
        sizes = {term: connection.execute(_POSTINGS, {"term": term}).scalar_one() for term in terms[:40]}
        present = [term for term, size in sizes.items() if size]
        rare = [term for term in present if sizes[term] < POSTINGS_MAX] or present
        if not rare:
            return []
        shared = (
            sa.select(policy_terms.c.policy_no, sa.func.count().label("shared"))
            .where(policy_terms.c.term.in_(rare))
            .group_by(policy_terms.c.policy_no)
            .subquery()
        )
        statement = (
            sa.select(policies)
            .join(shared, shared.c.policy_no == policies.c.policy_no)
            .order_by(shared.c.shared.desc(), policies.c.filings.desc())
            .limit(CANDIDATES_MAX)
        )
        return list(connection.execute(statement))

    def _containing(self, connection: Connection, bodies: list[str]) -> list[Row[Any]]:
        conditions = [policies.c.title.contains(body, autoescape=True) for body in bodies]
        statement = sa.select(policies).where(*conditions).order_by(policies.c.filings.desc()).limit(CANDIDATES_MAX)
        return list(connection.execute(statement))

    # -- who cites

    def filings_citing(self, policy_nos: Sequence[int]) -> list[int]:
        """Numbers of the filings that cite any of these policies, ascending."""
        table = policy_mentions.c
        statement = sa.select(table.filing_no).where(
            table.policy_no.in_([int(no) for no in policy_nos]), table.is_first
        )
        with self._read() as connection:
            return sorted(set(connection.execute(statement).scalars().all()))

    def newest_citing(self, policy_no: int) -> list[int]:
        """Numbers of the CO_CITED_FILINGS filings added last that cite a policy, newest first."""
        with self._read() as connection:
            return list(connection.execute(_NEWEST, {"policy_no": int(policy_no)}).scalars().all())

    def numbers_citing(self, year: int, serial: int) -> list[tuple[int, str]]:
        """(filing number, document number) of every filing that cites a document of that year and serial number."""
        statement = (
            sa.select(policy_mentions.c.filing_no, policies.c.document_number)
            .join(policies, policies.c.policy_no == policy_mentions.c.policy_no)
            .join(policy_keys, policy_keys.c.policy_no == policies.c.policy_no)
            .where(policy_keys.c.key == f"y:{year}|{serial}", policies.c.document_number.is_not(None))
            .distinct()
        )
        with self._read() as connection:
            return [(row.filing_no, row.document_number) for row in connection.execute(statement)]

    def policies_of(self, filing_nos: Sequence[int]) -> list[tuple[int, int]]:
        """(filing number, policy number) of every policy that these filings cite."""
        statement = sa.select(policy_mentions.c.filing_no, policy_mentions.c.policy_no).where(
            policy_mentions.c.filing_no.in_([int(no) for no in filing_nos]), policy_mentions.c.is_first
        )
        with self._read() as connection:
            return [(row.filing_no, row.policy_no) for row in connection.execute(statement)]

    def usage(self, policy_no: int, applicants: int) -> tuple[dict[int | None, int], dict[str, int], dict[int, int]]:
        """Filings that cite a policy by fiscal year, mentions by section, filings of the `applicants` that cite it most."""
        table = policy_mentions.c
        mine = table.policy_no == policy_no
        n = sa.func.count().label("n")
        by_year = sa.select(table.fiscal_year, n).where(mine, table.is_first).group_by(table.fiscal_year)
        by_section = sa.select(table.section, n).where(mine).group_by(table.section).order_by(sa.desc("n"))
        by_applicant = (
            sa.select(table.applicant_no, n)
            .where(mine, table.is_first, table.applicant_no.is_not(None))
            .group_by(table.applicant_no)
            .order_by(sa.desc("n"), table.applicant_no)
            .limit(applicants)
        )
        with self._read() as connection:
            return (
                {row[0]: row[1] for row in connection.execute(by_year)},
                {row[0]: row[1] for row in connection.execute(by_section)},
                {row[0]: row[1] for row in connection.execute(by_applicant)},
            )

    def applicants_named(self, text: str, limit: int = 10) -> list[tuple[int, str]]:
        """Numbers and names of applicants whose name contains a text, the shortest names first."""
        statement = (
            sa.select(policy_applicants)
            .where(policy_applicants.c.name.contains(text, autoescape=True))
            .order_by(sa.func.length(policy_applicants.c.name), policy_applicants.c.name)
            .limit(limit)
        )
        with self._read() as connection:
            return [(row.applicant_no, row.name) for row in connection.execute(statement)]

    def cited_by(self, applicant_no: int, limit: int) -> list[tuple[int, int]]:
        """Policies that an applicant's filings cite, and in how many of them, most first."""
        table = policy_mentions.c
        statement = (
            sa.select(table.policy_no, sa.func.count().label("n"))
            .where(table.applicant_no == applicant_no, table.is_first)
            .group_by(table.policy_no)
            .order_by(sa.desc("n"), table.policy_no)
            .limit(limit)
        )
        with self._read() as connection:
            return [(row[0], row[1]) for row in connection.execute(statement)]

    def pairs(self, policy_nos: Sequence[int]) -> Counter[tuple[int, int]]:
        """Filings that cite both, for every two of these policies; of each the CO_CITED_FILINGS filings added last."""
        by_filing: dict[int, list[int]] = defaultdict(list)
        with self._read() as connection:
            for policy_no in sorted(policy_nos):
                for number in connection.execute(_NEWEST, {"policy_no": int(policy_no)}).scalars().all():
                    by_filing[number].append(policy_no)
        found: Counter[tuple[int, int]] = Counter()
        for cited in by_filing.values():
            found.update(combinations(cited, 2))
        return found

    def applicant_names(self, numbers: Sequence[int]) -> dict[int, str]:
        """Names of applicants by number."""
        statement = sa.select(policy_applicants).where(policy_applicants.c.applicant_no.in_(list(numbers)))
        with self._read() as connection:
            return {row.applicant_no: row.name for row in connection.execute(statement)}

    def co_cited(self, policy_no: int, limit: int) -> tuple[list[tuple[Row[Any], int]], int]:
        """Policies that are cited in the same filings, and in how many of them, most first; and of how many that is.

        Of a policy that more than CO_CITED_FILINGS filings cite, the ones added last are looked at.
        """
        with self._read() as connection:
            asked = {"policy_no": int(policy_no)}
            looked = connection.execute(_COUNT_NEWEST, asked).scalar_one()
            shared = {row[0]: row[1] for row in connection.execute(_CO_CITED, {**asked, "limit": limit})}
        rows = self.rows(list(shared))
        return [(rows[no], count) for no, count in shared.items() if no in rows], looked

    def mentions(self, policy_no: int, limit: int, offset: int = 0) -> list[Mention]:
        """Places where a policy is cited, newest filings first, each with its section's text."""
        statement = (
            sa.select(policy_mentions)
            .where(policy_mentions.c.policy_no == policy_no)
            .order_by(
                policy_mentions.c.fiscal_year.desc().nulls_last(),
                policy_mentions.c.filing_no.desc(),
                policy_mentions.c.ordinal,
            )
            .limit(limit)
            .offset(offset)
        )
        with self._read() as connection:
            return _mentions(connection, list(connection.execute(statement)))

    def mentions_in(self, policy_no: int, filing_no: int) -> list[Mention]:
        """Places where one filing cites a policy."""
        statement = sa.select(policy_mentions).where(
            policy_mentions.c.policy_no == policy_no, policy_mentions.c.filing_no == filing_no
        )
        with self._read() as connection:
            return _mentions(connection, list(connection.execute(statement)))

    # -- evidence for findings

    def prints_of(self, policy_no: int) -> list[tuple[str, int]]:
        """Lookup keys under which filings print a policy, and how often, most first."""
        statement = (
            sa.select(policy_keys.c.key, policy_keys.c.mentions)
            .where(policy_keys.c.policy_no == policy_no, policy_keys.c.mentions > 0)
            .order_by(policy_keys.c.mentions.desc(), policy_keys.c.key)
        )
        with self._read() as connection:
            return [(row.key, row.mentions) for row in connection.execute(statement)]


_NEWEST = (
    sa.select(policy_mentions.c.filing_no)
    .where(policy_mentions.c.policy_no == sa.bindparam("policy_no"), policy_mentions.c.is_first)
    .order_by(policy_mentions.c.filing_no.desc())
    .limit(CO_CITED_FILINGS)
)
_NEWEST_HERE = _NEWEST.subquery()
_COUNT_NEWEST = sa.select(sa.func.count()).select_from(_NEWEST_HERE)
_CO_CITED = (
    sa.select(policy_mentions.c.policy_no, sa.func.count().label("shared"))
    .where(
        policy_mentions.c.filing_no.in_(sa.select(_NEWEST_HERE.c.filing_no)),
        policy_mentions.c.is_first,
        policy_mentions.c.policy_no != sa.bindparam("policy_no"),
    )
    .group_by(policy_mentions.c.policy_no)
    .order_by(sa.desc("shared"), policy_mentions.c.policy_no)
    .limit(sa.bindparam("limit"))
)
_POSTINGS = sa.select(sa.func.count()).select_from(
    sa.select(policy_terms.c.policy_no)
    .where(policy_terms.c.term == sa.bindparam("term"))
    .limit(POSTINGS_MAX)
    .subquery()
)


def _issuer_fits(folded: TitleKey, row: Row[Any]) -> bool:
    other = fold_title(row.title or "").issuer
    return not other or other == folded.issuer


def _mentions(connection: Connection, places: Sequence[Any]) -> list[Mention]:
    """Put rows of `policy_mentions` beside the headers and texts of their filings, in that order."""
    columns = (
        filings.c.filing_no,
        filings.c.id,
        filings.c.source_file,
        filings.c.source_index,
        filings.c.source_pages,
        filings.c.fiscal_year,
        filings.c.applicant,
        filings.c.project_name,
        filings.c.body,
    )
    numbers = sorted({place.filing_no for place in places})
    headers: dict[int, tuple[Any, dict[str, str]]] = {}
    for start in range(0, len(numbers), 500):
        statement = sa.select(*columns).where(filings.c.filing_no.in_(numbers[start : start + 500]))
        for row in connection.execute(statement):
            headers[row.filing_no] = (row, decode_sections(row.body))
    return [
        Mention(
            place.filing_no,
            row.id,
            row.source_file,
            row.source_index,
            row.source_pages,
            row.fiscal_year,
            row.applicant,
            row.project_name,
            place.section,
            place.start,
            place.end,
            place.implicit,
            sections.get(place.section, ""),
        )
        for place in places
        if place.filing_no in headers
        for row, sections in [headers[place.filing_no]]
    ]
