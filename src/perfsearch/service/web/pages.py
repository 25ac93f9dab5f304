"""All pages together: their routes, the style sheet and script, the API's reference, errors as a page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from perfsearch.service.web import analysis, duplicates, filings, keeping, policies, reviewing, search
from perfsearch.service.web.environment import HERE, render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

ROUTERS = (
    search.router,
    reviewing.router,
    duplicates.router,
    filings.router,
    policies.router,
    analysis.router,
    keeping.router,
    router,
)
_PROGRAMS = ("/api/", "/mcp", "/metrics", "/openapi.json", "/healthz", "/readyz")


def install(app: FastAPI) -> None:
    """Add the pages to an application; a browser that asks for one and errs gets a page about it."""
    for one in ROUTERS:
        app.include_router(one)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.exception_handlers.update({kind: _as_page(handler) for kind, handler in app.exception_handlers.items()})


def _as_page(handler: Any) -> Any:
    """A handler whose problem is shown as a page where a browser asked for one."""

    async def shown(request: Request, error: Exception) -> Any:
        response = await handler(request, error)
        wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_PROGRAMS)
        if not wants_page or response.status_code < 400 or not hasattr(request.state, "caller"):
            return response
        detail = getattr(error, "detail", None) or str(error)
        return render(
            request, "problem.html", status_code=response.status_code, problem=detail, status=response.status_code
        )

    return shown


@router.get("/docs")
def reference_page(request: Request) -> HTMLResponse:
    """The REST API's reference, from its own description."""
    described = request.app.openapi()
    operations = [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    return render(request, "reference.html", operations=operations, info=described["info"])
