"""Who added, removed and exported what: one JSON line each, beside the library."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from perfsearch.service.folder import ServiceFolder
from perfsearch.service.guard.keys import Principal

_BLOCK_BYTES = 65_536


class AuditLog:
    """The audit log of one library's service; every process appends to it, whole lines at a time."""

    def __init__(self, folder: ServiceFolder) -> None:
        self.path = folder.path / "audit.jsonl"
        self._folder = folder

    def note(self, principal: Principal, action: str, **details: Any) -> None:
        """Write down who did what; ids and counts, never the text of a filing."""
        entry = {
            "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "who": principal.name,
            "role": principal.role,
            "action": action,
            **details,
        }
        line = (json.dumps(entry, ensure_ascii=False) + "\n").encode()
        self._folder.make()
        # One write to a file opened for appending: lines of several processes don't mix.
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)

    def entries(self, limit: int = 100) -> list[dict[str, Any]]:
        """The last entries, newest first."""
        try:
            lines = _last_lines(self.path, limit)
        except OSError:
            return []
        return [json.loads(line) for line in reversed(lines)]


def _last_lines(path: Path, limit: int) -> list[bytes]:
    """The last lines of a file that may be long, read from its end."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        data = b""
        while position and data.count(b"\n") <= limit:
            size = min(_BLOCK_BYTES, position)
            position = file.seek(position - size)
            data = file.read(size) + data
    return [line for line in data.split(b"\n")[-limit - 1 :] if line.strip()][-limit:]
