"""Every number that the model depends on; LOG.md holds the measurements they were chosen by."""

from __future__ import annotations

from training.fit import Mix

SEED = 1
VOCABULARY_SIZE = 65_536
DIMENSION = 256
AXES_POWER = -0.25
AXES_SAMPLE_SIZE = 30_000

# Task -> (batch size, weight in the loss).
_GENERAL = {
    "parallel": (1024, 3.0),
    "glosses": (512, 2.0),
    "synonyms": (384, 1.0),
    "neighbours": (192, 0.6),
    "titles": (256, 0.8),
    "graded": (384, 0.3),
}
_REGISTER = {"register": (512, 3.0), "wordings": (256, 1.5), "terms": (256, 1.0)}
# The general tasks go on beside the register, smaller, so that they are not unlearned.
_BESIDE = {
    "parallel": (768, 3.0),
    "glosses": (512, 2.0),
    "synonyms": (384, 1.0),
    "neighbours": (128, 0.6),
    "titles": (192, 0.8),
    "graded": (384, 0.3),
}

# One run as it is and one that loses a tenth of its tokens: their mean keeps the first one's similarity and the second
# one's robustness.
GENERAL_RUNS = (
    Mix(steps=600, rate=3e-3, tasks=_GENERAL, seed=5),
    Mix(steps=500, rate=3e-3, tasks=_GENERAL, seed=1, dropout=dict.fromkeys(_GENERAL, 0.1)),
)
REGISTER_RUNS = tuple(
    Mix(steps=300, rate=2.5e-3, tasks=_BESIDE | _REGISTER, seed=seed, dropout=dict.fromkeys(_REGISTER, 0.3))
    for seed in (6, 7, 8)
)
