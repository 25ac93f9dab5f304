"""Names found whole, in part, by a short form, with a slip of the pen, or by their sound.

An inverted index of character pairs in flat arrays, so that it can lie on disk and be mapped: of 100,000 filings it
takes 15 MB and opens at once, where to build it takes seconds.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfsearch.indexes.arrays import Column
from perfsearch.indexes.names import NAME_LENGTH_MIN, fold_name, fold_project_name, short_forms
from perfsearch.indexes.sounds import SoundIndex, latin_key
from perfsearch.text.normalize import normalize

NAME_LENGTH_MAX = 60
"""A longer name is not looked for in a query."""
SOUND_LENGTH_MAX = 24
"""Characters of a query that may be a name written by its sound; what is longer, or several words, is none."""
NEAR_MAX = 50
"""Names alike that are looked at."""

COLUMNS = {
    "names": Column(np.uint8),
    "owner_names": Column(np.int32),
    "owners": Column(np.int32),
    "forms": Column(np.uint8),
    "form_of": Column(np.int32),
    "form_starts": Column(np.int32),
    "pairs": Column(np.uint64),
    "pair_starts": Column(np.int32),
    "postings": Column(np.int32),
}
"""`names` and `forms` (short forms) are folded, a line each, ascending. `owners` are filing numbers by name (`owner_names`,
ascending); name numbers of form i are `form_of[form_starts[i]:form_starts[i + 1]]`, those of pair i (two code points in
one number) `postings[pair_starts[i]:pair_starts[i + 1]]`, ascending."""

Ints = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class NameMatch:
    """One name that a query means: `how` is full, short, part, close or sound; `similarity` is 1.0 for all but close."""

    name: str
    how: str
    similarity: float
    filing_nos: Ints


class NameIndex:
    """Folded names and the filings that bear them; `bodies`: names of applicants, which have short forms."""

    def __init__(self, arrays: Arrays, *, bodies: bool) -> None:
        self._arrays = arrays
        self._bodies = bodies

    @classmethod
    def build(cls, names: Iterable[tuple[int, str]], *, bodies: bool) -> NameIndex:
        """Index (filing number, name) pairs."""
        known: dict[str, int] = {}
        owners: list[tuple[int, int]] = []
        fold = fold_name if bodies else fold_project_name
        for filing_no, name in names:
            # As it comes back from disk: a lone surrogate would stand elsewhere in the order.
            folded = fold(name).replace("\n", "").encode("utf-8", "replace").decode("utf-8")
            if len(folded) >= 2:
                owners.append((known.setdefault(folded, len(known)), filing_no))
        return cls._of(list(known), np.asarray(owners, dtype=np.int64).reshape(-1, 2), bodies)

    @classmethod
    def _of(cls, names: Sequence[str], owners: Ints, bodies: bool) -> NameIndex:
        """Of different folded names, and (place of the name, filing number) pairs, (n, 2)."""
        order = sorted(range(len(names)), key=names.__getitem__)
        number = np.empty(len(names), dtype=np.int64)
        number[order] = np.arange(len(names))
        names = [names[place] for place in order]
        owners = np.stack([number[owners[:, 0]], owners[:, 1]], axis=1)
        owners = owners[np.lexsort((owners[:, 1], owners[:, 0]))]
        arrays = {"names": _lines(names), "owner_names": owners[:, 0], "owners": owners[:, 1]}
        arrays |= _short_arrays(names if bodies else [])
        arrays |= _pair_arrays(names)
        return cls({name: np.asarray(array, COLUMNS[name].dtype) for name, array in arrays.items()}, bodies=bodies)

    def joined(self, other: NameIndex) -> NameIndex:
        """An index of the names of both."""
        known = {name: number for number, name in enumerate(self._names)}
        theirs = np.asarray([known.setdefault(name, len(known)) for name in other._names], dtype=np.int64)
        mine = np.stack([self._arrays["owner_names"], self._arrays["owners"]], axis=1).astype(np.int64)
        numbers = theirs[other._arrays["owner_names"]] if len(theirs) else np.empty(0, dtype=np.int64)
        owners = np.stack([numbers, other._arrays["owners"].astype(np.int64)], axis=1)
        return self._of(list(known), np.concatenate([mine, owners]), self._bodies)

    @property
    def arrays(self) -> Arrays:
        """What `COLUMNS` names, to be kept."""
        return self._arrays

    @cached_property
    def _names(self) -> list[str]:
        return _read_lines(self._arrays["names"])

    @cached_property
    def _forms(self) -> list[str]:
        return _read_lines(self._arrays["forms"])

    @cached_property
    def _lengths(self) -> NDArray[np.float32]:
        """Pairs of each name, repeated ones counted as often as they occur."""
        return np.asarray([len(name) - 1 for name in self._names], dtype=np.float32)

    def __len__(self) -> int:
        return len(self._names)

    def _owners(self, number: int) -> Ints:
        first, last = np.searchsorted(self._arrays["owner_names"], (number, number + 1))
        return self._arrays["owners"][first:last].astype(np.int64)

    def find(self, query: str, *, limit: int = 20, similarity_min: float = 0.6) -> list[NameMatch]:
        """The names that the query means, surest first.

        full: the whole name stands in the query; short: its short form does; part: the query stands in the name;
        close: the Dice coefficient of their character pairs is at least `similarity_min` (a character wrong,
        missing or added).
        """
        folded = fold_name(query)
        seen: set[str] = set()
        matches = self._full_and_short(folded, seen)
        bare = fold_project_name(query)
        if len(bare) >= NAME_LENGTH_MIN and len(self._arrays["pairs"]):
            for number, similarity, part in self._near(bare, similarity_min):
                if self._names[number] not in seen:
                    how = "part" if part else "close"
                    matches.append(NameMatch(self._names[number], how, similarity, self._owners(number)))
        return matches[:limit]

    def sounding(self, query: str, *, limit: int = 20) -> list[NameMatch]:
        """Names that sound like the query, or have it in them: it is typed in pinyin, or with characters of that sound."""
        plain = normalize(query).text.strip()
        if not latin_key(plain) and (len(plain) > SOUND_LENGTH_MAX or " " in plain):
            return []
        places = self._sounds.find(plain if latin_key(plain) else fold_name(query), limit)
        numbers: dict[int, None] = {}
        for place in places:
            form = place - len(self._names)
            numbers.update(dict.fromkeys([place] if form < 0 else self._meant_by(form)))
        return [NameMatch(self._names[number], "sound", 1.0, self._owners(number)) for number in list(numbers)[:limit]]

    @cached_property
    def _sounds(self) -> SoundIndex:
        return SoundIndex([*self._names, *self._forms])

    def _meant_by(self, form: int) -> list[int]:
        """The numbers of the names that a short form stands for."""
        first, last = self._arrays["form_starts"][form : form + 2].tolist()
        numbers: list[int] = self._arrays["form_of"][first:last].tolist()
        return numbers

    def _full_and_short(self, folded: str, seen: set[str]) -> list[NameMatch]:
        """Names that stand in the query; `seen` collects the full names they mean."""
        found: list[NameMatch] = []
        covered_to = -1
        # Longest first from each position, so that 上海市科协 is not also read as 市科协.
        for start in range(len(folded) - 2):
            # At most places of a query no name begins.
            if not any(_begins(texts, folded[start : start + 2]) for texts in (self._names, self._forms)):
                continue
            for end in range(min(len(folded), start + NAME_LENGTH_MAX), max(start + 2, covered_to), -1):
                piece = folded[start:end]
                number = _place(self._names, piece) if len(piece) >= NAME_LENGTH_MIN else None
                if number is not None:
                    found.append(NameMatch(piece, "full", 1.0, self._owners(number)))
                    seen.add(piece)
                elif (form := _place(self._forms, piece)) is not None:
                    numbers = self._meant_by(form)
                    seen.update(self._names[n] for n in numbers)
                    owners = np.unique(np.concatenate([self._owners(n) for n in numbers]))
                    found.append(NameMatch(piece, "short", 1.0, owners))
                else:
                    continue
                covered_to = max(covered_to, end)
                break
        return found

    def _near(self, bare: str, similarity_min: float) -> list[tuple[int, float, bool]]:
        """(number, similarity, whether the query stands in it) of the names most alike."""
        pairs = np.unique(_pairs_of(np.asarray([ord(c) for c in bare], dtype=np.uint64)))
        numbers, shared = self._sharing(pairs, similarity_min)
        if not len(numbers):
            return []
        dice = 2.0 * shared / (self._lengths[numbers] + len(pairs))
        inside = shared >= len(pairs)
        candidates = np.flatnonzero((dice >= similarity_min) | inside)
        found = []
        for place in candidates[np.argsort(-dice[candidates], kind="stable")][:NEAR_MAX].tolist():
            number = int(numbers[place])
            part = bool(inside[place]) and bare in self._names[number]
            if part or dice[place] >= similarity_min:
                found.append((number, float(dice[place]), part))
        return found

    def _sharing(
        self, pairs: NDArray[np.uint64], similarity_min: float
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Names that can be as similar as that (ascending), and how many of these pairs each of them has.

        Such a name has at least `least` of the pairs, so it stands under one of the rarest of them already; under the
        frequent ones, which half of all names may have, only those are looked up.
        """
        known, starts = self._arrays["pairs"], self._arrays["pair_starts"]
        places = np.minimum(np.searchsorted(known, pairs), len(known) - 1)
        places = places[known[places] == pairs]
        postings = [self._arrays["postings"][starts[place] : starts[place + 1]] for place in places.tolist()]
        postings.sort(key=len)
        least = max(1, math.ceil(similarity_min * len(pairs) / (2.0 - similarity_min) - 1e-9))
        # Pairs that no name has are the rarest.
        n_rare = len(postings) - least + 1
        if n_rare <= 0:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
        numbers, counts = np.unique(np.concatenate(postings[:n_rare]), return_counts=True)
        shared = counts.astype(np.float32)
        for frequent in postings[n_rare:]:
            where = np.minimum(np.searchsorted(frequent, numbers), len(frequent) - 1)
            shared += frequent[where] == numbers
        return numbers, shared


def _place(texts: Sequence[str], text: str) -> int | None:
    """Where a text stands in an ascending list."""
    place = bisect_left(texts, text)
    return place if place < len(texts) and texts[place] == text else None


def _begins(texts: Sequence[str], head: str) -> bool:
    """Whether any text of an ascending list begins so."""
    place = bisect_left(texts, head)
    return place < len(texts) and texts[place].startswith(head)


def _lines(texts: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("".join(f"{text}\n" for text in texts).encode("utf-8", "replace"), dtype=np.uint8)


def _read_lines(column: NDArray[Any]) -> list[str]:
    return column.tobytes().decode("utf-8").split("\n")[:-1]


def _short_arrays(names: Sequence[str]) -> dict[str, NDArray[Any]]:
    meant: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        for form in sorted(short_forms(name)):
            meant.setdefault(form, []).append(number)
    forms = sorted(meant)
    counts = [len(meant[form]) for form in forms]
    return {
        "forms": _lines(forms),
        "form_of": np.asarray([number for form in forms for number in meant[form]], dtype=np.int32),
        "form_starts": np.concatenate([[0], np.cumsum(np.asarray(counts, dtype=np.int64))]),
    }


def _pair_arrays(names: Sequence[str]) -> dict[str, NDArray[Any]]:
    lengths = np.asarray([len(name) for name in names], dtype=np.int64)
    points = np.frombuffer("".join(names).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    pairs = _pairs_of(points)
    owners = np.repeat(np.arange(len(names), dtype=np.int64), lengths)
    within = owners[1:] == owners[:-1]
    known, places = np.unique(pairs[within], return_inverse=True)
    # Each name once under each of its pairs, names ascending.
    keys = np.unique(places.astype(np.int64) * max(1, len(names)) + owners[:-1][within])
    under = keys // max(1, len(names))
    return {
        "pairs": known,
        "pair_starts": np.searchsorted(under, np.arange(len(known) + 1)),
        "postings": keys % max(1, len(names)),
    }


def _pairs_of(points: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every two neighbours of some code points as one number."""
    if len(points) < 2:
        return np.empty(0, dtype=np.uint64)
    return (points[:-1] << np.uint64(32)) | points[1:]
