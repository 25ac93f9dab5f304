"""Starts the service: refuses to be reached by others without keys, then serves with one or more processes."""

from __future__ import annotations

import ctypes
import json
import os
import tempfile

from fastapi import FastAPI

from perfsearch.errors import UsageError
from perfsearch.service.guard.keys import key_ring
from perfsearch.service.options import ServiceOptions
from perfsearch.service.watch.logs import set_up_logs
from perfsearch.service.watch.metrics import SHARED_FOLDER_VARIABLE
from perfsearch.settings import Settings

_HANDED_ON = "PERFSEARCH_SERVE"
"""How the first process tells those that it starts what to serve."""
_ARENA_MAX = -8
"""M_ARENA_MAX of glibc's malloc.h."""
_QUIET_THREADS = {"OMP_WAIT_POLICY": "passive", "TOKENIZERS_PARALLELISM": "false"}
"""A query is one short text: threads for it only wait for each other (6.6 ms against 1 ms to cut it, on two busy cores)."""


def check_reach(settings: Settings, options: ServiceOptions) -> None:
    """Refuse to be reached from other machines where nobody is asked for a key.

    Raises:
        UsageError: it would be.
    """
    if options.is_loopback or options.insecure or len(key_ring(settings.library)):
        return
    raise UsageError(
        f"host {options.host}: other machines could reach the service, and it has no API keys; make one with "
        "`perfsearch keys add NAME --role reader`, or say --insecure",
        "host",
    )


def run(settings: Settings, options: ServiceOptions) -> None:
    """Serve until stopped.

    Raises:
        UsageError: it would be open to other machines without keys.
    """
    import uvicorn

    check_reach(settings, options)
    for name, value in _QUIET_THREADS.items():
        os.environ.setdefault(name, value)
    shared = {
        "host": options.host,
        "port": options.port,
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "timeout_graceful_shutdown": options.graceful_seconds,
    }
    if options.workers == 1:
        from perfsearch.service.app import create_app

        _share_arenas()

        set_up_logs(options.log_format, options.log_level)
        uvicorn.run(create_app(settings, options), **shared)  # type: ignore[arg-type]
        return
    with tempfile.TemporaryDirectory(prefix="perfsearch-metrics-") as folder:
        os.environ[SHARED_FOLDER_VARIABLE] = folder
        os.environ[_HANDED_ON] = json.dumps(
            {"settings": settings.model_dump(mode="json"), "options": options.model_dump(mode="json")}
        )
        set_up_logs(options.log_format, options.log_level)
        uvicorn.run(
            "perfsearch.service.running:handed_on",
            factory=True,
            workers=options.workers,
            **shared,  # type: ignore[arg-type]
        )


def _share_arenas() -> None:
    """Let threads share two heaps, where the C library is GNU's: with one each, forty threads keep 240 MB for nothing."""
    try:
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)
    except (OSError, AttributeError, TypeError):  # another C library
        return


def handed_on() -> FastAPI:
    """The application of a worker process."""
    from perfsearch.service.app import create_app

    _share_arenas()

    given = json.loads(os.environ[_HANDED_ON])
    options = ServiceOptions(**given["options"])
    set_up_logs(options.log_format, options.log_level)
    return create_app(Settings(**given["settings"]), options)
