"""perfsearch: search and precedent for Chinese public-budget filings.

The public names are imported on first use, so that `import perfsearch` costs next to nothing and the command line
starts at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perfsearch.encoding import Encoder, load_encoder
    from perfsearch.library import Library
    from perfsearch.parsing import parse_file

__version__ = "0.1.0"
__all__ = ["Encoder", "Library", "__version__", "load_encoder", "parse_file"]

_HOMES = {
    "Encoder": "perfsearch.encoding",
    "load_encoder": "perfsearch.encoding",
    "Library": "perfsearch.library",
    "parse_file": "perfsearch.parsing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'perfsearch' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
