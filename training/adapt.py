"""A change of all token vectors at once by few numbers, learned from the register.

Training the rows of the table teaches only the words that the register uses. A linear map, with a small network beside
it and a gate on each token's length, learns what the domain cares about from the same examples and applies it to every
word, the ones of topics that were never written about among them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor, nn
from torch.nn import functional

from training.bags import Bags
from training.fit import Distil, Task, pool_rows


@dataclass(frozen=True)
class Adaptation:
    """How the adapter is trained."""

    steps: int
    rate: float
    tasks: dict[str, tuple[int, float]]
    hidden: int = 512
    """Width of the network beside the linear map; 0 for none."""
    dropout: float = 0.2
    seed: int = 1


class Adapter(nn.Module):
    """Token vectors as a function of the first ones: `gate * (d + d M + network(d)) * length`, d the direction."""

    def __init__(self, table: NDArray[np.float32], adaptation: Adaptation) -> None:
        super().__init__()
        torch.manual_seed(adaptation.seed)
        rows = torch.from_numpy(table)
        self.lengths = rows.norm(dim=1, keepdim=True)
        self.directions = rows / self.lengths.clamp_min(1e-6)
        dim, hidden = table.shape[1], adaptation.hidden
        self.linear = nn.Parameter(torch.zeros(dim, dim))
        self.gate = nn.Sequential(nn.Linear(dim + 1, 64), nn.Tanh(), nn.Linear(64, 1), nn.Tanh())
        self.network = nn.Sequential(nn.Linear(dim + 1, hidden), nn.GELU(), nn.Linear(hidden, dim)) if hidden else None
        for last in (self.gate[2], *([self.network[2]] if self.network else [])):
            nn.init.zeros_(cast(Tensor, last.weight))
            nn.init.zeros_(cast(Tensor, last.bias))
        self.dropout = adaptation.dropout
        self.rng = np.random.default_rng(adaptation.seed)

    def rows(self, tokens: Tensor) -> Tensor:
        """(n_tokens, dim) the changed vectors of the tokens."""
        directions, lengths = self.directions[tokens], self.lengths[tokens]
        # Directions have numbers of about 0.05; times 8 they are where the nonlinearities bend.
        seen = torch.cat([directions * 8, lengths], dim=1)
        changed = directions + directions @ self.linear
        if self.network is not None:
            changed = changed + self.network(seen)
        return changed * lengths * torch.exp(1.5 * self.gate(seen))

    def read(self, bags: Bags, chosen: NDArray[np.int64]) -> Tensor:
        """(n_chosen, dim) unit vectors of the texts, as `fit.Table.read`."""
        ids, offsets = bags.select(chosen)
        tokens, places = np.unique(ids, return_inverse=True)
        kept = (self.rng.random(len(ids)) >= self.dropout).astype(np.float32)
        matrix = csr_matrix((kept, places, np.append(offsets, len(ids))), shape=(len(chosen), len(tokens)))
        return functional.normalize(pool_rows(self.rows(torch.from_numpy(tokens)), matrix), dim=1, eps=1e-9)

    def table(self) -> NDArray[np.float32]:
        """The whole changed table."""
        with torch.no_grad():
            result: NDArray[np.float32] = self.rows(torch.arange(len(self.directions))).numpy().copy()
        result[0] = 0.0
        return result


def adapt(
    table: NDArray[np.float32], tasks: dict[str, Task], adaptation: Adaptation, report: bool = True
) -> NDArray[np.float32]:
    """The table after the adapter has been trained and applied to every row."""
    adapter = Adapter(table, adaptation)
    rng = np.random.default_rng(adaptation.seed)
    optimiser = torch.optim.AdamW(adapter.parameters(), lr=adaptation.rate, weight_decay=0.01)
    started = time.monotonic()
    for step in range(adaptation.steps):
        for group in optimiser.param_groups:
            group["lr"] = adaptation.rate * min(1.0, (step + 1) / 20) * (1.0 - 0.9 * step / adaptation.steps)
        losses = [weight * tasks[name].loss(adapter, rng, size) for name, (size, weight) in adaptation.tasks.items()]
        loss = torch.stack(losses).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if report and (step + 1) % 50 == 0:
            print(f"  step {step + 1} ({time.monotonic() - started:.0f} s) {float(loss.detach()):.3f}", flush=True)
    return adapter.table()


def follow(tasks: dict[str, Task], before: NDArray[np.float32], after: NDArray[np.float32]) -> dict[str, Task]:
    """The tasks with the teacher's targets moved as the adapter moved the table (least squares), the rest unchanged."""
    left, right = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6) for rows in (before, after))
    change = np.linalg.lstsq(left, right, rcond=None)[0].astype(np.float32)
    moved = dict(tasks)
    for name, task in tasks.items():
        if isinstance(task, Distil):
            targets = (task.targets.astype(np.float32) @ change).astype(np.float16)
            moved[name] = Distil(task.bags, targets, task.weights)
    return moved
