"""Limits on what one caller may send: how often, counted over all processes of the service."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

_CALLERS_MAX = 10_000
_SLOTS = 8_192
_PROBED = 8
"""Slots that one caller may have; where all are taken, the one that was longest silent gives way."""
_SLOT = struct.Struct("<Qdd")


class Buckets(Protocol):
    """Where the tokens of callers are kept."""

    def change(self, caller: str, now: float, act: Callable[[float | None, float], float]) -> None:
        """Replace a caller's tokens by `act(tokens or None, seconds since they were left)`, alone."""


class OwnBuckets:
    """Of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, float]] = {}

    def change(self, caller: str, now: float, act: Callable[[float | None, float], float]) -> None:
        """See `Buckets`."""
        with self._lock:
            tokens, since = self._kept.pop(caller, (None, now))
            self._kept[caller] = (act(tokens, now - since), now)
            if len(self._kept) > _CALLERS_MAX:  # the caller that was longest silent has a full bucket again
                del self._kept[next(iter(self._kept))]


class SharedBuckets:
    """Of all processes that open the same file: a table of (hash of the caller, tokens, when) in shared memory."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        weakref.finalize(self, os.close, self._handle)
        os.truncate(self._handle, _SLOTS * _SLOT.size)
        self._table = mmap.mmap(self._handle, _SLOTS * _SLOT.size)

    def change(self, caller: str, now: float, act: Callable[[float | None, float], float]) -> None:
        """See `Buckets`; 20 µs."""
        key = int.from_bytes(blake2b(caller.encode("utf-8", "replace"), digest_size=8).digest(), "little") or 1
        with self._alone():
            place, tokens, since = self._find(key, now)
            # The clock is of this start of the machine: what is later than now is of an earlier one.
            elapsed = now - since if since <= now else float("inf")
            _SLOT.pack_into(self._table, place * _SLOT.size, key, act(tokens, elapsed), now)

    def _find(self, key: int, now: float) -> tuple[int, float | None, float]:
        oldest, oldest_since = 0, float("inf")
        for step in range(_PROBED):
            place = (key + step) % _SLOTS
            found, tokens, since = _SLOT.unpack_from(self._table, place * _SLOT.size)
            if found == key:
                return place, tokens, since
            if found == 0:
                return place, None, now
            if since < oldest_since:
                oldest, oldest_since = place, since
        return oldest, None, now

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._handle, fcntl.LOCK_UN)


class RateLimit:
    """A bucket a caller that fills with `per_minute` tokens a minute and holds half of them; each request takes one."""

    def __init__(
        self,
        per_minute: int,
        buckets: Buckets | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = per_minute / 60.0
        self._burst = max(1.0, per_minute / 2.0)
        self._clock = clock
        self._buckets = buckets or OwnBuckets()

    def wait_seconds(self, caller: str, spend: bool = True) -> float:
        """0 where the caller may go on, else how long to wait before the next try; without `spend` nothing is taken."""
        if not self._rate:
            return 0.0
        wait = 0.0

        def act(tokens: float | None, seconds: float) -> float:
            nonlocal wait
            left = min(self._burst, self._burst if tokens is None else tokens + seconds * self._rate)
            if left < 1.0:
                wait = (1.0 - left) / self._rate
                return left
            return left - 1.0 if spend else left

        self._buckets.change(caller, self._clock(), act)
        return wait
