"""Measures an encoder on the development sets: similarity, retrieval, paraphrase among 20,000 passages, speed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training import corpora, guards, sources

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
DISTRACTORS = 20_000
PASSAGE_LENGTH = 260


def spearman(encode: Encode, pairs: Sequence[tuple[str, str, str]]) -> float:
    """Spearman's correlation of cosine with label, times 100."""
    from scipy.stats import spearmanr

    left, right = encode([pair[0] for pair in pairs]), encode([pair[1] for pair in pairs])
    result = spearmanr((left * right).sum(axis=1), [float(pair[2]) for pair in pairs])
    return 100 * float(result.statistic)


def ndcg_at_10(ranking: Sequence[int], grades: dict[int, float]) -> float:
    """nDCG@10 with gains 2^grade - 1."""

    def gain(grade: float) -> float:
        return float(2.0**grade - 1.0)

    found = sum(gain(grades.get(place, 0.0)) / np.log2(rank + 2) for rank, place in enumerate(ranking[:10]))
    best = sum(gain(grade) / np.log2(rank + 2) for rank, grade in enumerate(sorted(grades.values(), reverse=True)[:10]))
    return found / best


def csl(encode: Encode, data: Path) -> float:
    """nDCG@10 of CSL titles against abstracts, times 100."""
    folder = data / "benchmarks" / "csl_title2abstract"
    corpus = [json.loads(line) for line in sources.read_lines(folder / "corpus.jsonl")]
    queries = [json.loads(line) for line in sources.read_lines(folder / "queries.jsonl")]
    place = {row["_id"]: index for index, row in enumerate(corpus)}
    wanted: dict[str, dict[int, float]] = {}
    for line in sources.read_lines(folder / "qrels.tsv"):
        parts = line.split("\t")
        if parts[-1].isdigit() and parts[-2] in place:
            wanted.setdefault(parts[0], {})[place[parts[-2]]] = float(parts[-1])
    scores = encode([row["text"] for row in queries]) @ encode([row["text"] for row in corpus]).T
    top = np.argsort(-scores, axis=1)[:, :10]
    return 100 * float(np.mean([ndcg_at_10(list(top[i]), wanted[row["_id"]]) for i, row in enumerate(queries)]))


def distractor_passages(shared: Path, cache: Path, seed: int = 7) -> list[str]:
    """One passage of each of 20,000 unrelated filings."""
    path = cache / f"distractors-{seed}.jsonl"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        tool = shared / "tools" / "make_distractors.py"
        subprocess.run([sys.executable, str(tool), str(DISTRACTORS), str(path), str(seed)], check=True)
    passages = []
    for number, line in enumerate(sources.read_lines(path)):
        parts = list(json.loads(line)["sections"].values())
        passages.append(parts[number % len(parts)])
    return passages


class Candidates:
    """Passages in groups (a filing, a sentence of the register), scored by the best passage or sentence of each."""

    def __init__(self, groups: Sequence[Sequence[str]], level: str) -> None:
        self.texts: list[str] = []
        self.owner: list[int] = []
        for index, passages in enumerate(groups):
            for passage in passages:
                pieces = corpora.split_sentences(passage) if level == "sentence" else cut(passage)
                self.texts += pieces
                self.owner += [index] * len(pieces)
        self.starts = np.searchsorted(self.owner, np.arange(len(groups)))

    def scores(self, encode: Encode, queries: Sequence[str]) -> NDArray[np.float32]:
        """(n_queries, n_groups) best cosine of each group."""
        vectors, asked = encode(self.texts), encode(queries)
        blocks = [
            np.maximum.reduceat(block @ vectors.T, self.starts, axis=1)
            for block in np.array_split(asked, len(asked) // 64 + 1)
        ]
        return np.concatenate(blocks)


def cut(passage: str, length: int = PASSAGE_LENGTH) -> list[str]:
    return [passage[start : start + length] for start in range(0, max(len(passage), 1), length)]


def rank_scores(scores: NDArray[np.float32], wanted: Sequence[dict[int, float]]) -> dict[str, float]:
    """Mean nDCG@10 (times 100) and mean log10 of the place of the first best-graded candidate."""
    ndcg, places = [], []
    for row, grades in zip(scores, wanted, strict=True):
        top = np.argpartition(-row, 10)[:10]
        ndcg.append(ndcg_at_10(list(top[np.argsort(-row[top])]), grades))
        best = max(row[place] for place, grade in grades.items() if grade == max(grades.values()))
        places.append(np.log10(1 + int((row > best).sum())))
    return {"ndcg": 100 * float(np.mean(ndcg)), "log_rank": float(np.mean(places))}


def development_queries(shared: Path) -> tuple[list[list[str]], list[str], list[dict[int, float]]]:
    """(sections of each real filing, paraphrase queries, grades by filing place)."""
    filings = [json.loads(line) for line in sources.read_lines(shared / "gold" / "filings.jsonl")]
    place = {(row["source"]["file"], row["source"]["index"]): index for index, row in enumerate(filings)}
    texts = []
    for row in filings:
        sections = [text for text in row["sections"].values() if text]
        texts.append([row.get("project_name") or "", *sections])
    queries = [json.loads(line) for line in sources.read_lines(shared / "gold" / "queries-dev.jsonl")]
    queries = [row for row in queries if row["type"] == "paraphrase"]
    wanted = [
        {place[item["source"]["file"], item["source"]["index"]]: float(item["grade"]) for item in row["relevant"]}
        for row in queries
    ]
    return texts, [row["query"] for row in queries], wanted


def question_pairs(items: Sequence[sources.QuestionItem]) -> list[tuple[str, str, str]]:
    """The first wording of each item with what asks the same (1) and with what doesn't (0)."""
    return [
        (item.asked[0], text, label)
        for item in items
        for texts, label in ((item.asked[1:], "1"), (item.different, "0"))
        for text in texts
    ]


class Evaluation:
    """The development sets, read once; `quick` leaves out the passage level and CSL."""

    def __init__(self, shared: Path, cache: Path) -> None:
        self.data = shared / "data"
        self.pairs = {name: list(sources.read_pairs(self.data, name)) for name in ("stsb_zh_dev", "lcqmc_dev")}
        distractors = [[text] for text in distractor_passages(shared, cache)]
        filings, self.queries, self.wanted = development_queries(shared)
        self.development = {level: Candidates([*filings, *distractors], level) for level in ("sentence", "passage")}
        held = [item for item in sources.read_register(self.data) if guards.is_held_out(item)]
        self.held_queries = [text for item in held for text in item.everyday]
        self.held_wanted = [{index: 1.0} for index, item in enumerate(held) for _ in item.everyday]
        self.held = Candidates([*[[item.official] for item in held], *distractors], "sentence")
        self.questions = question_pairs([item for item in sources.read_questions() if guards.is_held_out(item)])

    def run(self, encode: Encode, quick: bool = False) -> dict[str, float]:
        """Name of each measure -> value."""
        results = {name: spearman(encode, pairs) for name, pairs in self.pairs.items()}
        if self.questions:
            results["questions held out"] = spearman(encode, self.questions)
        held = rank_scores(self.held.scores(encode, self.held_queries), self.held_wanted)
        results |= {f"register held out {name}": value for name, value in held.items()}
        for level, candidates in self.development.items():
            if level == "passage" and quick:
                continue
            found = rank_scores(candidates.scores(encode, self.queries), self.wanted)
            results |= {f"paraphrase {level} {name}": value for name, value in found.items()}
        results["csl"] = csl(encode, self.data)
        return results


def speed(encode: Encode, passages: Sequence[str], seconds: float = 3.0) -> float:
    """Passages of 200 characters a second of processor time."""
    texts = [(text * 2)[:200] for text in passages[:10_000]]
    encode(texts[:2_000])
    count, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        encode(texts)
        count += len(texts)
    return count / (time.process_time() - started)
