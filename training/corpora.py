"""Pairs cut from prose: a passage with the next one, a title with its body, and loose sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from training import sources

SENTENCE_LENGTH_MAX = 90
# A shorter piece is joined to its neighbour: alone, a fragment of two or three words (去。, 今天一) lies as near to a query
# that holds the word as a sentence about it does.
SENTENCE_LENGTH_MIN = 15
# Share of the documents of each collection that is read: the large ones add little beyond this.
SHARES = {
    "laws": 0.5, "lctt": 0.6, "xwlb": 0.4, "weekly": 1.0, "policy_gccmpd": 1.0, "gov_work_reports": 1.0,
    "prospectus_csprd": 1.0,
}  # fmt: skip
_END = re.compile(r"(?<=[。！？；!?;\n])")
_CUT = re.compile(r"(?<=[，,、：:])")


def split_sentences(text: str, length_max: int = SENTENCE_LENGTH_MAX) -> list[str]:
    """Sentences of at most `length_max` characters, short ones joined; longer ones are cut at commas, or hard."""
    pieces: list[str] = []
    for piece in _END.split(text):
        piece = piece.strip()
        if len(piece) <= length_max:
            pieces += [piece] if piece else []
            continue
        for part in _CUT.split(piece):
            pieces += [part[start : start + length_max] for start in range(0, len(part), length_max)]
    sentences: list[str] = []
    whole = ""
    for piece in pieces:
        unfinished = bool(whole) and _END.split(whole)[-1] != ""
        if whole and (len(whole) < SENTENCE_LENGTH_MIN or unfinished) and len(whole) + len(piece) <= length_max:
            whole += piece
            continue
        if whole:
            sentences.append(whole)
        whole = piece
    if whole and sentences and len(whole) < SENTENCE_LENGTH_MIN and len(sentences[-1]) + len(whole) <= length_max:
        sentences[-1] += whole
    elif whole:
        sentences.append(whole)
    return sentences


def documents(data: Path, seed: int) -> Iterator[tuple[str, list[str]]]:
    """(title, sentences) of the sampled documents of every collection."""
    rng = random.Random(seed)
    for name, share in SHARES.items():
        for title, text in sources.read_prose(data, name):
            if rng.random() < share:
                yield ("" if title.endswith(".tmx") else title), split_sentences(text[:20_000])


def cut_pairs(data: Path, seed: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[str]]:
    """(neighbouring passages, titles with bodies, loose sentences)."""
    rng = random.Random(seed)
    neighbours: list[tuple[str, str]] = []
    titles: list[tuple[str, str]] = []
    loose: list[str] = []
    for title, sentences in documents(data, seed):
        body = [sentence for sentence in sentences if sentence != title]
        if len(title) >= 5 and body:
            titles.append((title, "".join(body)[:250]))
            if len(body) > 12:
                start = rng.randrange(4, len(body) - 6)
                titles.append((title, "".join(body[start : start + 6])[:250]))
        position = 0
        while position + 2 < len(body):
            first, second = rng.randint(1, 2), rng.randint(1, 3)
            left = "".join(body[position : position + first])
            right = "".join(body[position + first : position + first + second])
            if len(left) >= 12 and len(right) >= 12 and rng.random() < 0.5:
                neighbours.append((left, right))
            position += first + second
        loose += [sentence for sentence in body if len(sentence) >= 12 and rng.random() < 0.15]
    return neighbours, titles, loose
