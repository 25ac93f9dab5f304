"""The part of a passage that shows why it was found, with exact highlight offsets."""

from __future__ import annotations

import re
from collections.abc import Collection

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
    """Where the terms stand in the text; spans that touch or overlap are one."""
    wanted = set(terms)
    merged: list[tuple[int, int]] = []
    for start, end in sorted((start, end) for token, start, end in token_spans(text) if token in wanted):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


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
