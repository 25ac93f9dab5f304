"""The domain thesaurus: official terms with their everyday words, for the expansion of lexical queries.

`python -m training thesaurus` writes `src/perfsearch/text/thesaurus.tsv`: one official term a line, a tab, its everyday
words separated by spaces. Precision counts: a wrong synonym costs every query that holds it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training import evaluate, sources
from training.sources import RegisterItem
from training.vocabulary import jieba_frequencies

_TERM = re.compile(r"^[\u3400-\u9fff]{2,8}$")
_WORD = re.compile(r"^[\u3400-\u9fff]{2,5}$")
VARIANTS_MAX = 6
# An everyday word that stands for more official terms than this says too little.
TERMS_A_WORD_MAX = 4
# Per million words of general Chinese (jieba's dictionary): more frequent words (工作, 大家, 进行) match everything.
FREQUENCY_MAX = 400.0
# Cosine by the built-in encoder below which two words are not taken for the same; set by reading samples of what
# they let through. A wordnet pair, which nobody wrote for this domain, needs more than one of the register.
COSINE_MIN_REGISTER = 0.35
COSINE_MIN_WORDNET = 0.6


def candidate_pairs(items: Sequence[RegisterItem]) -> Counter[tuple[str, str]]:
    """(official term, everyday word) -> how many items say so; the official one is what official sentences hold."""
    official_text = "\n".join(item.official for item in items)
    everyday_text = "\n".join(text for item in items for text in item.everyday)
    pairs: Counter[tuple[str, str]] = Counter()
    for item in items:
        for group in item.terms:
            heads = [word for word in group if _TERM.match(word) and word in item.official][:1]
            heads = heads or [word for word in group[:1] if _TERM.match(word) and word in official_text]
            for head in heads:
                for word in group:
                    # A part or an extension of the term is found by the words themselves.
                    if word != head and _WORD.match(word) and word not in head and head not in word:
                        known = word in everyday_text or word not in item.official
                        pairs[head, word] += known
    return pairs


def wordnet_pairs(data: Path, terms: Iterable[str]) -> set[tuple[str, str]]:
    """(term, synonym) of the Chinese wordnet for the terms, from synsets of few words."""
    synsets: dict[str, list[str]] = defaultdict(list)
    for synset, lemma in sources.read_wordnet_lemmas(data):
        synsets[synset].append(lemma)
    wanted = set(terms)
    return {
        (term, word)
        for words in synsets.values()
        if 2 <= len(words) <= 6
        for term in wanted.intersection(words)
        for word in words
        if word != term and _WORD.match(word) and word not in term and term not in word
    }


def build(shared: Path, encode: evaluate.Encode, items: Sequence[RegisterItem]) -> list[tuple[str, list[str]]]:
    """(official term, everyday words, likest first), sorted by term."""
    frequencies = jieba_frequencies()
    million = sum(frequencies.values()) / 1e6
    written = candidate_pairs(items)
    terms = {term for term, _ in written}
    in_text = Counter(term for item in items for term in terms if term in item.official)
    pairs = dict.fromkeys(written, COSINE_MIN_REGISTER)
    for pair in wordnet_pairs(shared / "data", [term for term, count in in_text.items() if count >= 3]):
        pairs.setdefault(pair, COSINE_MIN_WORDNET)
    words = sorted({word for pair in pairs for word in pair})
    place = {word: index for index, word in enumerate(words)}
    vectors: NDArray[np.float32] = encode(words)
    spread = Counter(word for _, word in written)
    rows: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for (term, word), least in pairs.items():
        cosine = float(vectors[place[term]] @ vectors[place[word]])
        # Said by two writers, it needs no second opinion from the encoder that learned it from them.
        if cosine < least and written[term, word] < 2:
            continue
        if spread[word] > TERMS_A_WORD_MAX or frequencies.get(word, 0) / million > FREQUENCY_MAX:
            continue
        # A phrase that is no word (开车的) can't be matched by a segmenter; one that several items use can.
        if word not in frequencies and written[term, word] < 2 and len(word) > 4:
            continue
        rows[term].append((cosine, word))
    return [
        (term, [word for _, word in sorted(found, reverse=True)[:VARIANTS_MAX]]) for term, found in sorted(rows.items())
    ]


def write(path: Path, rows: Sequence[tuple[str, list[str]]]) -> None:
    """One term a line: term, tab, words separated by spaces."""
    path.write_text("".join(f"{term}\t{' '.join(words)}\n" for term, words in rows), encoding="utf-8")
