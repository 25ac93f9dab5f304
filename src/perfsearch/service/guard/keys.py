"""API keys: made once, shown once, kept as hashes in a file beside the library, each with a role."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from perfsearch.errors import LibraryError, NotFound, UsageError
from perfsearch.service.folder import ServiceFolder, read_json, write_json

Role = Literal["reader", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""From the least: a reader asks, an editor adds and removes too, an admin also rebuilds and sees the jobs of all."""

_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
"""OWASP's setting for scrypt with 16 MB; a key is 192 random bits, so that this only guards a stolen file."""
_TOKEN = re.compile(r"ps_([0-9a-f]{8})_([A-Za-z0-9_-]{32})")
_KNOWN_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a name for the logs, and what they may do."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether this is at least `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)


LOCAL = Principal("local", "admin")
"""Whoever asks where no keys are asked for."""


class KeyRing:
    """The keys of one library's service; changes of other processes are seen at once."""

    def __init__(self, folder: ServiceFolder) -> None:
        self._folder = folder
        self._path = folder.path / "keys.json"
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._keys: dict[str, dict[str, Any]] = {}
        self._known: dict[bytes, str] = {}

    def _read(self) -> dict[str, dict[str, Any]]:
        """The keys by id, read again where the file has changed; a file that is there and can't be read is an error."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._stamp, self._keys, self._known = None, {}, {}
            return self._keys
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            keys = read_json(self._path)
            if not isinstance(keys, dict):
                raise LibraryError(f"{self._path}: the API keys can't be read; mend or remove the file")
            self._stamp, self._keys, self._known = stamp, keys, {}
        return self._keys

    def __len__(self) -> int:
        with self._lock:
            return len(self._read())

    def make(self, name: str, role: Role) -> str:
        """Make a key; its text is returned this once and kept nowhere.

        Raises:
            UsageError: no name or one that another key has, or no such role.
        """
        if not name.strip() or len(name) > 80 or not name.isprintable():
            raise UsageError("a key needs a name of 1 to 80 characters, by which the logs know it", "name")
        if role not in ROLES:
            raise UsageError(f"role {role!r}: expected one of {', '.join(ROLES)}", "role")
        if any(one["name"] == name.strip() for one in self.listed()):
            raise UsageError(
                f"there is a key named {name.strip()!r}; jobs and drafts go by the name: take another", "name"
            )
        key_id, secret, salt = secrets.token_hex(4), secrets.token_urlsafe(24), secrets.token_bytes(16)
        entry = {
            "name": name.strip(),
            "role": role,
            "salt": salt.hex(),
            "hash": _hash(secret, salt).hex(),
            "made": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        with self._lock:
            self._folder.make()
            write_json(self._path, {**self._read(), key_id: entry})
            self._path.chmod(0o600)
        return f"ps_{key_id}_{secret}"

    def revoke(self, key_id: str) -> None:
        """Take a key away.

        Raises:
            NotFound: there is none of that id.
        """
        with self._lock:
            keys = dict(self._read())
            if keys.pop(key_id, None) is None:
                raise NotFound(f"no key {key_id!r}; `perfsearch keys list` shows them", "id")
            write_json(self._path, keys)

    def listed(self) -> list[dict[str, str]]:
        """Id, name, role and day of every key."""
        with self._lock:
            keys = self._read()
            return [
                {"id": key_id, **{field: str(entry.get(field, "")) for field in ("name", "role", "made")}}
                for key_id, entry in sorted(keys.items(), key=lambda pair: str(pair[1].get("made")))
            ]

    def holder(self, key_id: str) -> Principal | None:
        """Whose key it is; None where it is none (any more)."""
        with self._lock:
            entry = self._read().get(key_id)
        return Principal(str(entry["name"]), entry["role"]) if entry and entry.get("role") in ROLES else None

    def knows(self, token: str) -> bool:
        """Whether the key with this text was checked already, so that it costs nothing to check it again."""
        with self._lock:
            self._read()
            return hashlib.sha256(token.encode()).digest() in self._known

    def check(self, token: str) -> str | None:
        """The id of the key with this text; None where it is none."""
        match = _TOKEN.fullmatch(token)
        if not match:
            return None
        digest = hashlib.sha256(token.encode()).digest()
        with self._lock:
            entry = self._read().get(match[1])
            if digest in self._known:
                return self._known[digest]
        if entry is None:
            return None
        if not hmac.compare_digest(_hash(match[2], bytes.fromhex(entry["salt"])), bytes.fromhex(entry["hash"])):
            return None
        with self._lock:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[digest] = match[1]
        return match[1]


def _hash(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, **_SCRYPT)


def key_ring(library: Path) -> KeyRing:
    """The keys of the service of a library directory."""
    return KeyRing(ServiceFolder(library))
