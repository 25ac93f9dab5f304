"""Names found by how they sound: typed in Latin letters (hedao yanghu), or with characters of the same sound (河到养护).

Each character has its most usual reading, without the tone (`readings.tsv`, by `scripts/build_readings.py`); a name of a
character with another reading (重庆) is found by its characters alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from importlib import resources

SYLLABLES_MIN = 4
"""Fewer syllables sound like too much: 培训 and 陪寻 are in every list of names."""
LETTERS_MIN = 8
"""The same for a query in Latin letters: four syllables have at least so many, but for a few."""

_UNHEARD = re.compile(r"zh|ch|sh|ng")
_LATIN = re.compile(r"[a-z][a-z' ]*")


@cache
def _readings() -> dict[str, str]:
    """Character -> its usual reading without the tone; the 6,763 characters of GB 2312."""
    data = resources.files("perfsearch.text").joinpath("readings.tsv").read_text(encoding="utf-8")
    found = {}
    for line in data.splitlines():
        syllable, _, characters = line.partition("\t")
        found.update(dict.fromkeys(characters, syllable))
    return found


def _alike(letters: str) -> str:
    """Letters without what many speakers, and so many typists, do not tell apart: zh and z, ch and c, sh and s, -ng and -n."""
    return _UNHEARD.sub(lambda match: match[0][0], letters)


def syllables(text: str) -> list[str]:
    """How each character of a text sounds; what has no reading stands for itself."""
    readings = _readings()
    return [readings.get(character, character) for character in text]


def latin_key(query: str) -> str | None:
    """The letters of a query that is typed in pinyin, None where it is not, or too short."""
    if not _LATIN.fullmatch(query):
        return None
    letters = query.replace(" ", "").replace("'", "")
    return letters if len(letters) >= LETTERS_MIN else None


class SoundIndex:
    """The sounds of some names in one long text each way, in which a query is looked for as it is."""

    def __init__(self, names: Sequence[str]) -> None:
        spoken = [syllables(name) for name in names]
        lines = [_spaced(name) for name in spoken]
        self._spaced, self._spaced_starts = _laid_out(lines)
        self._whole: dict[str, list[int]] = {}
        for place, line in enumerate(lines):
            self._whole.setdefault(line, []).append(place)
        # Folded after joining, so that yin-gao and ying-ao, which look alike when typed, become alike.
        self._joined, self._joined_starts = _laid_out([_alike("".join(name)) for name in spoken])

    def find(self, query: str, limit: int) -> list[int]:
        """Places of up to `limit` names that sound like the query (a folded name, or pinyin), have it in them, or stand in it."""
        letters = latin_key(query)
        if letters is not None:
            return _places(self._joined, self._joined_starts, _alike(letters), limit)
        spoken = syllables(query)
        if len(spoken) < SYLLABLES_MIN:
            return []
        found = _places(self._spaced, self._spaced_starts, _spaced(spoken), limit)
        return found or self._within(spoken)[:limit]

    def _within(self, spoken: Sequence[str]) -> list[int]:
        """Places of the names of the longest sound that stands in a query (林江区水物局 in 林江区水物局的项目)."""
        for length in range(len(spoken) - 1, SYLLABLES_MIN - 1, -1):
            for start in range(len(spoken) - length + 1):
                places = self._whole.get(_spaced(spoken[start : start + length]))
                if places:
                    return places
        return []


def _spaced(spoken: Sequence[str]) -> str:
    return "|" + "".join(f"{_alike(one)}|" for one in spoken)


def _laid_out(names: Sequence[str]) -> tuple[str, list[int]]:
    """The names a line each, and where each line begins."""
    starts, position = [], 0
    for name in names:
        starts.append(position)
        position += len(name) + 1
    return "\n".join(names), starts


def _places(text: str, starts: list[int], wanted: str, limit: int) -> list[int]:
    found: list[int] = []
    position = text.find(wanted)
    while position >= 0 and len(found) < limit:
        place = bisect_right(starts, position) - 1
        found.append(place)
        position = text.find(wanted, starts[place + 1]) if place + 1 < len(starts) else -1
    return found
