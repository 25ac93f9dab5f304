"""Texts to vectors: the `Encoder` protocol, the built-in model, and any sentence-transformers model."""

from perfsearch.encoding.loading import load_encoder
from perfsearch.encoding.protocol import Encoder, Kind

__all__ = ["Encoder", "Kind", "load_encoder"]
