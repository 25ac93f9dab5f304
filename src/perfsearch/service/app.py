"""The wiring: settings and a library in, an ASGI application out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from perfsearch import __version__
from perfsearch.library import Library
from perfsearch.service.api import problems, routes
from perfsearch.service.web import pages
from perfsearch.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """An application that answers from the library in `settings.library`, which is made where there is none."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Opened for writing once, so that an empty library is made and a broken index is mended before the first
        # question; then read-only, so that the command line can add while the service runs.
        Library.open(settings.library, settings=settings).close()
        with Library.open(settings.library, create=False, settings=settings, readonly=True) as library:
            app.state.library = library
            yield

    app = FastAPI(
        title="perfsearch",
        version=__version__,
        summary="Search and precedent for Chinese public-budget filings.",
        lifespan=lifespan,
        openapi_url="/openapi.json",
        docs_url="/docs",
        redoc_url=None,
    )
    app.state.settings = settings
    problems.install(app)
    app.include_router(routes.router)
    app.include_router(pages.router)
    pages.mount_static(app)
    return app


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until stopped."""
    import uvicorn

    uvicorn.run(create_app(settings), host=host, port=port, log_level="info", access_log=False)
