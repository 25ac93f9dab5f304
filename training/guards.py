"""What is kept apart: held-out topics, and whatever would let a development set or a held-out item be remembered."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from training.sources import QuestionItem, RegisterItem

_NOT_LETTERS = re.compile(r"[^\u3400-\u9fffa-z]")
HELD_OUT_IN = 12
"""One topic in twelve is never trained on; it is what models are chosen by."""


def is_held_out(item: RegisterItem | QuestionItem) -> bool:
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


def drop_asked(
    items: Sequence[QuestionItem], held: Sequence[QuestionItem], development: Iterable[str]
) -> list[QuestionItem]:
    """The question items that repeat neither a held-out item nor a development sentence.

    Half of a sentence's character pairs are taken as what a held-out item says; of the development sentences, where many
    ask 怎么做 of something, seven tenths.
    """
    held_texts = _Overlaps(text for item in held for text in (*item.asked, *item.different))
    known = _Overlaps(development)
    return [
        item
        for item in items
        if all(held_texts.most(text) < 0.5 and known.most(text) < 0.7 for text in (*item.asked, *item.different))
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
