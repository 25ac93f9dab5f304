"""The training loop: a table of token vectors, several tasks a step, sparse Adam."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.nn import functional

from training.bags import Bags
from training.losses import Task

# Rows of an optimiser step that are worked on together: they stay in the cache (1.5 MB at 384 numbers).
ROWS_AT_ONCE = 1_024


@dataclass(frozen=True)
class Mix:
    """Which tasks a run takes, each with (batch size, weight in the loss); a task that is absent is not drawn."""

    steps: int
    rate: float
    tasks: dict[str, tuple[int, float]]
    seed: int = 1
    dropout: dict[str, float] = field(default_factory=dict)
    """Task -> share of tokens that a text loses each time it is read, so that no single word carries it."""


class _Pool(torch.autograd.Function):
    """Sum of the rows of each bag; with the row optimiser below, a step takes a fifth of `EmbeddingBag`'s with SparseAdam."""

    @staticmethod
    def forward(context: Any, rows: Tensor, matrix: csr_matrix) -> Tensor:  # type: ignore[override]
        context.matrix = matrix
        return torch.from_numpy(matrix @ rows.detach().numpy())

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return torch.from_numpy(context.matrix.T @ np.ascontiguousarray(gradient.numpy())), None


def pool_rows(rows: Tensor, matrix: csr_matrix) -> Tensor:
    """(n_texts, dim) `matrix @ rows`, with a gradient for the rows."""
    return cast(Tensor, _Pool.apply(rows, matrix))  # type: ignore[no-untyped-call]


class Table:
    """The table of token vectors with Adam's moments for each row; a step touches only the rows it read."""

    def __init__(self, table: NDArray[np.float32], rng: np.random.Generator) -> None:
        self.dropout, self.rng = 0.0, rng
        self.values = torch.from_numpy(table.copy())
        self.first = torch.zeros_like(self.values)
        self.second = torch.zeros_like(self.values)
        self._read: list[tuple[Tensor, Tensor]] = []

    def read(self, bags: Bags, rows: NDArray[np.int64]) -> Tensor:
        """(n_rows, dim) unit vectors of the chosen texts, each token dropped with probability `dropout`."""
        ids, offsets = bags.select(rows)
        seen = np.zeros(len(self.values), dtype=bool)
        seen[ids] = True
        tokens = np.flatnonzero(seen)
        place = np.zeros(len(self.values), dtype=np.int32)
        place[tokens] = np.arange(len(tokens), dtype=np.int32)
        index = torch.from_numpy(tokens)
        leaf = self.values[index].requires_grad_()
        self._read.append((index, leaf))
        starts = np.append(offsets, len(ids))
        kept = (self.rng.random(len(ids)) >= self.dropout).astype(np.float32)
        matrix = csr_matrix((kept, place[ids], starts), shape=(len(rows), len(tokens)))
        return functional.normalize(pool_rows(leaf, matrix), dim=1, eps=1e-9)

    def step(self, rate: float, number: int) -> None:
        """Adam on the rows that were read since the last step; `number` counts from 1."""
        index = torch.unique(torch.cat([tokens for tokens, _ in self._read]))
        place = torch.zeros(len(self.values), dtype=torch.int64)
        place[index] = torch.arange(len(index))
        total = torch.zeros(len(index), self.values.shape[1])
        for tokens, leaf in self._read:
            assert leaf.grad is not None
            total.index_add_(0, place[tokens], leaf.grad)
        self._read.clear()
        scale = rate * float(np.sqrt(1 - 0.999**number)) / (1 - 0.9**number)
        for start in range(0, len(index), ROWS_AT_ONCE):
            rows, change = index[start : start + ROWS_AT_ONCE], total[start : start + ROWS_AT_ONCE]
            first = self.first[rows].mul_(0.9).add_(change, alpha=0.1)
            second = self.second[rows].mul_(0.999).addcmul_(change, change, value=0.001)
            self.first[rows], self.second[rows] = first, second
            self.values[rows] -= first.mul_(scale).div_(second.sqrt_().add_(1e-8))


def fit(table: NDArray[np.float32], tasks: dict[str, Task], mix: Mix, report: bool = True) -> NDArray[np.float32]:
    """The table after `mix.steps` steps; deterministic for a seed on one machine."""
    torch.manual_seed(mix.seed)
    rng = np.random.default_rng(mix.seed)
    module = Table(table, rng)
    names = [name for name in mix.tasks if name in tasks]
    sums: dict[str, float] = dict.fromkeys(names, 0.0)
    started = time.monotonic()
    for step in range(mix.steps):
        warm, left = min(1.0, (step + 1) / 30), 1.0 - step / mix.steps
        losses = []
        for name in names:
            size, weight = mix.tasks[name]
            module.dropout = mix.dropout.get(name, 0.0)
            loss = tasks[name].loss(module, rng, size)
            sums[name] += float(loss.detach())
            losses.append(weight * loss)
        torch.stack(losses).sum().backward()
        module.step(mix.rate * warm * (0.1 + 0.9 * left), step + 1)
        if report and (step + 1) % 100 == 0:
            shown = " ".join(f"{name} {sums[name] / 100:.3f}" for name in names)
            print(f"  step {step + 1} ({time.monotonic() - started:.0f} s) {shown}", flush=True)
            sums = dict.fromkeys(names, 0.0)
    result: NDArray[np.float32] = module.values.numpy().copy()
    result[0] = 0.0
    return result


def soup(tables: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The mean of several runs from one start: the cheapest regulariser there is."""
    return np.mean(np.stack(tables), axis=0, dtype=np.float32)
