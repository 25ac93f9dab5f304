"""The part of a passage that shows why it was found, with exact highlight offsets."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from perfsearch.text.normalize import normalize
from perfsearch.text.segment import token_spans

SNIPPET_LENGTH = 120
"""Characters; two to three lines on a page."""

_BREAK = re.compile(r"[。；！？\n]")


def make_snippet(
    text: str, terms: Collection[str], length: int = SNIPPET_LENGTH
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The window of `text` with the most distinct terms, and the half-open offsets of the terms in it.

    Starts at a sentence where one begins near the window's start; `…` stands for what is left out.
    """
    spans = highlight_spans(text, terms)
    if len(text) <= length:
        return text, spans
    start = _best_start(text, spans, length)
    end = min(len(text), start + length)
    head, tail = "…" if start > 0 else "", "…" if end < len(text) else ""
    inside = tuple(
        (max(a, start) - start + len(head), min(b, end) - start + len(head)) for a, b in spans if a < end and b > start
    )
    return f"{head}{text[start:end]}{tail}", inside


def highlight_spans(text: str, terms: Collection[str]) -> tuple[tuple[int, int], ...]:
    """Where the terms stand in the text, as half-open offsets in it; spans that touch or overlap are one.

    Looked up as strings, which is twenty times faster than to segment the passage again. Amounts and document numbers
    (`¥540000`, `〔2016〕10号`), which stand in many typographies, are found by segmenting.
    """
    pattern = _pattern(frozenset(terms))
    spans: list[tuple[int, int]] = []
    if pattern is not None:
        normal = normalize(text)
        spans = [normal.original(*match.span()) for match in pattern.finditer(normal.text)]
    canonical = {term for term in terms if term[0] in "¥〔"}
    if canonical:
        spans += [(start, end) for token, start, end in token_spans(text) if token in canonical]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


@lru_cache(maxsize=256)
def _pattern(terms: frozenset[str]) -> re.Pattern[str] | None:
    """The terms as one expression, longest first; a number or a Latin word only where it stands by itself.

    A single character counts only where no longer term was asked for: 法 of 科普法 is not every 法 of 办法.
    """
    words = [term for term in terms if term and term[0] not in "¥〔"]
    words = [term for term in words if len(term) > 1] or words
    if not words:
        return None
    parts = []
    for word in sorted(words, key=lambda term: (-len(term), term)):
        before = r"(?<![0-9a-z.])" if word[0].isascii() and word[0].isalnum() else ""
        after = r"(?![0-9a-z])" if word[-1].isascii() and word[-1].isalnum() else ""
        parts.append(before + re.escape(word) + after)
    return re.compile("|".join(parts))


def _best_start(text: str, spans: tuple[tuple[int, int], ...], length: int) -> int:
    """Where the window starts that covers the most highlighted characters, each distinct word counted once."""
    if not spans:
        return 0
    best, best_cover = 0, -1
    for first, _ in spans:
        # A little of what stands before, so that the first match is read in its sentence.
        start = max(0, min(first - length // 6, len(text) - length))
        words = {text[a:b] for a, b in spans if a >= start and b <= start + length}
        cover = sum(len(word) for word in words)
        if cover > best_cover:
            best, best_cover = start, cover
    breaks = [match.end() for match in _BREAK.finditer(text, max(0, best - length // 4), best + length // 6)]
    earliest = min(a for a, b in spans if b > best)
    fitting = [position for position in breaks if position <= earliest]
    return fitting[-1] if fitting else best
