"""The wiring: settings and a library in, an ASGI application out."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio.to_thread
import structlog
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from perfsearch import __version__
from perfsearch.errors import PerfsearchError
from perfsearch.library import Library
from perfsearch.service.api import asking, keeping, problems, reviewing, watching, working
from perfsearch.service.clustering import KeptClusters
from perfsearch.service.cursors import Cursors
from perfsearch.service.drafts import Drafts
from perfsearch.service.folder import ServiceFolder
from perfsearch.service.guard.audit import AuditLog
from perfsearch.service.guard.gate import Gate
from perfsearch.service.guard.keys import KeyRing
from perfsearch.service.guard.limits import OwnBuckets, RateLimit, SharedBuckets
from perfsearch.service.guard.sessions import Sessions
from perfsearch.service.jobs import Jobs
from perfsearch.service.leaves import Leaves
from perfsearch.service.options import ServiceOptions
from perfsearch.service.state import ServiceState
from perfsearch.service.uploads import Uploads
from perfsearch.service.watch.metrics import Metrics
from perfsearch.service.web import pages
from perfsearch.settings import Settings

_log = structlog.get_logger("perfsearch.service")
API_ROUTERS = (asking.router, reviewing.router, keeping.router, working.router, watching.router)


def create_app(settings: Settings, options: ServiceOptions | None = None) -> FastAPI:
    """An application that answers from the library in `settings.library`, which is made where there is none."""
    options = options or ServiceOptions()
    state = _state(settings, options)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            # Opened for writing once, so that an empty library is made and a broken index is mended before the first
            # question; then read-only, so that the command line can add while the service runs.
            Library.open(settings.library, settings=settings).close()
            state.library = stack.enter_context(
                Library.open(settings.library, create=False, settings=settings, readonly=True)
            )
            anyio.to_thread.current_default_thread_limiter().total_tokens = options.threads
            await anyio.to_thread.run_sync(_warm, state.library)
            await anyio.to_thread.run_sync(working.take_over, state)
            if options.mcp:
                from perfsearch.service import mcp

                await stack.enter_async_context(mcp.mounted(app, state))
            yield
            library, state.library = state.library, None  # no new question is let in while jobs end
            await anyio.to_thread.run_sync(state.jobs.stop, options.graceful_seconds)
            library.view()

    app = FastAPI(
        title="perfsearch",
        version=__version__,
        summary="Search and precedent for Chinese public-budget filings.",
        lifespan=lifespan,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = state
    problems.install(app)
    for router in API_ROUTERS:
        app.include_router(router)
    pages.install(app)
    app.add_middleware(
        Gate,
        state=state,
        as_page=lambda scope, refusal, reason: pages.refused(scope, app, refusal, reason),
    )
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


def _warm(library: Library) -> None:
    """Load what the first question would wait for; what is wrong is said by `/readyz`."""
    try:
        library.search("预算", limit=1)
    except PerfsearchError as error:
        _log.error("not ready", reason=str(error))
    # What is loaded now stays: to look through it again and again for garbage stops every request for up to 80 ms.
    gc.collect()
    gc.freeze()


def _state(settings: Settings, options: ServiceOptions) -> ServiceState:
    folder = ServiceFolder(settings.library)
    secret = folder.secret()
    # Processes that answer together count together; a file for one alone would only cost its time.
    buckets = SharedBuckets(folder.make() / "rates") if options.workers > 1 else OwnBuckets()
    return ServiceState(
        settings=settings,
        options=options,
        keys=KeyRing(folder),
        sessions=Sessions(secret, options.session_hours),
        rate=RateLimit(options.rate, buckets),
        failures=RateLimit(options.wrong_keys_per_minute, buckets),
        cursors=Cursors(secret),
        audit=AuditLog(folder),
        metrics=Metrics(),
        jobs=Jobs(folder, options.jobs_kept),
        uploads=Uploads(folder, settings),
        drafts=Drafts(folder),
        clusters=KeptClusters(folder),
        leaves=Leaves(folder),
    )


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, made once."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes, openapi_version="3.1.0"
        )
        components = schema.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = problems.Problem.model_json_schema()
        components["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key; none is asked for on 127.0.0.1."}
        }
        schema["security"] = [{}, {"key": []}]
        app.openapi_schema = schema
    return app.openapi_schema


if __name__ == "__main__":
    import json
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(describe(create_app(Settings(library=Path(folder)))), ensure_ascii=False, indent=1))
