"""The kinds of examples: each task draws a batch of its texts and scores how the table reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.bags import Bags

SCALE = 20.0


class Reader(Protocol):
    """What a task reads texts with."""

    def read(self, bags: Bags, rows: NDArray[np.int64]) -> Tensor:
        """(n_rows, dim) unit vectors of the chosen texts."""


class Task:
    """One kind of example; `loss` draws a batch and scores it."""

    def loss(self, table: Reader, rng: np.random.Generator, size: int) -> Tensor:
        raise NotImplementedError


@dataclass
class Distil(Task):
    """Texts that should lie where the teacher put their English side."""

    bags: Bags
    targets: NDArray[np.float16]
    weights: NDArray[np.float64] | None = None

    def moved(self, axes: NDArray[np.float32]) -> Distil:
        """The same task in a space that is the old one times `axes`."""
        targets = (self.targets.astype(np.float32) @ axes).astype(np.float16)
        return Distil(self.bags, targets, self.weights)

    def loss(self, table: Reader, rng: np.random.Generator, size: int) -> Tensor:
        rows = rng.choice(len(self.bags), size=min(size, len(self.bags)), replace=False, p=self.weights)
        own = table.read(self.bags, rows)
        target = functional.normalize(torch.from_numpy(self.targets[rows].astype(np.float32)), dim=1)
        scores = own @ target.T
        labels = torch.arange(len(rows))
        return functional.cross_entropy(scores * SCALE, labels) + 2.0 * (1.0 - scores.diagonal()).mean()


@dataclass
class Pairs(Task):
    """Texts that belong together, against the others of the batch."""

    left: Bags
    right: Bags

    def loss(self, table: Reader, rng: np.random.Generator, size: int) -> Tensor:
        rows = rng.choice(len(self.left), size=min(size, len(self.left)), replace=False)
        scores = table.read(self.left, rows) @ table.read(self.right, rows).T * SCALE
        labels = torch.arange(len(rows))
        return (functional.cross_entropy(scores, labels) + functional.cross_entropy(scores.T, labels)) / 2


@dataclass
class Groups(Task):
    """Groups of equal texts: two members of each drawn group are a pair (synonyms, everyday wordings)."""

    bags: Bags
    starts: NDArray[np.int64]
    """Group i owns the texts `starts[i]:starts[i + 1]`; every group has two or more."""

    def loss(self, table: Reader, rng: np.random.Generator, size: int) -> Tensor:
        groups = rng.choice(len(self.starts) - 1, size=min(size, len(self.starts) - 1), replace=False)
        counts = self.starts[groups + 1] - self.starts[groups]
        first = rng.integers(0, counts)
        second = (first + rng.integers(1, counts)) % counts
        left = table.read(self.bags, self.starts[groups] + first)
        right = table.read(self.bags, self.starts[groups] + second)
        labels = torch.arange(len(groups))
        return functional.cross_entropy(left @ right.T * SCALE, labels)


@dataclass
class Register(Task):
    """Everyday wordings against official sentences, among the batch, unrelated prose and what was mistaken for them."""

    everyday: Bags
    owner: NDArray[np.int64]
    """Item of each everyday wording."""
    official: Bags
    loose: Bags
    """Unrelated sentences: what the right one must stand out from."""
    loose_size: int = 1024
    hard: NDArray[np.int64] | None = None
    """(n_everyday, n) loose sentences that an earlier table set too near each wording; a row may repeat one."""
    near: float = 1.0
    """Two officials of a batch with a cosine above this say the same thing: neither is wrong for the other's wordings."""

    def loss(self, table: Reader, rng: np.random.Generator, size: int) -> Tensor:
        rows = rng.choice(len(self.everyday), size=min(size, len(self.everyday)), replace=False)
        items, labels = np.unique(self.owner[rows], return_inverse=True)
        queries = table.read(self.everyday, rows)
        targets = table.read(self.official, items)
        unrelated = rng.choice(len(self.loose), size=self.loose_size, replace=False)
        if self.hard is not None:
            chosen = self.hard[rows, rng.integers(0, self.hard.shape[1], len(rows))]
            unrelated = np.unique(np.concatenate([unrelated, chosen[chosen >= 0]]))
        others = table.read(self.loose, unrelated)
        target = torch.from_numpy(labels.astype(np.int64))
        same = (targets.detach() @ targets.detach().T > self.near).fill_diagonal_(False)
        scores = (queries @ targets.T * SCALE).masked_fill(same[target], -SCALE)
        forward = functional.cross_entropy(torch.cat([scores, queries @ others.T * SCALE], dim=1), target)
        # Back from each official sentence to the first drawn wording of it.
        _, firsts = np.unique(self.owner[rows], return_index=True)
        one = queries[torch.from_numpy(firsts)]
        back = (targets @ one.T * SCALE).masked_fill(same, -SCALE)
        return forward + 0.5 * functional.cross_entropy(back, torch.arange(len(items)))


@dataclass
class Graded(Task):
    """Pairs with a grade: CoSENT, which asks only that a higher grade scores higher."""

    left: Bags
    right: Bags
    grades: NDArray[np.float32]

    def loss(self, table: Reader, rng: np.random.Generator, size: int) -> Tensor:
        rows = rng.choice(len(self.left), size=min(size, len(self.left)), replace=False)
        scores = (table.read(self.left, rows) * table.read(self.right, rows)).sum(1) * SCALE
        grades = torch.from_numpy(self.grades[rows])
        differences = scores[:, None] - scores[None, :]
        wrong = differences[(grades[:, None] < grades[None, :])]
        return torch.logsumexp(torch.cat([torch.zeros(1), wrong]), dim=0)


@dataclass
class Questions(Task):
    """A question, others that ask the same, and others that share its words and ask something else."""

    asked: Bags
    starts: NDArray[np.int64]
    """Item i owns the wordings `starts[i]:starts[i + 1]`, two or more."""
    other: Bags
    owner: NDArray[np.int64]
    """Item of each other question; every item has one."""

    def loss(self, table: Reader, rng: np.random.Generator, size: int) -> Tensor:
        items = rng.choice(len(self.starts) - 1, size=min(size, len(self.starts) - 1), replace=False)
        counts = self.starts[items + 1] - self.starts[items]
        first = rng.integers(0, counts)
        second = (first + rng.integers(1, counts)) % counts
        low, high = np.searchsorted(self.owner, items), np.searchsorted(self.owner, items, side="right")
        left = table.read(self.asked, self.starts[items] + first)
        right = table.read(self.asked, self.starts[items] + second)
        wrong = table.read(self.other, rng.integers(low, high))
        scores = left @ torch.cat([right, wrong]).T * SCALE
        apart = functional.cross_entropy(scores, torch.arange(len(items)))
        # Of any two pairs of the batch the one that asks the same is nearer: what makes cosines comparable.
        same, different = scores.diagonal(), scores[:, len(items) :].diagonal()
        differences = (different[:, None] - same[None, :]).flatten()
        return apart + torch.logsumexp(torch.cat([torch.zeros(1), differences]), dim=0)


@dataclass
class Kept(Task):
    """Pairs whose cosine should stay what it was before this training."""

    left: Bags
    right: Bags
    cosines: NDArray[np.float32]

    def loss(self, table: Reader, rng: np.random.Generator, size: int) -> Tensor:
        rows = rng.choice(len(self.left), size=min(size, len(self.left)), replace=False)
        now = (table.read(self.left, rows) * table.read(self.right, rows)).sum(1)
        return (SCALE * (now - torch.from_numpy(self.cosines[rows]))).square().mean()
