"""The training tasks, built from the sources with one tokenizer."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training import sources
from training.bags import Bags, pool, tokenise
from training.losses import Distil, Graded, Groups, Kept, Pairs, Questions, Register, Task
from training.sources import QuestionItem, RegisterItem
from training.table import Glosses

NEIGHBOURS_MAX = 150_000


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


def register_tasks(
    tokenizer: Tokenizer, items: Sequence[RegisterItem], loose: Sequence[str], near: float
) -> dict[str, Task]:
    """Everyday with official, everyday with everyday, and equal words."""
    everyday = [text for item in items for text in item.everyday]
    owner = np.array([index for index, item in enumerate(items) for _ in item.everyday], dtype=np.int64)
    return {
        "register": Register(
            tokenise(tokenizer, everyday),
            owner,
            tokenise(tokenizer, [item.official for item in items]),
            tokenise(tokenizer, list(loose)),
            near=near,
        ),
        "wordings": grouped(tokenizer, [item.everyday for item in items]),
        "terms": grouped(
            tokenizer, [[word for word in group if len(word) <= 12] for item in items for group in item.terms]
        ),
    }


def question_task(tokenizer: Tokenizer, items: Sequence[QuestionItem]) -> Questions:
    """Questions with what asks the same and what only looks alike."""
    starts = np.concatenate([[0], np.cumsum([len(item.asked) for item in items])]).astype(np.int64)
    owner = np.repeat(np.arange(len(items)), [len(item.different) for item in items])
    return Questions(
        tokenise(tokenizer, [text for item in items for text in item.asked]),
        starts,
        tokenise(tokenizer, [text for item in items for text in item.different]),
        owner,
    )


def translations_task(tokenizer: Tokenizer, data: Path) -> Groups:
    """Chinese sentences that translate one English sentence."""
    groups: dict[str, list[str]] = defaultdict(list)
    for chinese, english, _ in sources.read_parallel(data):
        groups[english].append(chinese)
    return grouped(tokenizer, groups.values())


def kept_task(bags: Bags, table: NDArray[np.float32], size: int, seed: int) -> Kept:
    """`size` of the sentences, each with one that the table sets near, then with any other: their cosines as they are."""
    rng = np.random.default_rng(seed)
    bags = bags.chosen(rng.choice(len(bags), size=min(size, len(bags)), replace=False))
    vectors, rows = pool(bags, table), np.arange(len(bags))
    left = np.concatenate([rows, rows])
    right = np.concatenate([_near_partners(vectors, rng), rng.permutation(rows)])
    return Kept(bags.chosen(left), bags.chosen(right), (vectors[left] * vectors[right]).sum(axis=1))


def _near_partners(vectors: NDArray[np.float32], rng: np.random.Generator, among: int = 10) -> NDArray[np.int64]:
    """For each text one of its `among` nearest others."""
    partners = np.zeros(len(vectors), dtype=np.int64)
    for start in range(0, len(vectors), 1_000):
        scores = vectors[start : start + 1_000] @ vectors.T
        scores[scores > 0.999] = -2.0  # itself, and the same words again
        nearest = np.argpartition(-scores, among, axis=1)[:, :among]
        partners[start : start + len(scores)] = nearest[np.arange(len(scores)), rng.integers(0, among, len(scores))]
    return partners


def mined(
    task: Register, table: NDArray[np.float32], sample: int, seed: int, kept: int = 8, among: int = 30
) -> Register:
    """The task with the loose sentences (of `sample` of them) that the table sets nearest to each wording.

    Those nearer than the official sentence itself are left out: to a table that has seen the pair they mostly do say it.
    """
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(task.loose), size=min(sample, len(task.loose)), replace=False)
    loose, asked = pool(task.loose.chosen(rows), table), pool(task.everyday, table)
    own = (asked * pool(task.official, table)[task.owner]).sum(axis=1)
    hard = np.full((len(asked), kept), -1, dtype=np.int64)
    for start in range(0, len(asked), 1_000):
        scores = asked[start : start + 1_000] @ loose.T
        nearest = np.argpartition(-scores, among, axis=1)[:, :among]
        for place, row in enumerate(nearest):
            wrong = row[scores[place, row] < own[start + place]]
            wrong = wrong[np.argsort(-scores[place, wrong])][:kept]
            if len(wrong):
                hard[start + place] = np.resize(rows[wrong], kept)
    return replace(task, hard=hard)


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
