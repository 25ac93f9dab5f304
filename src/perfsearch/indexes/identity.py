"""What makes two filings the same: the id, the content's hash, and the line of one project over the years."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping

from perfsearch.model import Filing
from perfsearch.text.normalize import normalize

_SPACE = re.compile(r"\s+")
_BRACKETED = re.compile(r"[(\[{〔【〈<][^()\[\]{}〔〕【】〈〉<>]*[)\]}〕】〉>]")
_CN_DIGIT = "零〇一二三四五六七八九十两"
_YEARLY = re.compile(
    rf"(?:19|20)\d\d\s*(?:[-—–~至到]+\s*(?:(?:19|20)?\d\d))?\s*(?:学年度|学年|年度|年)?"
    rf"|第?[{_CN_DIGIT}\d]{{1,3}}(?:期|届|批次|批|轮|阶段)"
    rf"|[二〇零一二三四五六七八九]{{4}}年度?"
    rf"|(?:上|下)半年|本年度?|年度|[上下]年"
)
_TAIL = re.compile(r"(?:项目)?(?:专项)?(?:经费|资金)?(?:项目)?$")
_NOISE = re.compile(r"[\W_]+")

CLOSE_NAME = 0.8
"""Dice coefficient of character pairs from which two names of one applicant are one project (one character of ten
wrong, missing or added gives 0.8 to 0.95)."""


def content_hash(filing: Filing) -> str:
    """A hash of what the form says: without its source, its id, and whatever is derived from the text."""
    content = filing.model_dump(
        mode="json",
        exclude={"id", "source", "citations", "warnings", "places"},
        exclude_defaults=True,
    )
    content["indicators"] = [(i.level1, i.level2, i.name, i.target) for i in filing.indicators]
    raw = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(raw.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def natural_id(filing: Filing) -> str:
    """An id for a filing that came without one: fiscal year, then a hash of year, applicant and project name.

    A filing without a project's name is known by its content alone.
    """
    if filing.project_name:
        key = (filing.fiscal_year, _plain(filing.applicant), _plain(filing.project_name))
    else:
        key = (filing.fiscal_year, _plain(filing.applicant), content_hash(filing))
    digest = hashlib.blake2b(json.dumps(key, ensure_ascii=False).encode(), digest_size=5).hexdigest()
    return f"{filing.fiscal_year or 0:04d}-{digest}"


def _plain(text: str | None) -> str:
    return _NOISE.sub("", normalize(text or "").text)


def applicant_key(filing: Filing) -> str:
    """The applicant as lineages compare it: width, case, white space and punctuation aside."""
    return _plain(filing.applicant)


def core_name(project_name: str | None) -> str:
    """A project's name without what changes from year to year: years, instalments, brackets, 项目 and 经费 at the end.

    A name of nothing else keeps all of it.
    """
    folded = _SPACE.sub("", normalize(project_name or "").text)
    bare = _YEARLY.sub("", _BRACKETED.sub("", folded))
    bare = _NOISE.sub("", bare)
    return _TAIL.sub("", bare) or bare or _NOISE.sub("", folded)


def lineage_key(applicant: str, name: str) -> str:
    """The key of the line that this applicant's project of this core name founds."""
    return hashlib.blake2b(f"{applicant}\n{name}".encode(), digest_size=6).hexdigest()


def similarity(a: str, b: str) -> float:
    """Dice coefficient of the character pairs of two names, 0 to 1."""
    if a == b:
        return 1.0
    pairs_a, pairs_b = _pairs(a), _pairs(b)
    if not pairs_a or not pairs_b:
        return 0.0
    return 2 * len(pairs_a & pairs_b) / (len(pairs_a) + len(pairs_b))


class Lines:
    """The lines of one applicant's projects by core name; finds the same name, or the closest that is close enough."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._lineages: dict[str, str] = {}
        self._names: list[str] = []
        self._by_pair: dict[str, list[int]] = {}
        for name, lineage in (known or {}).items():
            self.add(name, lineage)

    def add(self, name: str, lineage: str) -> None:
        """Note that projects of this name are of this line."""
        if name not in self._lineages:
            for pair in _pairs(name):
                self._by_pair.setdefault(pair, []).append(len(self._names))
            self._names.append(name)
        self._lineages[name] = lineage

    def find(self, name: str) -> str | None:
        """The line of the project of this name, if it has one.

        Names that differ in a number (一号楼, 二号楼; 3号线, 5号线) are different projects.
        """
        if name in self._lineages:
            return self._lineages[name]
        digits = _digits(name)
        best: tuple[float, str] | None = None
        for number in self._candidates(_pairs(name)):
            other = self._names[number]
            close = similarity(name, other)
            if close >= CLOSE_NAME and _digits(other) == digits and (best is None or (close, other) > best):
                best = (close, other)
        return self._lineages[best[1]] if best else None

    def _candidates(self, pairs: set[str]) -> set[int]:
        # Two names with a coefficient of t share t / (2 - t) of either's pairs, so a close name has one of any
        # selection that leaves out fewer than that: the rarest are asked for.
        shared_min = math.ceil(len(pairs) * CLOSE_NAME / (2 - CLOSE_NAME) - 1e-9)
        rarest = sorted(pairs, key=lambda pair: (len(self._by_pair.get(pair, ())), pair))
        return {number for pair in rarest[: len(pairs) - shared_min + 1] for number in self._by_pair.get(pair, ())}


def _pairs(name: str) -> set[str]:
    return {name[i : i + 2] for i in range(len(name) - 1)}


def _digits(name: str) -> list[str]:
    return re.findall(rf"\d+|[{_CN_DIGIT}]", name)


def overlap(a: Filing, b: Filing) -> float:
    """The share of the longer filing's sections, by characters, that stand in the other's same section word for word.

    Compared by runs of eight characters; 0 where either has no text.
    """
    shared = total = 0
    for section in {*a.sections, *b.sections}:
        grams_a, grams_b = _grams(a.sections.get(section, "")), _grams(b.sections.get(section, ""))
        shared += len(grams_a & grams_b)
        total += max(len(grams_a), len(grams_b))
    return shared / total if total else 0.0


def _grams(text: str, size: int = 8) -> set[str]:
    bare = _SPACE.sub("", text)
    if not bare:
        return set()
    return {bare[i : i + size] for i in range(max(1, len(bare) - size + 1))}
