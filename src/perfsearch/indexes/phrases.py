"""Phrases that the filings of one library share, learnt from them: bodies are compressed against them.

A set of phrases is a zstandard dictionary and never changes; its number is a digest of its bytes, so that one that is
known to this process is the right one whatever library asks for it. A library keeps its sets in its records.
"""

from __future__ import annotations

import struct
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any

import zstandard

LEVEL = 9
"""0.1 ms a filing; level 19 takes 8 ms for 5 % less."""
SAMPLE = 1_500
"""Bodies that phrases are learnt from (0.1 s)."""
LEARN_FROM = 500
"""Filings from which a library has phrases of its own."""
GROWTH = 8
"""They are learnt anew when the library has so many times the filings."""
SMALL_BYTES, LARGE_BYTES, LARGE_FROM = 65_536, 262_144, 4_000
"""Size of a set, and the filings from which it is the large one. Of generated filings a body takes 2,545 bytes with the
phrases of the package, 1,670 with a small set, 1,230 with a large one."""

_NUMBER = struct.Struct("<I")
NUMBER_BYTES = _NUMBER.size


def learn(bodies: Sequence[bytes]) -> bytes | None:
    """The phrases that these texts share; None where they are too few or share nothing."""
    size = LARGE_BYTES if len(bodies) >= SAMPLE else SMALL_BYTES
    try:
        return bytes(zstandard.train_dictionary(size, list(bodies), k=1_024, d=8, split_point=1.0).as_bytes())
    except zstandard.ZstdError:
        return None


def number_of(phrases: bytes) -> int:
    """What a set is called in the bodies that are written against it."""
    return int(_NUMBER.unpack(blake2b(phrases, digest_size=NUMBER_BYTES).digest())[0])


class KnownPhrases:
    """The sets that this process has met, ready to be used from many threads."""

    def __init__(self) -> None:
        self._sets: dict[int, Any] = {}
        self._lock = threading.Lock()
        self._sources: list[weakref.WeakMethod[Callable[[], Iterable[bytes]]]] = []
        self._local = threading.local()

    def know(self, phrases: bytes) -> int:
        """Take in a set; its number."""
        number = number_of(phrases)
        with self._lock:
            if number not in self._sets:
                self._sets[number] = zstandard.ZstdCompressionDict(phrases)
        return number

    def add_source(self, read: Callable[[], Iterable[bytes]]) -> None:
        """Ask `read`, a method of what keeps sets, where a number is not known; for as long as its object lives."""
        with self._lock:
            self._sources = [source for source in self._sources if source() is not None]
            self._sources.append(weakref.WeakMethod(read))

    def compress(self, number: int, text: bytes) -> bytes:
        """The number and the compressed text.

        Raises:
            ValueError: no such set is known.
        """
        compressed: bytes = self._tool("compress", number).compress(text)
        return _NUMBER.pack(number) + compressed

    def decompress(self, content: bytes) -> bytes:
        """The text that `compress` made this of.

        Raises:
            ValueError: it is garbled, or no such set is known.
        """
        if len(content) <= NUMBER_BYTES:
            raise ValueError("it is cut short")
        tool = self._tool("decompress", _NUMBER.unpack_from(content)[0])
        try:
            text: bytes = tool.decompress(content[NUMBER_BYTES:])
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from error
        return text

    def _tool(self, kind: str, number: int) -> Any:
        """A compressor or decompressor of this thread: they are not safe for two."""
        tools: dict[tuple[str, int], Any] | None = getattr(self._local, "tools", None)
        if tools is None:
            tools = self._local.tools = {}
        tool = tools.get((kind, number))
        if tool is None:
            phrases = self._found(number)
            if kind == "compress":
                tool = zstandard.ZstdCompressor(level=LEVEL, dict_data=phrases, write_dict_id=False)
            else:
                tool = zstandard.ZstdDecompressor(dict_data=phrases)
            tools[kind, number] = tool
        return tool

    def _found(self, number: int) -> Any:
        if number not in self._sets:
            for source in list(self._sources):
                read = source()
                for phrases in read() if read is not None else ():
                    self.know(phrases)
        if number not in self._sets:
            raise ValueError(f"the phrases {number:08x} that it was written against are missing")
        return self._sets[number]


KNOWN = KnownPhrases()
"""Those of this process."""
