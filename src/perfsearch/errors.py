"""Every error that perfsearch raises on purpose.

::

    PerfsearchError
    ├── InputError            a file or a text could not be used (exit code 1: named, the rest goes on)
    │   ├── UnreadableFile    missing, no permission, empty, junk, too large, encrypted, damaged
    │   └── NoFiling          readable, but no filing in it
    ├── UsageError            the call is wrong, or names what does not exist (exit code 2)
    │   └── NotFound          no filing, policy or library of that name
    ├── LibraryError          the library directory can't be used as asked
    │   ├── LibraryLocked     another process is writing; says who
    │   ├── LibraryVersion    made by a newer perfsearch
    │   └── LibraryDamaged    a file of it can't be read; says which and how to mend it
    └── EncoderError          the model can't be loaded, or is not the one that made the library

A message holds the value, the limit or expectation, and what to do next.
"""

from __future__ import annotations


class PerfsearchError(Exception):
    """The root of the tree: catch this to catch all of ours and nothing else."""


class InputError(PerfsearchError):
    """An input could not be used; `path` names it and `reason` says why in one sentence."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class UnreadableFile(InputError):
    """The file is missing, forbidden, empty, junk, too large, encrypted or damaged."""


class NoFiling(InputError):
    """The file was read, but holds no filing of a form that is described."""


class UsageError(PerfsearchError):
    """The call is wrong; `field` names the argument at fault where there is one."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(UsageError):
    """No filing, policy or library of that name."""


class LibraryError(PerfsearchError):
    """The library directory can't be used as asked."""


class LibraryLocked(LibraryError):
    """Another process is writing to the library; the message says which."""


class LibraryVersion(LibraryError):
    """The library was made by a newer perfsearch than this one."""


class LibraryDamaged(LibraryError):
    """A file of the library can't be read; the message says which and how to mend it."""


class EncoderError(PerfsearchError):
    """A model can't be loaded, or is not the one that made the library's vectors."""
