"""Who added, removed and exported what: one JSON line each, beside the library."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

from perfsearch.service.folder import ServiceFolder
from perfsearch.service.guard.keys import Principal


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
            lines = self.path.read_text(encoding="utf-8").splitlines()[-limit:]
        except OSError:
            return []
        return [json.loads(line) for line in reversed(lines) if line]
