"""What an encoder is to the rest of the package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Kind = Literal["passage", "query"]


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into vectors whose dot product is their similarity."""

    @property
    def name(self) -> str:
        """Identity of the model, `model@fingerprint`: the fingerprint changes whenever the vectors would."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: bool = False) -> NDArray[np.float32]:
        """(n_texts, dim) float32, rows of unit length; a text without any known token has a row of zeros.

        `kind` chooses the model's prompt where it has one; `progress` shows a bar on stderr.
        """
