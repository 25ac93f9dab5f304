"""What two texts are compared by: their letters, digits and ideographs, and winnowed hashes of short runs of these.

White space, punctuation, width and case do not count, nor does a character or a short pattern that is repeated on and
on; a map leads back to the original. Winnowing (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003) keeps of every
window of `WINDOW` successive grams the least hash: any run of GRAM + WINDOW - 1 = 13 characters that two texts share
leaves at least one hash in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from perfsearch.text.normalize import normalize

GRAM = 5
"""Characters in a fingerprint. Where three words in ten are replaced, a run of 5 characters survives 1.5 times as
often as one of 6; one of 4 is shared by unrelated texts three times as often."""
WINDOW = 9
"""Successive grams of which one is kept: GRAM + WINDOW - 1 is the shared run that can't be missed."""
GUARANTEED = GRAM + WINDOW - 1
"""Characters of the shortest common run that always leaves a common fingerprint."""

PERIOD_MAX = 4
REPEAT_MAX = 12
"""A pattern of up to PERIOD_MAX characters that goes on for longer than this is cut there (rows of dashes, zeros)."""
BLOCK = 48
DISTINCT_MIN = 7
"""A block of characters with fewer different ones is no prose (which has 30 to 40 of 48), and is left out."""
_PART = 16

Codes = NDArray[np.uint32]
Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A text as it is compared: `codes[i]` stands for `text[starts[i]:ends[i]]` of the original `text`."""

    text: str
    codes: Codes
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.codes)

    def string(self, start: int = 0, end: int | None = None) -> str:
        """The folded characters of a half-open span."""
        return self.codes[start:end].tobytes().decode("utf-32-le", "surrogatepass")


def fold(text: str) -> Folded:
    """Keep letters, digits and ideographs, folded in width, case and script; linear in the text."""
    normal = normalize(text)
    codes = _codes(normal.text)
    places = np.flatnonzero(_counts_as_text(codes))
    if _may_repeat(codes[places]):
        places = places[_not_repeated(codes[places])]
    offsets = normal.offsets
    if isinstance(offsets, range):
        return Folded(text, codes[places], places, places + 1)
    original = np.asarray(offsets, dtype=np.int64)
    starts = original[places]
    # One original character can fold to several (㎡ -> m2): it ends where the next original character begins.
    following = np.searchsorted(original, starts, side="right")
    ends = original[np.minimum(following, len(original) - 1)]
    return Folded(text, codes[places], starts, ends)


def _codes(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


@cache
def _table() -> NDArray[np.bool_]:
    return np.fromiter((chr(code).isalnum() for code in range(0x10000)), dtype=np.bool_, count=0x10000)


def _counts_as_text(codes: Codes) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = _table()[np.minimum(codes, 0xFFFF)]
    high = codes > 0xFFFF
    if high.any():
        values, inverse = np.unique(codes[high], return_inverse=True)
        found = found.copy()
        found[high] = np.fromiter((chr(int(v)).isalnum() for v in values), dtype=np.bool_, count=len(values))[inverse]
    return found


def _not_repeated(codes: Codes) -> NDArray[np.bool_]:
    """False from where a pattern of up to PERIOD_MAX characters has gone on for REPEAT_MAX, and in poor blocks."""
    keep = np.ones(len(codes), dtype=np.bool_)
    for period in range(1, PERIOD_MAX + 1):
        same = codes[period:] == codes[:-period]
        if len(same) < REPEAT_MAX:
            break
        run = _run_lengths(same)
        keep[period:] &= run < REPEAT_MAX
    n_blocks = len(codes) // BLOCK
    if n_blocks:
        blocks = np.sort(codes[: n_blocks * BLOCK].reshape(n_blocks, BLOCK), axis=1)
        poor = (np.diff(blocks, axis=1) != 0).sum(axis=1) < DISTINCT_MIN - 1
        keep[: n_blocks * BLOCK] &= ~np.repeat(poor, BLOCK)
    return keep


def _may_repeat(codes: Codes) -> bool:
    """Whether `_not_repeated` could leave anything out; a fifth of its work, and False for prose."""
    for period in range(1, PERIOD_MAX + 1):
        same = codes[period:] == codes[:-period]
        two = same[1:] & same[:-1]
        four = two[2:] & two[:-2]
        eight = four[4:] & four[:-4]
        if len(eight) > 4 and bool((eight[:-4] & four[8:]).any()):
            return True
    n_parts = len(codes) // _PART
    parts = np.sort(codes[: n_parts * _PART].reshape(n_parts, _PART), axis=1)
    # Every poor block holds a whole part of no more different characters.
    return bool(((np.diff(parts, axis=1) != 0).sum(axis=1) < DISTINCT_MIN - 1).any())


def _run_lengths(flags: NDArray[np.bool_]) -> Ints:
    """For each place how many flags in a row, it included, are set up to it."""
    places = np.arange(1, len(flags) + 1, dtype=np.int64)
    last_unset = np.maximum.accumulate(np.where(flags, 0, places))
    return places - last_unset


def gram_hashes(codes: Codes, length: int) -> Hashes:
    """(n - length + 1,) hashes of every run of `length` characters; empty where the text is shorter."""
    n_grams = len(codes) - length + 1
    if n_grams <= 0:
        return np.empty(0, dtype=np.uint64)
    total = np.zeros(n_grams, dtype=np.uint64)
    for place in range(length):
        total *= _MULTIPLIER
        total += codes[place : place + n_grams]
        total ^= total >> np.uint64(29)
    total ^= total >> np.uint64(30)
    total *= _MIX[0]
    total ^= total >> np.uint64(27)
    total *= _MIX[1]
    total ^= total >> np.uint64(31)
    return total


def winnow(hashes: Hashes, window: int = WINDOW) -> Hashes:
    """The hashes that winnowing keeps, each once, ascending; of a text with fewer grams than a window the least."""
    if len(hashes) <= window:
        return np.sort(hashes)[:1]
    views = np.lib.stride_tricks.sliding_window_view(hashes, window)
    return np.unique(views.min(axis=1))


def fingerprints(texts: Iterable[str]) -> NDArray[np.uint32]:
    """The fingerprints of a filing's sections: the upper 32 bits of the winnowed hashes, each once, ascending."""
    kept = [winnow(gram_hashes(fold(text).codes, GRAM)) for text in texts]
    return _upper(np.concatenate(kept)) if kept else np.empty(0, dtype=np.uint32)


def all_grams(folded: Sequence[Folded]) -> tuple[NDArray[np.uint32], Ints]:
    """Every gram of a draft's sections as a fingerprint, and its place when the sections stand one behind the other.

    A draft asks with all its grams where the library holds the winnowed ones: a run that was edited on both sides is
    then found as often as the library kept one of its grams, whatever stands around it.
    """
    hashes: list[NDArray[np.uint32]] = []
    places: list[Ints] = []
    offset = 0
    for text in folded:
        grams = (gram_hashes(text.codes, GRAM) >> np.uint64(32)).astype(np.uint32)
        hashes.append(grams)
        places.append(np.arange(offset, offset + len(grams), dtype=np.int64))
        offset += len(text)
    if not hashes:
        return np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.int64)
    return np.concatenate(hashes), np.concatenate(places)


def _upper(hashes: Hashes) -> NDArray[np.uint32]:
    found: NDArray[np.uint32] = np.unique((hashes >> np.uint64(32)).astype(np.uint32))
    return found
