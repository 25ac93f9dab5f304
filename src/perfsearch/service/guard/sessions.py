"""Signed cookies: who is signed in on the web, and the token that a form must bring back (CSRF)."""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from dataclasses import dataclass
from hashlib import sha256

COOKIE = "perfsearch_session"


@dataclass(frozen=True, slots=True)
class Session:
    """One browser: `key_id` is the key it signed in with, empty where none is asked for."""

    nonce: str
    key_id: str
    expires: int


class Sessions:
    """Makes and reads session cookies; nothing is stored, so that any process can read what another made."""

    def __init__(self, secret: bytes, hours: float) -> None:
        self._secret = secret
        self.seconds = int(hours * 3600)

    def start(self, key_id: str = "") -> Session:
        """A new session."""
        return Session(secrets.token_urlsafe(12), key_id, int(time.time()) + self.seconds)

    def to_cookie(self, session: Session) -> str:
        """The cookie's value."""
        text = f"{session.nonce}.{session.key_id}.{session.expires}"
        return f"{text}.{self._sign('session', text)}"

    def from_cookie(self, value: str | None) -> Session | None:
        """The session of a cookie; None where it is none of ours, or has ended."""
        text, _, signature = (value or "").rpartition(".")
        parts = text.split(".")
        if len(parts) != 3 or not parts[2].isdigit() or not value or not value.isascii():
            return None
        if not hmac.compare_digest(self._sign("session", text), signature):
            return None
        session = Session(parts[0], parts[1], int(parts[2]))
        return session if session.expires > time.time() else None

    def token(self, session: Session) -> str:
        """What a form of this session must bring back."""
        return self._sign("form", session.nonce)

    def is_token(self, session: Session | None, token: str | None) -> bool:
        """Whether a form came from a page of this session."""
        if session is None or not token or not token.isascii():
            return False
        return hmac.compare_digest(self.token(session), token)

    def _sign(self, purpose: str, text: str) -> str:
        digest = hmac.new(self._secret, f"{purpose}:{text}".encode(), sha256).digest()
        return base64.urlsafe_b64encode(digest[:24]).decode()
