"""The tokenizer: a Unigram model whose pieces are words of dictionaries and of the domain, scored, not trained."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from training import sources
from training.sources import RegisterItem

_WORD = re.compile(r"^[\u3400-\u9fff]{2,7}$")
_MIXED = re.compile(r"^(?=.*[\u3400-\u9fff])[\u3400-\u9fffa-z]{2,7}$")
_ENGLISH = re.compile(r"[a-z]{2,20}")
UNKNOWN = "[UNK]"


def normalise(text: str) -> str:
    """The tokenizer's own normal form (NFKC, lower case) without its splitting of digits."""
    return unicodedata.normalize("NFKC", text).lower()


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Words of the texts by jieba's dictionary, Chinese runs and English words alike."""
    import rjieba

    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(rjieba.cut(normalise(text), False))
    return counts


def jieba_frequencies() -> dict[str, int]:
    """Word -> frequency of jieba's dictionary (general Chinese, MIT)."""
    import jieba

    path = Path(jieba.__file__).parent / "dict.txt"
    rows = (line.split(" ") for line in sources.read_lines(path))
    return {row[0]: int(row[1]) for row in rows if len(row) >= 2}


def choose_words(
    counts: Counter[str],
    everyday: Counter[str],
    glosses: Iterable[str],
    items: Iterable[RegisterItem],
    size: int,
) -> dict[str, float]:
    """Piece -> log score for the `size` most useful pieces.

    Usefulness is the averaged relative frequency in prose, in everyday sentences and in jieba's dictionary. Words that
    the register sets equal and characters always stay; dictionary words come before words without a gloss.
    """
    jieba = jieba_frequencies()
    total, spoken, general = sum(counts.values()), sum(everyday.values()), sum(jieba.values())
    glossed = set(glosses)
    terms = Counter(word for item in items for group in item.terms for word in group if _WORD.match(word))
    usable = {
        word for word in set(counts) | set(everyday) | glossed | set(jieba) if _WORD.match(word) or _MIXED.match(word)
    }
    english = {word for word, count in counts.items() if _ENGLISH.fullmatch(word) and count >= 40}

    def frequency(word: str) -> float:
        return (counts[word] / total + everyday[word] / spoken + jieba.get(word, 0) / general + 1e-8) / 3

    def usefulness(word: str) -> float:
        # A word with a gloss starts with a meaning of its own; one without only when it is frequent enough to learn it.
        return frequency(word) * (8.0 if word in glossed else 1.0) * (0.3 if len(word) > 4 else 1.0)

    kept = {
        word for word, count in terms.items() if count >= 2 and len(word) <= 4 and (word in jieba or word in glossed)
    }
    letters = {
        chr(code) for code in (*range(0x21, 0x7F), *range(0x3400, 0x9FFF)) if _single(chr(code), counts, glossed, jieba)
    }
    letters = {letter.lower() for letter in letters} | {
        "。",
        "、",
        "《",
        "》",
        "“",
        "”",
        "〔",
        "〕",
        "·",
        "—",
        "…",
        "℃",
        "㎡",
    }
    ranked = sorted(usable | english, key=lambda word: (-usefulness(word), word))
    pieces = dict.fromkeys([*sorted(letters), *sorted(kept)])
    for word in ranked:
        if len(pieces) >= size - 1:
            break
        pieces.setdefault(word)
    # A single character costs two more in the log, so that words win over their characters.
    return {piece: math.log(frequency(piece)) - (2.0 if len(piece) == 1 else 0.0) for piece in pieces}


def _single(letter: str, counts: Counter[str], glossed: set[str], jieba: dict[str, int]) -> bool:
    return ord(letter) < 0x80 or letter in counts or letter in jieba or letter in glossed


def build_tokenizer(pieces: dict[str, float]) -> Tokenizer:
    """NFKC, lower case, white space dropped, then the likeliest pieces."""
    rows = [(UNKNOWN, min(pieces.values()) - 10.0), *pieces.items()]
    tokenizer = Tokenizer(models.Unigram(rows, unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    # No split at digits or punctuation: no piece of two or more signs holds one, so they stand alone anyway, and each
    # splitter costs a tenth of the speed.
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer
