"""All pages together: their routes, the style sheet and script, the API's reference, errors as a page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.types import Scope

from perfsearch.service.web import (
    analysis,
    comparing,
    drafting,
    duplicates,
    filings,
    keeping,
    originals,
    policies,
    reviewing,
    search,
)
from perfsearch.service.web.environment import HERE, render
from perfsearch.service.wording import PROBLEM_WORDS

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

ROUTERS = (
    search.router,
    reviewing.router,
    drafting.router,
    comparing.router,
    duplicates.router,
    filings.router,
    originals.router,
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
        if response.status_code < 400 or not wants_page(request.scope):
            return response
        detail = getattr(error, "detail", None) or str(error)
        return problem_page(request.scope, response, detail)

    return shown


def wants_page(scope: Scope) -> bool:
    """Whether a browser asked for a page, and not a program for an answer."""
    path: str = scope["path"]
    accepted = Headers(scope=scope).get("accept", "")
    return "text/html" in accepted and not path.startswith(_PROGRAMS) and "caller" in scope["state"]


def problem_page(scope: Scope, refused: Response, detail: str) -> Response:
    """A refusal as a page: in Chinese what it means, with the exact reason and the number of the request."""
    status = refused.status_code
    # A path that is not served says so better in the page's own words.
    shown = "" if detail in ("Not Found", "Method Not Allowed") else detail
    page = render(
        Request(scope),
        "problem.html",
        status_code=status,
        status=status,
        problem=shown,
        words=PROBLEM_WORDS.get(status, PROBLEM_WORDS[500]),
        request_id=scope["state"].get("request_id"),
    )
    for name in ("retry-after", "allow", "www-authenticate"):
        if name in refused.headers:
            page.headers[name] = refused.headers[name]
    return page


def refused(scope: Scope, app: FastAPI, refusal: Response, detail: str) -> Response:
    """What the gate refuses, as a page where a browser asked for one."""
    if refusal.status_code < 400 or not wants_page(scope):
        return refusal
    return problem_page({**scope, "app": app}, refusal, detail)


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
