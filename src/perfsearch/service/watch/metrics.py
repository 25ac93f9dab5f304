"""Metrics for Prometheus: requests and their latency by route, stages of the work, size of the library, jobs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

SHARED_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where several processes add up their counts; `serve --workers` sets it before they start."""
CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        shared = bool(os.environ.get(SHARED_FOLDER_VARIABLE))
        self._requests = Counter(
            "perfsearch_requests", "Requests answered.", ("route", "method", "status"), registry=self._registry
        )
        self._latency = Histogram(
            "perfsearch_request_seconds", "Time to answer.", ("route",), registry=self._registry, buckets=_SECONDS
        )
        self._stages = Histogram(
            "perfsearch_stage_seconds", "Time of one stage.", ("stage",), registry=self._registry, buckets=_SECONDS
        )
        mode: Literal["mostrecent", "all"] = "mostrecent" if shared else "all"
        self._library = Gauge(
            "perfsearch_library", "Size of the library.", ("what",), registry=self._registry, multiprocess_mode=mode
        )
        self._jobs = Gauge(
            "perfsearch_jobs", "Jobs by state.", ("state",), registry=self._registry, multiprocess_mode=mode
        )
        self._clock: Callable[[], float] = time.perf_counter

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Book one answered request."""
        self._requests.labels(route, method, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage of the work: parse, query, render, add."""
        started = self._clock()
        try:
            yield
        finally:
            self._stages.labels(name).observe(self._clock() - started)

    def show_library(self, sizes: dict[str, int]) -> None:
        """Set the sizes of the library."""
        for what, size in sizes.items():
            self._library.labels(what).set(size)

    def show_jobs(self, states: dict[str, int]) -> None:
        """Set the number of jobs in each state."""
        for state, count in states.items():
            self._jobs.labels(state).set(count)

    def page(self) -> bytes:
        """The metrics in Prometheus's text format, of all processes."""
        if not os.environ.get(SHARED_FOLDER_VARIABLE):
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
