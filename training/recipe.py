"""Every number that the model depends on; LOG.md holds the measurements they were chosen by."""

from __future__ import annotations

from training.fit import Mix

SEED = 1
VOCABULARY_SIZE = 65_536
DIMENSION = 256
AXES_POWER = -0.25
AXES_SAMPLE_SIZE = 30_000
LENGTHS_POWER = 0.85
KEPT_SIZE = 20_000
NEAR = 0.6
MINED_AMONG = 40_000

# Task -> (batch size, weight in the loss).
_ASKED = {"translations": (256, 0.3), "questions": (256, 0.5)}
_GENERAL = {
    "parallel": (1024, 3.0),
    "glosses": (512, 2.0),
    "synonyms": (384, 1.0),
    "neighbours": (192, 0.6),
    "titles": (512, 1.5),
    "graded": (384, 0.3),
} | _ASKED
_REGISTER = {"register": (512, 3.0), "wordings": (256, 1.5), "terms": (256, 1.0)}
# The general tasks go on beside the register, smaller, so that they are not unlearned.
_BESIDE = {
    "parallel": (768, 3.0),
    "glosses": (512, 2.0),
    "synonyms": (384, 1.0),
    "neighbours": (128, 0.6),
    "titles": (256, 1.2),
    "graded": (384, 0.3),
    "kept": (768, 0.5),
} | _ASKED


def _general(steps: int, seed: int, dropout: float) -> Mix:
    return Mix(steps, 3e-3, _GENERAL, seed, dict.fromkeys(_GENERAL, dropout) if dropout else {})


def _register(seed: int, steps: int) -> Mix:
    return Mix(steps, 2.5e-3, _BESIDE | _REGISTER, seed, dict.fromkeys(_REGISTER, 0.3))


# One run as it is and one that loses a tenth of its tokens: their mean keeps the first one's similarity and the second
# one's robustness.
GENERAL_RUNS = (_general(600, 5, 0.0), _general(500, 1, 0.1))
REGISTER_ROUNDS = (
    tuple(_register(seed, 300) for seed in (6, 7)),
    tuple(_register(seed, 400) for seed in (10, 11, 12, 13)),
)
