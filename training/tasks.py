"""The training tasks, built from the sources with one tokenizer."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training import sources
from training.bags import Bags, tokenise
from training.fit import Distil, Graded, Groups, Pairs, Register, Task
from training.sources import RegisterItem
from training.table import Glosses

NEIGHBOURS_MAX = 150_000
_NOT_LETTERS = re.compile(r"[^\u3400-\u9fffa-z]")
HELD_OUT_IN = 12
"""One register topic in twelve is never trained on; it is what models are chosen by."""


def is_held_out(item: RegisterItem) -> bool:
    """True for the items of held-out topics; a topic's side never changes as the register grows."""
    return int(hashlib.sha256(item.topic.encode()).hexdigest(), 16) % HELD_OUT_IN == 0


def drop_development(
    items: Sequence[RegisterItem], filings: Iterable[str], queries: Iterable[str]
) -> list[RegisterItem]:
    """The items that repeat neither the development filings nor the development queries.

    An item goes where any sentence of it shares eight characters in a row with a filing, or a fifth of its character
    pairs with a query (signs and digits aside): else the development scores would measure memory.
    """
    spans = {text[start : start + 8] for text in map(_letters, filings) for start in range(len(text) - 7)}
    asked = _Overlaps(queries)

    def repeats(item: RegisterItem) -> bool:
        sentences = [item.official, *item.everyday]
        if any(text[start : start + 8] in spans for text in map(_letters, sentences) for start in range(len(text) - 7)):
            return True
        return any(asked.most(text) >= 0.2 for text in sentences)

    return [item for item in items if not repeats(item)]


def drop_held_out(items: Sequence[RegisterItem], held: Sequence[RegisterItem]) -> list[RegisterItem]:
    """The items that don't say again, under another topic, what a held-out item says.

    Half of a wording's character pairs, or two fifths of an official sentence's, are taken as the same thing.
    """
    asked, official = (
        _Overlaps(text for item in held for text in item.everyday),
        _Overlaps(item.official for item in held),
    )
    return [
        item
        for item in items
        if official.most(item.official) < 0.4 and all(asked.most(text) < 0.5 for text in item.everyday)
    ]


class _Overlaps:
    """Texts by their character pairs."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._sizes: list[int] = []
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, pairs in enumerate(map(_character_pairs, texts)):
            self._sizes.append(len(pairs))
            for pair in pairs:
                self._places[pair].append(place)

    def most(self, text: str) -> float:
        """The largest share of character pairs that the text has in common with one of these (Jaccard)."""
        own = _character_pairs(text)
        shared = Counter(place for pair in own for place in self._places.get(pair, ()))
        return max((count / (len(own) + self._sizes[place] - count) for place, count in shared.items()), default=0.0)


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", text.lower())


def _character_pairs(text: str) -> set[str]:
    text = _letters(text)
    return {text[start : start + 2] for start in range(len(text) - 1)}


def grouped(tokenizer: Tokenizer, groups: Iterable[Sequence[str]]) -> Groups:
    """The groups of two or more texts as a task."""
    kept = [list(dict.fromkeys(group)) for group in groups]
    kept = [group for group in kept if len(group) >= 2]
    starts = np.concatenate([[0], np.cumsum([len(group) for group in kept])]).astype(np.int64)
    return Groups(tokenise(tokenizer, [text for group in kept for text in group]), starts)


def paired(tokenizer: Tokenizer, pairs: Sequence[tuple[str, str]]) -> Pairs:
    """The pairs as a task."""
    return Pairs(tokenise(tokenizer, [left for left, _ in pairs]), tokenise(tokenizer, [right for _, right in pairs]))


def graded(tokenizer: Tokenizer, pairs: Sequence[tuple[str, str, float]]) -> Graded:
    """The graded pairs as a task."""
    left = tokenise(tokenizer, [pair[0] for pair in pairs])
    right = tokenise(tokenizer, [pair[1] for pair in pairs])
    return Graded(left, right, np.array([pair[2] for pair in pairs], dtype=np.float32))


def synonym_groups(data: Path, glosses: Glosses, sizes: range = range(2, 9)) -> list[list[str]]:
    """Words that share a wordnet synset, or an English sense in the dictionary."""
    groups: dict[str, list[str]] = defaultdict(list)
    for synset, lemma in sources.read_wordnet_lemmas(data):
        if lemma and lemma not in groups[synset]:
            groups[synset].append(lemma)
    for word, senses in glosses.items():
        for sense, weight in senses:
            if weight > 0.5 and len(word) >= 2:
                groups["en:" + re.sub(r"^(?:to|a|an|the) ", "", sense.lower())].append(word)
    return [group for group in groups.values() if len(group) in sizes]


def parallel_task(tokenizer: Tokenizer, data: Path, english: Sequence[str], vectors: NDArray[np.float16]) -> Distil:
    """Chinese sentences towards the teacher's vectors of their English sides, centred."""
    place = {text: index for index, text in enumerate(english)}
    rows = [(chinese, place[text]) for chinese, text, _ in sources.read_parallel(data)]
    centred = vectors.astype(np.float32)
    centred -= centred.mean(axis=0)
    targets = centred[[index for _, index in rows]].astype(np.float16)
    return Distil(tokenise(tokenizer, [chinese for chinese, _ in rows]), targets)


def gloss_task(tokenizer: Tokenizer, words: Sequence[str], vectors: NDArray[np.float32], known: set[str]) -> Distil:
    """Words towards their gloss vectors; words in use weigh five times more than those the corpora never show."""
    weights = np.array([5.0 if word in known else 1.0 for word in words])
    return Distil(tokenise(tokenizer, list(words)), vectors.astype(np.float16), weights / weights.sum())


def register_tasks(tokenizer: Tokenizer, items: Sequence[RegisterItem], loose: Sequence[str]) -> dict[str, Task]:
    """Everyday with official, everyday with everyday, and equal words."""
    everyday = [text for item in items for text in item.everyday]
    owner = np.array([index for index, item in enumerate(items) for _ in item.everyday], dtype=np.int64)
    return {
        "register": Register(
            tokenise(tokenizer, everyday),
            owner,
            tokenise(tokenizer, [item.official for item in items]),
            tokenise(tokenizer, list(loose)),
        ),
        "wordings": grouped(tokenizer, [item.everyday for item in items]),
        "terms": grouped(
            tokenizer, [[word for word in group if len(word) <= 12] for item in items for group in item.terms]
        ),
    }


def graded_pairs(data: Path) -> list[tuple[str, str, float]]:
    """STS-B (train), grades 0 to 1."""
    return [(left, right, float(label) / 5) for left, right, label in sources.read_pairs(data, "stsb_zh_train")]


def prose_tasks(
    tokenizer: Tokenizer, neighbours: Sequence[tuple[str, str]], titles: Sequence[tuple[str, str]], seed: int
) -> dict[str, Task]:
    """Neighbouring passages and titles with their bodies."""
    chosen = random.Random(seed).sample(list(neighbours), min(len(neighbours), NEIGHBOURS_MAX))
    return {"neighbours": paired(tokenizer, chosen), "titles": paired(tokenizer, titles)}


def join_bags(chosen: Iterable[Task]) -> Bags:
    """All texts of the tasks as one bag, for token frequencies."""
    ids = [bags.ids for task in chosen for bags in vars(task).values() if isinstance(bags, Bags)]
    joined = np.concatenate(ids)
    return Bags(joined, np.array([0, len(joined)], dtype=np.int64))
