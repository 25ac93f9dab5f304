"""Which processes of the service live: each holds a lock on a file of its own, which ends with the process."""

from __future__ import annotations

import fcntl
import os
import secrets
import weakref
from pathlib import Path


class Presence:
    """This process among those that share a folder; a kill ends it for the others at once, with no time to wait."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = secrets.token_hex(6)
        handle = os.open(self._path(self.name), os.O_WRONLY | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self._gone = weakref.finalize(self, os.close, handle)

    def lives(self, name: str) -> bool:
        """Whether the process of that name lives."""
        if name == self.name:
            return self._gone.alive
        try:
            with self._path(name).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:  # it holds its lock
            return True
        return False

    def end(self) -> None:
        """Be gone."""
        self._path(self.name).unlink(missing_ok=True)
        self._gone()

    def sweep(self) -> None:
        """Remove what killed processes left."""
        for path in self._folder.glob("*.alive"):
            if not self.lives(path.stem):
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.alive"
