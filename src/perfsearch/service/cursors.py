"""Opaque cursors: where a list goes on, bound to its query and to the state of the library."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from hashlib import blake2b, sha256

from perfsearch.errors import UsageError

_CURSOR = re.compile(r"[A-Za-z0-9_-]{8,200}")


class CursorExpiredError(UsageError):
    """The library has changed since the cursor was made."""


class Cursors:
    """Makes and reads cursors; they are signed, so that what is read was made here."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, question: str, seq: int, offset: int) -> str:
        """A cursor for the part of an answer that starts at `offset`."""
        text = f"{offset}.{seq}.{question}"
        raw = self._sign(text) + f"{offset}.{seq}".encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def read(self, cursor: str, question: str, seq: int) -> int:
        """The offset in a cursor.

        Raises:
            UsageError: it is none, or of another query.
            CursorExpiredError: the library has changed.
        """
        try:
            if not _CURSOR.fullmatch(cursor):
                raise ValueError(cursor)
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            offset, made_at = (int(part) for part in raw[9:].decode("ascii").split("."))
        except ValueError as error:
            raise UsageError("cursor: it is none of this service", "cursor") from error
        if not hmac.compare_digest(raw[:9], self._sign(f"{offset}.{made_at}.{question}")):
            raise UsageError("cursor: it belongs to another query", "cursor")
        if made_at != seq:
            raise CursorExpiredError("cursor: the library has changed since; ask again from the start", "cursor")
        return offset

    def _sign(self, text: str) -> bytes:
        return hmac.new(self._secret, b"cursor:" + text.encode("utf-8", "replace"), sha256).digest()[:9]


def question_of(name: str, parameters: Iterable[tuple[str, str]]) -> str:
    """What a list is of: its name and parameters without those that turn the page."""
    kept = sorted((k, v) for k, v in parameters if k not in ("cursor", "offset", "limit") and v != "")
    text = repr((name, kept)).encode("utf-8", "replace")
    return blake2b(text, digest_size=12).hexdigest()
