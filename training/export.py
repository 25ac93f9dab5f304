"""Writes a table and its tokenizer as a sentence-transformers folder, eight bits a number."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save
from tokenizers import Tokenizer

MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def strongest_axes(texts: NDArray[np.float32], dim: int, power: float) -> NDArray[np.float32]:
    """(width, dim) map to the `dim` axes that the text vectors differ most by, each scaled by its strength to `power`.

    The axes are those of real texts (n_texts, width), not of the tokens. Power 0 only turns and cuts; -1 would whiten.
    """
    values, axes = np.linalg.eigh(texts.T.astype(np.float64) @ texts.astype(np.float64))
    order = np.argsort(-values)[:dim]
    scales = np.sqrt(np.maximum(values[order], 1e-9)) ** power
    return np.asarray(axes[:, order] * scales / scales.max(), dtype=np.float32)


def flatten(table: NDArray[np.float32], power: float) -> NDArray[np.float32]:
    """The table with each row's length raised to `power`, the median length kept: below 1 no word drowns the others."""
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    typical = np.median(lengths[lengths > 0])
    factors = np.where(lengths > 0, np.maximum(lengths / typical, 1e-9) ** (power - 1.0), 1.0)
    return np.asarray(table * factors, dtype=np.float32)


def quantise(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(codes, weights): row t of the table is about `codes[t] * weights[t]`."""
    weights = np.abs(table).max(axis=1) / 127
    codes = np.round(table / np.maximum(weights, 1e-12)[:, None]).astype(np.int8)
    return codes, weights.astype(np.float32)


def write_model(folder: Path, tokenizer: Tokenizer, table: NDArray[np.float32]) -> str:
    """Write the folder; returns the fingerprint of what was written."""
    (folder / "1_Normalize").mkdir(parents=True, exist_ok=True)
    # One line, no indentation: a third smaller, and quicker to read.
    text = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
    codes, weights = quantise(table)
    digest = hashlib.sha256(text.encode() + codes.tobytes() + weights.tobytes())
    fingerprint = digest.hexdigest()[:12]
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    tensors = {"embeddings": codes, "weights": weights}
    (folder / "model.safetensors").write_bytes(save(tensors, metadata={"fingerprint": fingerprint}))
    (folder / "modules.json").write_text(json.dumps(MODULES, indent=2) + "\n")
    config = {
        "model_type": "SentenceTransformer",
        "prompts": {},
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    }
    (folder / "config_sentence_transformers.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "1_Normalize" / "config.json").write_text("{}\n")
    return fingerprint
