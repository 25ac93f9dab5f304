"""Limits on what one caller may send: how often, and how much."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_CALLERS_MAX = 10_000


class RateLimit:
    """A bucket a caller that fills with `per_minute` tokens a minute and holds half of them; each request takes one.

    Every process counts by itself: with several, a caller may get that much of each.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60.0
        self._burst = max(1.0, per_minute / 2.0)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_seconds(self, caller: str) -> float:
        """0 where the caller may go on, else how long to wait before the next try."""
        if not self._rate:
            return 0.0
        now = self._clock()
        with self._lock:
            tokens, since = self._buckets.pop(caller, (self._burst, now))
            tokens = min(self._burst, tokens + (now - since) * self._rate)
            allowed = tokens >= 1.0
            self._buckets[caller] = (tokens - 1.0 if allowed else tokens, now)
            if len(self._buckets) > _CALLERS_MAX:  # the caller that was longest silent has a full bucket again
                del self._buckets[next(iter(self._buckets))]
        return 0.0 if allowed else (1.0 - tokens) / self._rate
