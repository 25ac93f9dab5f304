"""Names of projects and applicants, found whole, in part, by their usual short form, or with a slip of the pen.

An in-memory inverted index of character pairs: a few megabytes at 100,000 filings, built from the header columns.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from perfsearch.indexes.sounds import SoundIndex, latin_key
from perfsearch.text.normalize import normalize

NAME_LENGTH_MIN = 4
"""A shorter name is no name: 培训, 维修 occur in every query."""
NAME_LENGTH_MAX = 60
"""A longer name is not looked for in a query."""

_NO_NAMES = np.empty(0, dtype=np.int32)
_NOISE = re.compile(r"[\s\W_]+")
# What changes between two years of one project, and what people leave away when they type its name.
_YEARLY = re.compile(r"(?:19|20)\d{2}\s*(?:[-—－~至]\s*(?:19|20)?\d{2})?\s*(?:年度|年)?")
_TAIL = re.compile(r"(?:专项经费|专项资金|经费项目|项目经费|项目|经费)$")

# Bodies and the short forms that everybody uses for them (国务院机构简称; 上海市 and other cities use the same).
_BODIES = (
    ("科学技术协会", "科协"),
    ("科学技术委员会", "科委"),
    ("教育委员会", "教委"),
    ("卫生健康委员会", "卫健委"),
    ("卫生健康委员会", "卫生健康委"),
    ("卫生和计划生育委员会", "卫计委"),
    ("发展和改革委员会", "发改委"),
    ("经济和信息化委员会", "经信委"),
    ("住房和城乡建设管理委员会", "住建委"),
    ("住房和城乡建设局", "住建局"),
    ("交通委员会", "交通委"),
    ("农业农村委员会", "农业农村委"),
    ("商务委员会", "商务委"),
    ("国有资产监督管理委员会", "国资委"),
    ("人力资源和社会保障局", "人社局"),
    ("生态环境局", "环保局"),
    ("市场监督管理局", "市场监管局"),
    ("市场监督管理局", "市监局"),
    ("规划和自然资源局", "规资局"),
    ("自然资源和规划局", "资规局"),
    ("文化和旅游局", "文旅局"),
    ("文化和旅游局", "文化旅游局"),
    ("绿化和市容管理局", "绿化市容局"),
    ("城市管理行政执法局", "城管执法局"),
    ("城市管理行政执法局", "城管局"),
    ("退役军人事务局", "退役军人局"),
    ("机关事务管理局", "机管局"),
    ("残疾人联合会", "残联"),
    ("妇女联合会", "妇联"),
    ("工商业联合会", "工商联"),
    ("文学艺术界联合会", "文联"),
    ("社会科学界联合会", "社联"),
    ("归国华侨联合会", "侨联"),
    ("总工会", "工会"),
    ("共产主义青年团", "团"),
    ("红十字会", "红会"),
    ("人民政府办公厅", "政府办公厅"),
    ("人民政府办公室", "政府办"),
    ("街道办事处", "街道"),
    ("疾病预防控制中心", "疾控中心"),
    ("消防救援支队", "消防支队"),
    ("人民代表大会常务委员会", "人大常委会"),
    ("人民代表大会", "人大"),
    ("监督管理局", "监管局"),
)
_PLACE = re.compile(r"^(?:中国共产党|中共)?(?:.{2,3}?省)?(.{2,7}?(?:市|自治州|盟))?(?:(.{1,6}?[区县旗]))?")


@lru_cache(maxsize=200_000)
def fold_name(name: str) -> str:
    """A name as it is compared: width, case and script folded, without white space and punctuation."""
    return _NOISE.sub("", normalize(name).text)


@lru_cache(maxsize=200_000)
def fold_project_name(name: str) -> str:
    """A project's name without the year that changes and the tail (项目, 经费) that people leave away."""
    folded = _YEARLY.sub("", fold_name(name))
    return _TAIL.sub("", folded) or folded


def short_forms(applicant: str) -> set[str]:
    """The names under which a body is known besides its full one: 市科协, 上海科协 for 上海市科学技术协会."""
    name = fold_name(applicant)
    forms: set[str] = set()
    match = _PLACE.match(name)
    city, district = (match[1], match[2]) if match else (None, None)
    rest = name[match.end() :] if match else name
    bodies = {rest} | {rest.replace(full, short) for full, short in _BODIES if full in rest}
    for body in bodies:
        if len(body) < 2:
            continue
        prefixes = {""} if len(body) >= NAME_LENGTH_MIN else set()
        if district:
            prefixes |= {district, district[:-1], "区" if district.endswith("区") else district[-1:]}
            if city:
                prefixes |= {city + district, city[:-1] + district}
        elif city:
            prefixes |= {city, city[:-1], "市"}
        forms |= {prefix + body for prefix in prefixes}
    return {form for form in forms if len(form) >= 3 and form != name}


@dataclass(frozen=True, slots=True)
class NameMatch:
    """One name that a query means: `how` is full, short, part, close or sound; `similarity` is 1.0 for all but close."""

    name: str
    how: str
    similarity: float
    filing_nos: NDArray[np.int64]


class NameIndex:
    """Folded names and the filings that bear them."""

    def __init__(self, names: Iterable[tuple[int, str]], *, shorten: bool = False) -> None:
        """Index (filing_no, name) pairs; `shorten` adds the short forms of bodies."""
        owners: dict[str, list[int]] = {}
        fold = fold_name if shorten else fold_project_name
        for filing_no, name in names:
            folded = fold(name)
            if len(folded) >= 2:
                owners.setdefault(folded, []).append(filing_no)
        self._names = list(owners)
        self._owners = [np.asarray(owners[name], dtype=np.int64) for name in self._names]
        self._ids = {name: number for number, name in enumerate(self._names)}
        self._short: dict[str, list[int]] = {}
        if shorten:
            for number, name in enumerate(self._names):
                for form in short_forms(name):
                    self._short.setdefault(form, []).append(number)
        self._lengths = np.asarray([len(name) - 1 for name in self._names], dtype=np.float32)
        postings: dict[str, list[int]] = {}
        for number, name in enumerate(self._names):
            for pair in {name[i : i + 2] for i in range(len(name) - 1)}:
                postings.setdefault(pair, []).append(number)
        self._postings = {pair: np.asarray(numbers, dtype=np.int32) for pair, numbers in postings.items()}
        # How long a name gets that begins with these two characters: most places of a query begin none.
        self._heads: dict[str, int] = {}
        for name in (*self._names, *self._short):
            head = name[:2]
            self._heads[head] = max(self._heads.get(head, 0), min(len(name), NAME_LENGTH_MAX))

    def __len__(self) -> int:
        return len(self._names)

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
        if len(bare) >= NAME_LENGTH_MIN and self._names:
            for name, similarity, part in self._near(bare, similarity_min):
                if name not in seen:
                    how = "part" if part else "close"
                    matches.append(NameMatch(name, how, similarity, self._owners[self._ids[name]]))
        return matches[:limit]

    def sounding(self, query: str, *, limit: int = 20) -> list[NameMatch]:
        """Names that sound like the query, or have it in them: it is typed in pinyin, or with characters of that sound."""
        plain = normalize(query).text.strip()
        places = self._sounds.find(plain if latin_key(plain) else fold_name(query), limit)
        spoken = [self._spoken[place] for place in places]
        return [
            NameMatch(self._names[number], "sound", 1.0, self._owners[number])
            for number in dict.fromkeys(number for numbers in spoken for number in numbers)
        ][:limit]

    @cached_property
    def _spoken(self) -> list[list[int]]:
        """The names behind each place of `_sounds`: every name, then every short form."""
        return [[number] for number in range(len(self._names))] + list(self._short.values())

    @cached_property
    def _sounds(self) -> SoundIndex:
        return SoundIndex([*self._names, *self._short])

    def _full_and_short(self, folded: str, seen: set[str]) -> list[NameMatch]:
        """Names that stand in the query; `seen` collects the full names they mean."""
        found: list[NameMatch] = []
        covered_to = -1
        # Longest first from each position, so that 上海市科协 is not also read as 市科协.
        for start in range(len(folded)):
            length = self._heads.get(folded[start : start + 2], 0)
            for end in range(min(len(folded), start + length), max(start + 2, covered_to), -1):
                piece = folded[start:end]
                number = self._ids.get(piece)
                if number is not None and len(piece) >= NAME_LENGTH_MIN:
                    found.append(NameMatch(piece, "full", 1.0, self._owners[number]))
                    seen.add(piece)
                elif piece in self._short:
                    numbers = self._short[piece]
                    seen.update(self._names[n] for n in numbers)
                    owners = np.unique(np.concatenate([self._owners[n] for n in numbers]))
                    found.append(NameMatch(piece, "short", 1.0, owners))
                else:
                    continue
                covered_to = max(covered_to, end)
                break
        return found

    def _near(self, bare: str, similarity_min: float) -> list[tuple[str, float, bool]]:
        pairs = {bare[i : i + 2] for i in range(len(bare) - 1)}
        numbers, shared = self._sharing(pairs, similarity_min)
        if not len(numbers):
            return []
        dice = 2.0 * shared / (self._lengths[numbers] + len(pairs))
        inside = shared >= len(pairs)
        candidates = np.flatnonzero((dice >= similarity_min) | inside)
        found = []
        for place in candidates[np.argsort(-dice[candidates], kind="stable")][:50].tolist():
            name = self._names[int(numbers[place])]
            part = bool(inside[place]) and bare in name
            if part or dice[place] >= similarity_min:
                found.append((name, float(dice[place]), part))
        return found

    def _sharing(self, pairs: set[str], similarity_min: float) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Names that can be as similar as that (ascending), and how many of these pairs each of them has.

        Such a name has at least `least` of the pairs, so it stands under one of the rarest of them already; under the
        frequent ones, which half of all names may have, only those are looked up.
        """
        least = max(1, math.ceil(similarity_min * len(pairs) / (2.0 - similarity_min) - 1e-9))
        postings = sorted((self._postings.get(pair, _NO_NAMES) for pair in pairs), key=len)
        n_rare = len(pairs) - least + 1
        numbers, counts = np.unique(np.concatenate(postings[:n_rare]), return_counts=True)
        shared = counts.astype(np.float32)
        for frequent in postings[n_rare:] if len(numbers) else ():
            places = np.minimum(np.searchsorted(frequent, numbers), max(len(frequent) - 1, 0))
            if len(frequent):
                shared += frequent[places] == numbers
        return numbers, shared
