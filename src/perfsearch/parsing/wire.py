"""What a reading process and its master say to each other: short frames of a kind and a payload over a socket.

Filings travel as JSON and are validated on arrival, not pickled: a process that read hostile bytes is not trusted.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

TASK, DATA = b"T", b"Y"
"""To the reading process: what is to be read, and its bytes where there is no file."""
BEGIN, FILING, NUMBERED, REFUSED, END, DONE = b"B", b"F", b"N", b"R", b"E", b"D"
"""From it: a document begins; a filing; a filing whose id may come again in the file; why there is none; the document,
and the whole task, end."""

_HEADER = struct.Struct("!cQ")
_PART_BYTES = 1 << 18
_LOOK_SECONDS = 0.25
"""How often a wait looks whether it is still wanted."""


class TooMuchError(Exception):
    """A frame is larger than is allowed."""


class LateError(Exception):
    """Nothing came in the time that is allowed."""


class StoppedError(Exception):
    """The one who waits is not wanted any more."""


class Wire:
    """One end of the socket."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._kept = bytearray()

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()

    def send(self, kind: bytes, payload: bytes | dict[str, Any] = b"") -> None:
        """Send a frame; a mapping goes as JSON.

        Raises:
            OSError: the other end is gone.
        """
        if isinstance(payload, dict):
            payload = json.dumps(payload).encode()
        header = _HEADER.pack(kind, len(payload))
        if len(payload) < _PART_BYTES:
            self._socket.sendall(header + payload)
        else:
            self._socket.sendall(header)
            self._socket.sendall(payload)

    def receive(
        self,
        size_max: int | None = None,
        seconds: float | None = None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> tuple[bytes, bytes]:
        """The next frame.

        Raises:
            EOFError: the other end is gone.
            TooMuchError: it has more than `size_max` bytes.
            LateError: it is not there after so many seconds.
            StoppedError: `is_stopped` said so.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        self._fill(_HEADER.size, deadline, is_stopped)
        kind, size = _HEADER.unpack_from(self._kept)
        if size_max is not None and size > size_max:
            raise TooMuchError
        self._fill(_HEADER.size + size, deadline, is_stopped)
        payload = bytes(memoryview(self._kept)[_HEADER.size : _HEADER.size + size])
        del self._kept[: _HEADER.size + size]
        return kind, payload

    def has_ended(self) -> bool:
        """Whether the other end, which has nothing to say now, hung up."""
        self._socket.settimeout(0)
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self._socket.settimeout(None)

    def _fill(self, size: int, deadline: float | None, is_stopped: Callable[[], bool]) -> None:
        if len(self._kept) >= size:
            return
        self._socket.settimeout(None if deadline is None else _LOOK_SECONDS)
        try:
            while len(self._kept) < size:
                try:
                    part = self._socket.recv(_PART_BYTES)
                except TimeoutError:
                    if is_stopped():
                        raise StoppedError from None
                    if deadline is not None and time.monotonic() > deadline:
                        raise LateError from None
                    continue
                except OSError as error:
                    raise EOFError from error
                if not part:
                    raise EOFError
                self._kept += part
        finally:
            self._socket.settimeout(None)
