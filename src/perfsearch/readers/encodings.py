"""Bytes to characters: which encoding a text file has, and whether it is text at all."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_SAMPLE_BYTES = 1 << 16
_DAMAGE_MAX = 0.01
"""More undecodable places than this share of the characters, and the encoding is not the right one."""

_JUNK_MAX = 0.02
"""More control, private or unassigned characters than this share, and it is no text."""

_JUNK = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ud800-\uf8ff\ufffe\uffff]")


def decode(data: bytes) -> tuple[str, str, int] | None:
    """Decode a text file; returns the text, the encoding and the number of damaged places, or None where it is no text.

    A byte order mark decides; else UTF-8 if it fits, else UTF-16 by its zero bytes, else GB18030, else
    the one of UTF-8 and GB18030 that is damaged in few places. A character cut off by the file's end is no damage.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            skip = len(mark) if encoding == "utf-8" else 0
            return _lenient(data[skip:], encoding)
    strict = _strict(data, "utf-8")
    if strict is not None:
        return None if _is_junk(strict) else (strict, "utf-8", 0)
    wide = _wide_encoding(data)
    if wide:
        return _lenient(data, wide)
    if b"\x00" in data[:_SAMPLE_BYTES]:
        return None
    damaged = _lenient(data, "utf-8")
    if damaged is not None:
        return damaged
    strict = _strict(data, "gb18030")
    if strict is not None:
        return None if _is_junk(strict) else (strict, "gb18030", 0)
    return _lenient(data, "gb18030")


def _strict(data: bytes, encoding: str) -> str | None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        return decoder.decode(data, final=False)
    except UnicodeDecodeError:
        return None


def _lenient(data: bytes, encoding: str) -> tuple[str, str, int] | None:
    sample = data[:_SAMPLE_BYTES].decode(encoding, errors="replace")
    # A file that is damaged in its first 64 KiB beyond measure is not decoded whole.
    if _share(sample.count("\ufffd"), sample) > 5 * _DAMAGE_MAX:
        return None
    text = data.decode(encoding, errors="replace")
    n_damaged = text.count("\ufffd")
    if _share(n_damaged, text) > _DAMAGE_MAX or _is_junk(text):
        return None
    return text, encoding, n_damaged


def _share(count: int, text: str) -> float:
    return count / max(1, len(text) - text.count("\n"))


def _is_junk(text: str) -> bool:
    sample = text if len(text) <= 2 * _SAMPLE_BYTES else text[:_SAMPLE_BYTES] + text[-_SAMPLE_BYTES:]
    n_junk = sum(1 for _ in _JUNK.finditer(sample))
    return n_junk > 3 and _share(n_junk, sample) > _JUNK_MAX


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a mark: line ends and digits leave zero bytes on one side only, and it decodes to text."""
    sample = data[:_SAMPLE_BYTES]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) < 3 or min(even, odd) > max(even, odd) // 10:
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = sample[: len(sample) // 2 * 2].decode(encoding, errors="replace")
    known = sum(1 for c in text if c < "\u0100" or "\u2000" <= c <= "\u9fff" or "\uff00" <= c <= "\uffef")
    return encoding if known > 0.9 * len(text) else None
