"""A filing as bytes: what the records hold of its text."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import Any

from pydantic_core import from_json

from perfsearch.errors import LibraryDamaged
from perfsearch.indexes.phrases import KNOWN
from perfsearch.model import Budget, Filing, Source
from perfsearch.text.chunk import section_text

_GB18030_PHRASES_1 = b"\x01"
"""First byte of a body: JSON in GB 18030 (two bytes a Chinese character, not three), deflated with the phrases of
`body_phrases.txt` known beforehand. A real filing is 1.3 KB; of UTF-8 and without the phrases, 2.1 KB."""
_GB18030_LEARNT = b"\x02"
"""The same JSON, compressed against phrases that the library learnt from its own filings."""


@cache
def _phrases() -> bytes:
    """Words, stock sentences and keys that most filings have. Never change the file: bodies are written against it."""
    data = resources.files("perfsearch.indexes").joinpath("body_phrases.txt").read_text(encoding="utf-8")
    return data.encode("gb18030")


def encode_body(filing: Filing, phrases: int | None = None) -> bytes:
    """The bytes that hold a filing; `phrases` is the number of the set that it is written against, if any."""
    text = filing.model_dump_json(exclude_defaults=True).encode("gb18030")
    if phrases is not None:
        return _GB18030_LEARNT + KNOWN.compress(phrases, text)
    deflate = zlib.compressobj(6, zdict=_phrases())
    return _GB18030_PHRASES_1 + deflate.compress(text) + deflate.flush()


def content_of(body: bytes) -> bytes:
    """The text in a body, from which phrases are learnt.

    Raises:
        ValueError: the bytes are not what `encode_body` made.
    """
    kind = body[:1]
    if kind == _GB18030_LEARNT:
        return KNOWN.decompress(body[1:])
    if kind != _GB18030_PHRASES_1:
        raise ValueError(f"unknown kind {kind!r}")
    inflate = zlib.decompressobj(zdict=_phrases())
    text = inflate.decompress(body[1:])
    if not inflate.eof:
        raise ValueError("it is cut short")
    return text


def _text_of(body: bytes) -> str:
    return content_of(body).decode("gb18030")


def decode_body(body: bytes, path: str | None = None) -> Filing:
    """The filing that bytes hold; `path` is where its file lay.

    Raises:
        LibraryDamaged: the bytes are not what `encode_body` made.
    """
    try:
        filing = Filing.model_validate_json(_text_of(body))
    except (ValueError, TypeError, zlib.error) as error:
        raise LibraryDamaged(f"the text of a filing can't be read: {error}") from error
    if path is not None:
        filing = filing.model_copy(update={"source": filing.source.model_copy(update={"path": path})})
    return filing


@dataclass(frozen=True, slots=True)
class Leaf:
    """A stored filing as its JSON says it, not built into the model: what a hit shows of it costs a third of that."""

    values: dict[str, Any]
    path: str | None = None
    """Where its file lay."""

    def source(self) -> Source:
        """The file it came from."""
        said = dict(self.values["source"])
        if said.get("pages") is not None:
            said["pages"] = tuple(said["pages"])
        return Source.model_construct(**said, path=self.path)

    def section_text(self, section: str) -> str:
        """The text that the chunks of a section are cut from; see `perfsearch.text.chunk.section_text`."""
        if section == "header":
            budget = SimpleNamespace(**{**_NO_BUDGET, **self.values.get("budget", {})})
            header: Any = SimpleNamespace(**{**_NO_HEADER, **self.values, "budget": budget})
            return section_text(header, section)
        if section == "indicators":
            rows: Any = SimpleNamespace(indicators=[SimpleNamespace(**row) for row in self.values.get(section, ())])
            return section_text(rows, section)
        text: str = self.values.get("sections", {}).get(section, "")
        return text


_NO_HEADER = {name: None for name, field in Filing.model_fields.items() if field.default is None}
_NO_BUDGET = dict.fromkeys(Budget.model_fields)


def decode_leaf(body: bytes, path: str | None = None) -> Leaf:
    """The filing that bytes hold, not built into the model; `path` is where its file lay.

    Raises:
        LibraryDamaged: the bytes are not what `encode_body` made.
    """
    try:
        values = from_json(_text_of(body))
        if not isinstance(values, dict) or "source" not in values:
            raise ValueError("it is no filing")
    except (ValueError, TypeError, zlib.error) as error:
        raise LibraryDamaged(f"the text of a filing can't be read: {error}") from error
    return Leaf(values, path)


def decode_sections(body: bytes) -> dict[str, str]:
    """The sections of the filing that bytes hold.

    Raises:
        LibraryDamaged: the bytes are not what `encode_body` made.
    """
    return dict(decode_leaf(body).values.get("sections", {}))
