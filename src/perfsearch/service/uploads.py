"""What people upload: kept beside the library, added to it, and answered the same when it is sent again."""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

from perfsearch.errors import UnreadableFile
from perfsearch.library import Library
from perfsearch.model import AddReport
from perfsearch.service.api.problems import RefusalError
from perfsearch.service.folder import ServiceFolder, read_json, write_json
from perfsearch.service.jobs import Step
from perfsearch.settings import Settings

_KEPT_SECONDS = 24 * 3600
"""How long an Idempotency-Key is remembered."""
_FORGOTTEN_EVERY = 100
_NAME_MAX = 120
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")


class Uploads:
    """Adds uploaded files to the library, as the one writer of this process."""

    def __init__(self, folder: ServiceFolder, settings: Settings) -> None:
        self._files = folder.make("uploads")
        self._answers = folder.make("answers")
        self._settings = settings
        self._lock = threading.Lock()
        self._n_kept = 0

    @contextmanager
    def writing(self) -> Iterator[Library]:
        """The library, to change it."""
        with self._lock, Library.open(self._settings.library, create=False, settings=self._settings) as library:
            yield library

    def keep(self, data: bytes, name: str) -> Path:
        """Write an upload to its place: a folder by its content, under its own name.

        Raises:
            UnreadableFile: it is empty.
        """
        if not data:
            raise UnreadableFile(name, "the file is empty")
        folder = self._files / blake2b(data, digest_size=10).hexdigest()
        folder.mkdir(exist_ok=True)
        path = folder / safe_name(name)
        if not path.exists():
            # Whole or not at all: a job that a killed process left is done again from this file.
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".tmp", delete=False) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(file.name, path)
        return path

    def add(self, path: Path, step: Step | None = None) -> AddReport:
        """Add a kept file; rejections name it as it was uploaded. A file that gave nothing is not kept."""
        with self.writing() as library:
            report = library.add([path], progress=step)
            if not report.filings:
                path.unlink(missing_ok=True)
                library.forget_rejected(os.path.realpath(path))  # who sent it has been told
        folder = str(path.parent)
        rejected = tuple(
            one.model_copy(
                update={
                    "path": one.path.replace(folder, "").lstrip("/"),
                    "reason": one.reason.replace(folder + "/", ""),
                }
            )
            for one in report.rejected
        )
        return report.model_copy(update={"rejected": rejected})

    # -- Idempotency-Key

    def once(
        self, key: str | None, who: str, digest: str, act: Callable[[], dict[str, Any]]
    ) -> tuple[dict[str, Any], bool]:
        """What `act` answers, or answered when the same key came with the same content; and whether it was kept.

        Raises:
            RefusalError: the key came before with another content.
        """
        if key is None:
            return act(), False
        path = self._answers / (sha256(f"{who}\n{key}".encode()).hexdigest()[:40] + ".json")
        with self._lock_of(path):
            kept = read_json(path)
            if kept is not None and time.time() - kept["at"] < _KEPT_SECONDS:
                if kept["digest"] != digest:
                    raise RefusalError(
                        409,
                        "idempotency-key-reused",
                        "this Idempotency-Key came with another content before",
                        "Idempotency-Key",
                    )
                return kept["answer"], True
            answer = act()
            write_json(path, {"at": time.time(), "digest": digest, "answer": answer})
        self._forget_old()
        return answer, False

    def _forget_old(self) -> None:
        """Remove answers that are past their time, each hundredth time that one is kept."""
        self._n_kept += 1
        if self._n_kept % _FORGOTTEN_EVERY:
            return
        for path in self._answers.iterdir():
            try:
                if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
                    path.unlink()
            except FileNotFoundError:  # another process was faster
                continue

    @contextmanager
    def _lock_of(self, path: Path) -> Iterator[None]:
        """One at a time for one key, over all processes."""
        import fcntl

        with path.with_suffix(".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def safe_name(name: str) -> str:
    """A file name from outside without folders, control characters or a dot in front; its suffix is kept."""
    name = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip().lstrip(".")
    name = name.encode("utf-8", "replace").decode()
    stem, dot, suffix = name.rpartition(".")
    while len(name.encode()) > _NAME_MAX * 2:
        stem = stem[:-1] if stem else ""
        suffix = suffix if stem else suffix[: _NAME_MAX // 2]
        name = f"{stem}{dot}{suffix}"
    return name or "upload.txt"
