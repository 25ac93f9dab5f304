"""Which encoder a name means."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from perfsearch.encoding.protocol import Encoder
from perfsearch.encoding.static import StaticEncoder
from perfsearch.errors import EncoderError

BUILT_IN = "static"
"""Name of the model that ships with the package."""
BUILT_IN_LABEL = f"perfsearch-{BUILT_IN}"
BUILT_IN_FOLDER = Path(__file__).resolve().parent / "models" / BUILT_IN
_IDENTITY = re.compile(r"^(?P<source>.+)@(?P<fingerprint>[0-9a-f]{12})$")


def load_encoder(name: str | None = None) -> Encoder:
    """The built-in encoder without a name (or by `static`); else a sentence-transformers name or folder.

    An encoder's own `name` (`model@fingerprint`) is accepted too, and insists on that fingerprint. The built-in model is
    opened once a process.

    Raises:
        EncoderError: there is no such model here, or it is not the one of that fingerprint.
    """
    if name is None or name in (BUILT_IN, BUILT_IN_LABEL):
        return _built_in()
    found = _IDENTITY.match(name)
    source = found["source"] if found else name
    encoder = _built_in() if source in (BUILT_IN, BUILT_IN_LABEL) else _other(source)
    if found and encoder.name != name:
        known = BUILT_IN if source == BUILT_IN_LABEL else source
        raise EncoderError(
            f"the model here is {encoder.name}, not {name}: its weights have changed; "
            f"run `perfsearch rebuild --model {known}` to make the vectors again"
        )
    return encoder


@lru_cache(maxsize=1)
def _built_in() -> Encoder:
    return StaticEncoder(BUILT_IN_FOLDER, BUILT_IN_LABEL)


def _other(source: str) -> Encoder:
    # Imported late: this module is on the path of every cold start, that one only where a model is named.
    from perfsearch.encoding.transformer import TransformerEncoder

    return TransformerEncoder(source)
