"""Every number that the model depends on, with what it was chosen by (LOG.md holds the measurements)."""

from __future__ import annotations

from training.adapt import Adaptation
from training.fit import Mix

SEED = 1
SEEDS = (1, 2)
VOCABULARY_SIZE = 65_536
DIMENSION = 256
AXES_POWER = -0.25
AXES_SAMPLE_SIZE = 30_000

# Task -> (batch size, weight in the loss).
GENERAL = {
    "parallel": (768, 3.0),
    "glosses": (768, 2.0),
    "synonyms": (512, 1.0),
    "neighbours": (256, 0.6),
    "titles": (256, 0.6),
    "graded": (256, 0.1),
}
REGISTER = {"register": (384, 2.0), "wordings": (256, 1.0), "terms": (256, 1.0)}
ADAPTATION = Adaptation(
    steps=250,
    rate=1e-3,
    tasks={
        "register": (512, 2.0), "wordings": (256, 1.0), "terms": (256, 0.5), "synonyms": (256, 0.3),
        "titles": (96, 0.4), "neighbours": (96, 0.4), "graded": (256, 0.15),
    },
)  # fmt: skip


def general(seed: int) -> Mix:
    """The first stage: meanings, synonyms, prose."""
    return Mix(steps=500, rate=3e-3, tasks=GENERAL, seed=seed, dropout=0.1)


def register(seed: int) -> Mix:
    """The second stage: everyday words with official ones, the first stage's tasks kept so that they are not lost."""
    return Mix(steps=150, rate=2e-3, tasks=GENERAL | REGISTER, seed=seed, dropout=0.2)
