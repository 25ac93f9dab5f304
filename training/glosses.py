"""English glosses of Chinese words: what the teacher reads to give each word its first vector."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from training import sources

# A sense that only points at another word; the target's senses stand in for it.
_POINTER = re.compile(
    r"^(?:\([^)]*\) ?)*(?:(?:old |erhua |Japanese |archaic )?variant of|see(?: also)?|also written|abbr\. for|same as|"
    r"equivalent to|contraction of|another (?:name|term) for|another word for) "
    r"(?:[^\s|\[(]+\|)?([^\s|\[\](),;]+)(?:\[[^\]]*\])?"
)
_DROPPED = re.compile(
    r"^(?:CL:|surname |variant of |also pr\.|also written|see also |Taiwan pr\.|old variant|\(onom|used in |"
    r"Japanese variant|erhua variant|pr\. )"
)
_TAGS = re.compile(
    r"\((?:coll|slang|idiom|loanword|literary|fig|lit|Tw|abbr|dialect|old|archaic|bound form|formal|vulgar|polite|"
    r"derog|dated|neologism|Internet slang|Internet|formal|spoken|bound|classical|jocular|honorific|euphemism|proverb|saying|"
    r"onom|interj|particle|suffix|prefix|adjective|noun|verb|law|computing|math|chemistry|physics|medicine|botany|zoology|"
    r"linguistics|finance|economics|Buddhism|sports|music|geology|astronomy|anatomy|mil|grammar)\.?(?:[^)]{0,24})?\) ?"
)
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff·|，、“”]+|\[[^\]]*\]")
_SPACES = re.compile(r"\s+")
SENSES_MAX = 8


def clean_sense(sense: str) -> str:
    """One sense as plain English: no tags, pinyin or Chinese; "" where nothing is left to read."""
    if _DROPPED.match(sense):
        return ""
    text = _TAGS.sub("", sense)
    text = re.sub(r"^(?:fig|lit|abbr|esp|usu)\. ", "", text)
    text = _CHINESE.sub(" ", text)
    text = re.sub(r"\(\s*\)|\( ?(?:abbr\.|short for|cf\.?|see|as in|e\.g\.|i\.e\.|also|=)[^)]*\)", " ", text)
    text = _SPACES.sub(" ", text).strip(" ,;:-=+")
    return text if re.search(r"[A-Za-z]{2}", text) and len(text) <= 160 else ""


def read_glosses(data: Path, wordnet: Path) -> dict[str, list[tuple[str, float]]]:
    """Word -> [(English sense, weight)], from CC-CEDICT (earlier senses weigh more) and both wordnets.

    Traditional forms are keys of their own, so that a traditional text still finds vectors.
    """
    senses: dict[str, list[str]] = defaultdict(list)
    pointers: dict[str, list[str]] = defaultdict(list)
    for simplified, traditional, raw in sources.read_cedict(data):
        for sense in raw:
            pointed = _POINTER.match(sense)
            if pointed and re.search(r"[\u3400-\u9fff]", pointed[1]):
                pointers[simplified].append(pointed[1])
                continue
            for part in sense.split("; "):
                text = clean_sense(part)
                if text:
                    senses[simplified].append(text)
                    if traditional != simplified:
                        senses[traditional].append(text)
    glosses: dict[str, dict[str, float]] = defaultdict(dict)
    for word in set(senses) | set(pointers):
        texts = list(senses.get(word, []))
        for target in pointers.get(word, []):
            texts += [text for text in senses.get(target, []) if target != word]
        for rank, text in enumerate(dict.fromkeys(texts)):
            if rank < SENSES_MAX:
                # Dictionary order is by use: the first sense is what the word mostly means.
                glosses[word][text] = 1.0 / (1.0 + 0.5 * rank)
    english = sources.read_wordnet_glosses(wordnet)
    for synset, lemma in sources.read_wordnet_lemmas(data):
        lemmas, definition = english.get(synset, ([], ""))
        if not lemmas or not lemma:
            continue
        known = bool(senses.get(lemma))
        # Wordnet senses are many and fine: they add little to a word that the dictionary holds, all to one it lacks.
        weight = 0.15 if known else 1.0
        glosses[lemma].setdefault(", ".join(lemmas[:4]), weight)
        glosses[lemma].setdefault(definition[:160], 0.5 * weight)
    return {word: list(found.items()) for word, found in glosses.items() if found}
