"""From the data folder to the model folder: what is read, trained, averaged, reduced and written, in this order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training import corpora, evaluate, export, glosses, guards, recipe, sources, table, tasks, teacher, vocabulary
from training.bags import Bags, pool, tokenise
from training.fit import Mix, fit, soup
from training.losses import Distil, Register, Task

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ground:
    """What every run starts from."""

    tokenizer: Tokenizer
    tasks: dict[str, Task]
    first: NDArray[np.float32]
    sample: list[str]
    """Official sentences and loose prose: the texts whose axes the vectors are reduced to."""
    kept: Bags
    """Everyday sentences, headlines and questions: what the register must not change."""
    counts: dict[str, int]
    """Name of each kind of data -> how much of it was read."""


def read_items(shared: Path, say: Say) -> list[sources.RegisterItem]:
    """The register items to train on: not of a held-out topic, nothing that repeats those or the development set."""
    register = sources.read_register(shared / "data")
    held = [item for item in register if guards.is_held_out(item)]
    items = [item for item in register if not guards.is_held_out(item)]
    filings, queries, _ = evaluate.development_queries(shared)
    kept = guards.drop_development(items, [text for sections in filings for text in sections], queries)
    near = len(items) - len(kept)
    kept = guards.drop_held_out(kept, held)
    repeats = len(items) - near - len(kept)
    say(f"register: {len(kept)} items; left out {near} near the development set, {repeats} near {len(held)} held out")
    return kept


def read_asked(shared: Path, say: Say) -> list[sources.QuestionItem]:
    """The question items to train on: not of a held-out topic, none that is near those or the development sets."""
    questions = sources.read_questions()
    held = [item for item in questions if guards.is_held_out(item)]
    items = [item for item in questions if not guards.is_held_out(item)]
    pairs = sources.read_pairs(shared / "data", "lcqmc_dev")
    kept = guards.drop_asked(items, held, (text for left, right, _ in pairs for text in (left, right)))
    say(
        f"questions: {len(kept)} items; left out {len(items) - len(kept)} near {len(held)} held out or the development set"
    )
    return kept


def prepare(shared: Path, wordnet: Path, work: Path, say: Say) -> Ground:
    """Read the sources, build the tokenizer, the tasks and the first table."""
    data, seed = shared / "data", recipe.SEED
    known = glosses.read_glosses(data, wordnet)
    senses = sorted({text for found in known.values() for text, _ in found})
    parallel = list(sources.read_parallel(data))
    english = sorted({text for _, text, _ in parallel})
    say(f"teacher: {len(senses)} senses of {len(known)} words, {len(english)} sentences")
    sense_vectors, sentence_vectors = teacher.encode(senses, work), teacher.encode(english, work)
    items, asked = read_items(shared, say), read_asked(shared, say)
    neighbours, titles, loose = corpora.cut_pairs(data, seed)
    say(f"prose: {len(neighbours)} neighbours, {len(titles)} titles, {len(loose)} loose sentences")

    counts = vocabulary.count_words(left + right for left, right in neighbours[::4])
    told = [text for item in items for text in (*item.everyday, item.official)]
    everyday = vocabulary.count_words([*(chinese for chinese, _, _ in parallel), *told * 3])
    pieces = vocabulary.choose_words(counts, everyday, known, items, recipe.VOCABULARY_SIZE)
    tokenizer = vocabulary.build_tokenizer(pieces)

    words, word_vectors = table.gloss_vectors(known, senses, sense_vectors)
    built: dict[str, Task] = {
        "parallel": tasks.parallel_task(tokenizer, data, english, sentence_vectors),
        "glosses": tasks.gloss_task(tokenizer, words, word_vectors, set(counts) | set(everyday)),
        "synonyms": tasks.grouped(tokenizer, tasks.synonym_groups(data, known)),
        "graded": tasks.graded(tokenizer, tasks.graded_pairs(data)),
        **tasks.prose_tasks(tokenizer, neighbours, titles, seed),
        **tasks.register_tasks(tokenizer, items, loose, recipe.NEAR),
        "translations": tasks.translations_task(tokenizer, data),
        "questions": tasks.question_task(tokenizer, asked),
    }
    shown = tasks.join_bags([built[name] for name in ("neighbours", "parallel", "register")])
    weights = table.sif_weights(shown, tokenizer.get_vocab_size())
    first = table.first_table(tokenizer, words, word_vectors, weights, seed)
    everyday_texts = [chinese for chinese, _, source in parallel if source == "tatoeba"]
    everyday_texts += [title for _, title in sources.read_prose(data, "tnews_titles")]
    everyday_texts += [text for item in asked for text in (*item.asked, *item.different)]
    sample = [item.official for item in items] + loose[: recipe.AXES_SAMPLE_SIZE]
    sizes = {
        "dictionary words": len(known), "parallel sentences": len(parallel), "register items": len(items),
        "everyday wordings": sum(len(item.everyday) for item in items), "neighbouring passages": len(neighbours),
        "titles with bodies": len(titles), "graded pairs": len(tasks.graded_pairs(data)), "questions": len(asked),
    }  # fmt: skip
    return Ground(tokenizer, built, first, sample, tokenise(tokenizer, everyday_texts), sizes)


_inherited: tuple[NDArray[np.float32], dict[str, Task], Path] | None = None


def _fit_inherited(mix: Mix) -> NDArray[np.float32]:
    assert _inherited is not None
    start, built, work = _inherited
    digest = hashlib.sha256(start.tobytes() + repr(mix).encode())
    for name in sorted(mix.tasks):
        for value in vars(built[name]).values():
            digest.update(value.ids.tobytes() if isinstance(value, Bags) else repr(value).encode())
    path = work / f"run-{digest.hexdigest()[:16]}.npy"
    if not path.exists():
        np.save(path, fit(start, built, mix))
    table: NDArray[np.float32] = np.load(path)
    return table


def fit_all(
    table: NDArray[np.float32], built: dict[str, Task], mixes: Sequence[Mix], work: Path, jobs: int
) -> list[NDArray[np.float32]]:
    """One trained table a mix; `jobs` runs at a time, each in a process that inherits the tasks without copying them.

    A run that is in `work` already, of the same start, tasks and numbers, is not run again.
    """
    global _inherited
    _inherited = table, built, work
    try:
        if jobs == 1:
            return [_fit_inherited(mix) for mix in mixes]
        with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as workers:
            return list(workers.map(_fit_inherited, mixes))
    finally:
        _inherited = None


def train(ground: Ground, work: Path, say: Say, jobs: int) -> NDArray[np.float32]:
    """The table as it ships: general training, reduction to the strongest axes, then the register.

    Both trainings are means over runs. The axes are half whitened before the register is learned, not after: what the
    register teaches then stays as it was learned. Each round of register runs starts over from the general table and
    sees the sentences that the round before, averaged, sets too near the wordings; the last round ships.
    """
    say(f"general training, {len(recipe.GENERAL_RUNS)} runs")
    base = soup(fit_all(ground.first, ground.tasks, recipe.GENERAL_RUNS, work, jobs))
    axes = export.strongest_axes(
        pool(tokenise(ground.tokenizer, ground.sample), base), recipe.DIMENSION, recipe.AXES_POWER
    )
    start = np.ascontiguousarray(base @ axes)
    moved = {name: task.moved(axes) if isinstance(task, Distil) else task for name, task in ground.tasks.items()}
    moved["kept"] = tasks.kept_task(ground.kept, start, recipe.KEPT_SIZE, recipe.SEED)
    register = moved["register"]
    assert isinstance(register, Register)
    runs: list[NDArray[np.float32]] = []
    for number, mixes in enumerate(recipe.REGISTER_ROUNDS, 1):
        say(f"register training, round {number}, {len(mixes)} runs")
        if runs:
            moved["register"] = tasks.mined(register, soup(runs), recipe.MINED_AMONG, recipe.SEED)
        runs = fit_all(start, moved, mixes, work, jobs)
    return export.flatten(soup(runs), recipe.LENGTHS_POWER)
