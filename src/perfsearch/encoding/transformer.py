"""Any other model: a sentence-transformers name or folder, with its prompts, in batches, on a GPU where there is one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfsearch.encoding.protocol import Kind
from perfsearch.errors import EncoderError

BATCH_SIZE = 64
# Names that models give their two prompts; the first one that a model has is used.
PROMPT_NAMES: dict[Kind, tuple[str, ...]] = {
    "query": ("query", "search_query", "retrieval.query", "s2p_query"),
    "passage": ("passage", "document", "search_document", "retrieval.passage", "corpus"),
}
# Values of each parameter that go into the fingerprint, evenly spread.
SAMPLE_SIZE = 64


class TransformerEncoder:
    """A sentence-transformers model; importing that library takes seconds, so it happens here and not before."""

    def __init__(self, source: str) -> None:
        """Load the model of that name or path.

        Raises:
            EncoderError: sentence-transformers is missing, or the model can't be had.
        """
        self._model = _load_model(source)
        self._prompts = {kind: _find_prompt(self._model.prompts, names) for kind, names in PROMPT_NAMES.items()}
        self._name = f"{source}@{fingerprint_model(self._model)}"
        self._dim = len(self.encode(["维"])[0])

    @property
    def name(self) -> str:
        """`source@fingerprint`; the fingerprint is of the weights and the prompts."""
        return self._name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage", progress: bool = False) -> NDArray[np.float32]:
        """(n_texts, dim) float32 rows of unit length, with the model's prompt for that kind."""
        if not texts:
            return np.zeros((0, self._dim), dtype=np.float32)
        vectors = self._model.encode(
            list(texts),
            prompt=self._prompts[kind],
            batch_size=BATCH_SIZE,
            show_progress_bar=progress,
            normalize_embeddings=True,
            convert_to_numpy=True,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)


def _load_model(source: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EncoderError(
            f"the model {source!r} needs sentence-transformers: pip install sentence-transformers"
        ) from error
    if os.sep in source and not Path(source).exists() and source.startswith((os.sep, ".", "~")):
        raise EncoderError(f"there is no model folder {source!r}; give an existing folder or a model's name")
    try:
        return SentenceTransformer(str(Path(source).expanduser()) if Path(source).expanduser().exists() else source)
    except Exception as error:  # the loader raises whatever the hub, the disk or a model's own code raises
        raise EncoderError(
            f"the model {source!r} can't be loaded ({type(error).__name__}: {_first_line(error)}); check the name and "
            "the network, or download it elsewhere and give the path of its folder, or leave --model out for the "
            "built-in model"
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no message"


def _find_prompt(prompts: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((prompts[name] for name in names if prompts.get(name)), None)


def fingerprint_model(model: Any) -> str:
    """12 hex digits over every parameter's name, shape and a sample of its values, and over the prompts.

    The same on any device and after moving the folder; other weights of the same name give another one.
    """
    digest = hashlib.sha256(repr(sorted(model.prompts.items())).encode())
    for name, tensor in sorted(model.state_dict().items()):
        flat = tensor.detach().reshape(-1)
        step = max(1, flat.numel() // SAMPLE_SIZE)
        values = flat[::step].float().cpu().numpy()
        digest.update(f"{name}{tuple(tensor.shape)}".encode() + values.tobytes())
    return digest.hexdigest()[:12]
