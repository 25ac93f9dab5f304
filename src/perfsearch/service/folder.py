"""What the service keeps beside the library: keys, sessions' secret, jobs, uploads, answers to repeat, the audit log."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from perfsearch.errors import LibraryError

FOLDER = "service"


class ServiceFolder:
    """The folder `service/` of a library directory; several processes may use it at once."""

    def __init__(self, library: Path) -> None:
        self.path = library / FOLDER

    def make(self, name: str = "") -> Path:
        """A folder in it, made where there is none, for its owner only.

        Raises:
            LibraryError: it can't be made.
        """
        folder = self.path / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise LibraryError(f"{folder}: can't be made ({error.strerror})") from error
        return folder

    def secret(self) -> bytes:
        """32 random bytes that all processes share, made once."""
        path = self.make() / "secret"
        try:
            with path.open("xb") as file:
                os.chmod(path, 0o600)
                file.write(secrets.token_bytes(32))
        except FileExistsError:
            pass
        found = path.read_bytes()
        return found if len(found) == 32 else secrets.token_bytes(32)


def write_json(path: Path, value: Any) -> None:
    """Replace a file by one JSON value; a reader sees the old or the new one whole."""
    write_text(path, json.dumps(value, ensure_ascii=False))


def write_text(path: Path, text: str) -> None:
    """Replace a file by a text; a reader sees the old or the new one whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> Any:
    """The JSON value of a file; None where there is no file or it holds none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
