"""The catalogue of known laws and policy documents, shipped as facts: titles, numbers, issuers, dates, status."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

from perfsearch.extract.folding import fold_title, number_lookup_key, title_lookup_key
from perfsearch.extract.genres import Kind

__all__ = ["COLUMNS", "Catalogue", "KnownPolicy", "identity_key", "keys_of", "read_catalogue", "shipped_catalogue"]

COLUMNS = (
    "policy_id", "title", "document_number", "issuer", "kind", "published", "effective", "repealed", "replaced_by", "status", "aliases", "amended", "keys",
)  # fmt: skip
"""Columns of catalogue.tsv.gz. Dates are ISO 8601, years alone where no more is known; lists are joined by 、, `keys` (the
lookup keys, folded when the table was built) by blanks."""


@dataclass(frozen=True, slots=True)
class KnownPolicy:
    """One document of the catalogue. `repealed` is the day from which it no longer holds, empty where unknown or in force."""

    policy_id: str
    title: str
    document_number: str | None
    issuer: str | None
    kind: Kind
    published: str
    effective: str
    repealed: str
    replaced_by: str
    status: str
    aliases: tuple[str, ...] = ()
    amended: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def year(self) -> int | None:
        """The year of the number, else of the first publication that is known."""
        text = self.document_number.partition("〔")[2] if self.document_number else ""
        digits = text[:4] or min((self.published, *self.amended))[:4]
        return int(digits) if digits.isdigit() else None


class Catalogue:
    """Documents by number and by folded title; a title or a short name can name several."""

    def __init__(self, policies: Iterable[KnownPolicy]) -> None:
        self.policies = tuple(policies)
        self._by_key: dict[str, list[KnownPolicy]] = defaultdict(list)
        self._by_id: dict[str, KnownPolicy] = {}
        self._laws: dict[str, list[str]] = defaultdict(list)
        for policy in self.policies:
            self._by_id.setdefault(policy.policy_id, policy)
            for key in policy.keys:
                if policy not in self._by_key[key]:
                    self._by_key[key].append(policy)
            if policy.kind == "law":
                plain = policy.title
                if plain.endswith("法") and not plain.endswith("办法") and len(plain) <= 20:
                    self._laws[plain[0]].append(plain)

    def __len__(self) -> int:
        return len(self.policies)

    def __iter__(self) -> Iterator[KnownPolicy]:
        return iter(self.policies)

    def with_id(self, policy_id: str) -> KnownPolicy | None:
        """Return the document of that id."""
        return self._by_id.get(policy_id)

    def with_key(self, key: str) -> list[KnownPolicy]:
        """Return the documents that a lookup key names (`n:` for numbers, `t:` for folded titles)."""
        return self._by_key.get(key, [])

    def law_named(self, short: str) -> KnownPolicy | None:
        """Return the one statute that `short` abbreviates, None where none or several fit.

        A short name begins and ends as the full one and keeps its characters in order: 科技进步法 for 科学技术进步法.
        """
        if not 3 <= len(short) <= 10 or not short.endswith("法"):
            return None
        fitting = {law for law in self._laws.get(short[0], ()) if len(law) > len(short) and _in_order(short, law)}
        if len(fitting) != 1:
            return None
        return self.with_key("t:" + fitting.pop())[0]


def _in_order(short: str, long: str) -> bool:
    position = 0
    for character in short:
        position = long.find(character, position) + 1
        if not position:
            return False
    return True


def keys_of(title: str, number: str, aliases: Iterable[str] = ()) -> list[str]:
    """Return the lookup keys of a document: its number, its folded title with and without issuer, its short names.

    A title with a period is also found without it, under `b:`.
    """
    folded = fold_title(title)
    keys = [number_lookup_key(number)] if number else []
    keys.append(title_lookup_key(folded))
    if folded.issuer:
        keys.append(title_lookup_key(folded, with_issuer=True))
    if folded.period:
        keys.append("b:" + folded.body)
    keys.extend(title_lookup_key(fold_title(alias)) for alias in aliases)
    return list(dict.fromkeys(keys))


def identity_key(title: str, number: str, kind: str) -> str:
    """Return the key that gives a document its id: the number, but the title for laws, whose numbers change with versions."""
    return (
        number_lookup_key(number) if number and kind != "law" else title_lookup_key(fold_title(title), with_issuer=True)
    )


def read_catalogue(lines: Iterable[str]) -> Catalogue:
    """Read a catalogue from the lines of its table."""
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, escapechar="\\")
    return Catalogue(map(_policy_of, rows))


def _policy_of(row: dict[str, str]) -> KnownPolicy:
    return KnownPolicy(
        policy_id=row["policy_id"],
        title=row["title"],
        document_number=row["document_number"] or None,
        issuer=row["issuer"] or None,
        kind=cast(Kind, row["kind"]),
        published=row["published"],
        effective=row["effective"],
        repealed=row["repealed"],
        replaced_by=row["replaced_by"],
        status=row["status"],
        aliases=tuple(filter(None, row["aliases"].split("、"))),
        amended=tuple(filter(None, row["amended"].split("、"))),
        keys=tuple(row["keys"].split(" ")),
    )


@cache
def shipped_catalogue() -> Catalogue:
    """Return the catalogue that ships with the package; read once."""
    packed = files("perfsearch.extract").joinpath("catalogue.tsv.gz").read_bytes()
    return read_catalogue(io.StringIO(gzip.decompress(packed).decode("utf-8")))
