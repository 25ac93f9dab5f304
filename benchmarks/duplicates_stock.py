"""Mine the stock phrases that `perfsearch.extract.stock` knows: runs of characters that many public texts share."""

from __future__ import annotations

import argparse
import json
import lzma
from pathlib import Path

import numpy as np

from perfsearch.extract.fingerprints import fold, gram_hashes
from perfsearch.extract.stock import STOCK_GRAM

CORPORA = (("policy_gccmpd", 1), ("gov_work_reports", 1), ("laws", 2), ("xwlb", 3))
"""Name, and of how many documents one is read."""
STRETCH = 3_000
STRETCHES_MAX = 10
BLOCK = 8_000_000
"""Grams counted at a time, which bounds the memory."""


class Counter:
    """In how many stretches each gram stands; after each block, grams that can hardly reach the mark are dropped."""

    def __init__(self) -> None:
        self.hashes = np.empty(0, dtype=np.uint64)
        self.counts = np.empty(0, dtype=np.int32)
        self.pending: list[np.ndarray] = []
        self.n_pending = self.n_stretches = 0

    def add(self, text: str) -> None:
        grams = np.unique(gram_hashes(fold(text).codes, STOCK_GRAM))
        self.pending.append(grams)
        self.n_pending += len(grams)
        self.n_stretches += 1
        if self.n_pending > BLOCK:
            self.count()

    def count(self) -> None:
        hashes = np.concatenate([self.hashes, *self.pending])
        counts = np.concatenate([self.counts, np.ones(self.n_pending, dtype=np.int32)])
        order = np.argsort(hashes, kind="stable")
        hashes, counts = hashes[order], counts[order]
        first = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1]])
        sums = np.add.reduceat(counts, first)
        keep = sums >= max(1, self.n_stretches // 4000) if self.n_stretches > STRETCH else np.ones(len(sums), bool)
        self.hashes, self.counts = hashes[first][keep], sums[keep].astype(np.int32)
        self.pending, self.n_pending = [], 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prose", type=Path, help="folder with the corpora as NAME.jsonl.xz")
    parser.add_argument("--stretches", type=int, default=10, help="a phrase stands in at least so many stretches")
    parser.add_argument("--out", type=Path, default=Path("src/perfsearch/extract/stock_grams.npy"))
    options = parser.parse_args()
    counter = Counter()
    for name, step in CORPORA:
        with lzma.open(options.prose / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if number % step == 0:
                    text = json.loads(line)["text"][: STRETCH * STRETCHES_MAX]
                    for start in range(0, len(text), STRETCH):
                        counter.add(text[start : start + STRETCH])
    counter.count()
    kept = np.unique((counter.hashes[counter.counts >= options.stretches] >> np.uint64(32)).astype(np.uint32))
    np.save(options.out, kept)
    print(f"{len(kept)} phrases of {counter.n_stretches} stretches")


if __name__ == "__main__":
    main()
