"""Words for search: jieba's dictionary and ours, sub-words too; numbers, amounts and document numbers as one token.

A long word is found by its parts (`绩效目标` also gives `绩效` and `目标`), punctuation and a few grammar words are
dropped, single characters stay. Beside the words stand canonical tokens: `¥540000` for 54万元 and 540,000元,
`〔2016〕10号` for every typography of a document number, so that they meet whatever way they are written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from typing import Any

from perfsearch.text.normalize import normalize

TOKEN_LENGTH_MAX = 64
"""A longer token (a run of letters in damaged text) is cut to this many characters."""

KEPT_MAX = 200_000
"""Words whose judgement is remembered, about 30 MB."""

_STOP_WORDS = """
    的 了 和 与 及 或 在 是 对 为 以 等 将 并 其 之 于 由 从 也 而 就 都 把 被 着 得 所 该 此 这 那 个 各 向 按
    以及 并且 或者 对于 关于 根据 按照 通过 进行
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words of grammar, which are in every passage and tell none from another."""

# Signs that the segmenter would keep inside a word (2018-2021, wifi_6) part words here; length is kept.
_JOINT = re.compile(r"[-_#&+~]")
_DOT = re.compile(r"(?<!\d)\.|\.(?!\d)")
_DATE_DOTS = re.compile(r"(?<=\d)\.(?=\d+\.\d)|(?<=\d\.\d)\.(?=\d)|(?<=\d\.\d\d)\.(?=\d)")

_NUMBER = re.compile(
    r"""[(\[〔【〖{〈]\s?(?P<year>(?:19|20)\d\d)\s?年?\s?[)\]〕】〗}〉]
        \s?第?\s?(?P<serial>\d{1,5})\s?(?:号|文|(?![\w.%]))""",
    re.VERBOSE,
)
# A run of digits before a unit of money, and the number at its end (in 第1,2,300元 only 2,300 is one). The run is bounded,
# so that a megabyte of digits takes linear time.
_AMOUNT = re.compile(
    r"(?P<digits>\d[\d,.]{0,30}+)\s?(?P<unit>亿元|万元|千元|百万元|元|亿(?![\u4e00-\u9fff])|万(?![\u4e00-\u9fff]))"
)
_AMOUNT_VALUE = re.compile(r"(?<![\d.])(?:(?<!\d,)\d{1,3}(?:,\d{3})+|(?<!\d,)\d{3}|\d{1,2}|\d{4,15})(?:\.\d{1,6})?$")
_UNIT_YUAN = {"亿元": 10**8, "亿": 10**8, "百万元": 10**6, "万元": 10**4, "万": 10**4, "千元": 10**3, "元": 1}

Cut = Callable[[str], list[tuple[str, int, int]]]


def amount_token(yuan: float | Decimal) -> str:
    """The token of an amount in yuan: `¥540000`, cents kept where there are any."""
    text = f"{Decimal(str(yuan)).quantize(Decimal('0.01')):f}"
    return "¥" + text.rstrip("0").rstrip(".")


class Segmenter:
    """Cuts text into search tokens; two segmenters of one `identity` cut alike.

    `words` are added to the dictionary, `stops` to the stop list (a library's own words).
    """

    def __init__(self, words: Iterable[str] = (), stops: Iterable[str] = ()) -> None:
        self.words = tuple(sorted({normalize(w).text.strip() for w in words} - {""}))
        self.stops = tuple(sorted({normalize(w).text.strip() for w in stops} - {""}))
        self._stops = STOP_WORDS | set(self.stops)
        self._kept = _Kept(self._stops)
        engine, self._cut_words, self._cut_spans = _engine(self.words)
        digest = hashlib.blake2b("\n".join((*_dictionary(), "", *self.words, "", *self.stops)).encode(), digest_size=6)
        self.identity = f"{engine}/search-2/{digest.hexdigest()}"

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text, in order, repeated as often as they occur."""
        plain = normalize(text).text
        kept = self._kept
        found = [word for word in self._cut_words(_part(plain)) if kept[word]]
        if len(plain) > TOKEN_LENGTH_MAX:
            found = [word[:TOKEN_LENGTH_MAX] for word in found]
        found.extend(token for token, _, _ in _canonical(plain))
        return found

    def token_spans(self, text: str) -> list[tuple[str, int, int]]:
        """The same tokens, each with its half-open span in `text` as given."""
        normal = normalize(text)
        stops = self._stops
        found = [
            (word[:TOKEN_LENGTH_MAX], start, end)
            for word, start, end in self._cut_spans(_part(normal.text))
            if word not in stops and _is_word(word)
        ]
        found.extend(_canonical(normal.text))
        return [(token, *normal.original(start, end)) for token, start, end in found]


class _Kept(dict[str, bool]):
    """Which words are tokens, judged when they first occur: a third of the time of judging each again."""

    def __init__(self, stops: frozenset[str]) -> None:
        super().__init__()
        self._stops = stops

    def __missing__(self, word: str) -> bool:
        found = word not in self._stops and _is_word(word)
        if len(self) >= KEPT_MAX:
            self.clear()
        if len(word) <= TOKEN_LENGTH_MAX:
            self[word] = found
        return found


def _part(plain: str) -> str:
    """The text with the signs replaced, at the same length, at which the segmenter should part words."""
    plain = _JOINT.sub(" ", plain)
    if "." in plain:
        plain = _DATE_DOTS.sub(" ", _DOT.sub(" ", plain))
    return plain


def _is_word(word: str) -> bool:
    return word[0].isalnum() or any(c.isalnum() for c in word)


def _canonical(plain: str) -> list[tuple[str, int, int]]:
    """Document numbers and amounts in their one spelling, with their spans in the normalised text."""
    found = [
        (f"〔{match['year']}〕{int(match['serial'])}号", match.start(), match.end())
        for match in _NUMBER.finditer(plain)
    ]
    for match in _AMOUNT.finditer(plain):
        value = _AMOUNT_VALUE.search(match["digits"])
        if value is None:
            continue
        try:
            yuan = Decimal(value[0].replace(",", "")) * _UNIT_YUAN[match["unit"]]
        except InvalidOperation:  # digits of a script that Decimal does not read
            continue
        found.append((amount_token(yuan), match.start() + value.start(), match.end()))
    return found


@cache
def _dictionary() -> tuple[str, ...]:
    """The words of `dictionary.txt`: one a line, `#` opens a comment."""
    data = resources.files("perfsearch.text").joinpath("dictionary.txt").read_text(encoding="utf-8")
    return tuple(line for line in data.splitlines() if line and not line.startswith("#"))


def _engine(words: tuple[str, ...]) -> tuple[str, Callable[[str], list[str]], Cut]:
    """The name of the segmenter at hand and its two ways to cut; rjieba, or jieba where rjieba has no wheel."""
    try:
        import rjieba
    except ImportError:
        return _jieba(words)
    # The module's own instance is loaded at import anyway (80 ms); a second one only for a library's own words.
    cutter: Any = rjieba.Jieba() if words else rjieba
    for word in (*_dictionary(), *words):
        cutter.add_word(word, None, None)
    return "rjieba", cutter.cut_for_search, lambda text: cutter.tokenize(text, "search", True)


def _jieba(words: tuple[str, ...]) -> tuple[str, Callable[[str], list[str]], Cut]:
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    cutter: Any = jieba.Tokenizer()
    for word in (*_dictionary(), *words):
        cutter.add_word(word)
    return "jieba", cutter.lcut_for_search, lambda text: list(cutter.tokenize(text, mode="search"))


@cache
def default_segmenter() -> Segmenter:
    """The segmenter with the package's dictionary and no words of a library."""
    return Segmenter()


def tokens(text: str) -> list[str]:
    """The search tokens of a text, by the default segmenter."""
    return default_segmenter().tokens(text)


def token_spans(text: str) -> list[tuple[str, int, int]]:
    """The search tokens of a text with their half-open spans in it, by the default segmenter."""
    return default_segmenter().token_spans(text)


def __getattr__(name: str) -> Any:
    if name == "SEGMENTER":  # computed on first use: it names the dictionary as loaded
        return default_segmenter().identity
    raise AttributeError(name)
