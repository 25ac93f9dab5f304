"""Errors as `application/problem+json` (RFC 9457): a stable `type`, and the field at fault for bad input."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from perfsearch.errors import (
    EncoderError,
    InputError,
    LibraryError,
    LibraryLocked,
    NotFound,
    PerfsearchError,
    UsageError,
)
from perfsearch.service.cursors import CursorExpiredError

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[PerfsearchError], int, str], ...] = (
    (NotFound, 404, "not-found"),
    (CursorExpiredError, 410, "cursor-expired"),
    (UsageError, 422, "invalid-request"),
    (InputError, 422, "unreadable-input"),
    (LibraryLocked, 503, "library-locked"),
    (LibraryError, 503, "library-unavailable"),
    (EncoderError, 503, "encoder-unavailable"),
    (PerfsearchError, 500, "internal-error"),
)
_RETRY_SECONDS = "5"


class Problem(BaseModel):
    """Problem details; `field` names the parameter at fault where there is one."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None


class RefusalError(Exception):
    """A request that the service itself refuses: a status, a stable name, and a sentence."""

    def __init__(
        self, status: int, kind: str, detail: str, field: str | None = None, *, wait_seconds: float | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail, self.field = status, kind, detail, field
        self.wait_seconds = wait_seconds


class NotModifiedError(Exception):
    """What the caller has is still what there is."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


def _described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


RESPONSES = _described(400, 401, 403, 404, 405, 413, 422, 429, 500, 503)
"""What any route may answer beside its result."""
UPLOAD_RESPONSES = _described(409, 415)
CURSOR_RESPONSES = _described(410)
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "What `If-None-Match` names is still current."}}


def problem(status: int, kind: str, detail: str, field: str | None = None) -> JSONResponse:
    """One problem as a response."""
    body = Problem(
        type=f"urn:perfsearch:problem:{kind}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail.encode("utf-8", "replace").decode(),
        field=field,
    )
    headers = {"Retry-After": _RETRY_SECONDS} if status == 503 else None
    return JSONResponse(
        body.model_dump(mode="json", exclude_none=True), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


def problem_of(error: PerfsearchError) -> JSONResponse:
    """One of our errors as a response."""
    status, name = next((status, name) for kind, status, name in _STATUS if isinstance(error, kind))
    return problem(status, name, str(error), getattr(error, "field", None))


def install(app: FastAPI) -> None:
    """Answer every error of the application with problem details."""

    @app.exception_handler(PerfsearchError)
    async def ours(request: Request, error: PerfsearchError) -> Response:
        return problem_of(error)

    @app.exception_handler(RefusalError)
    async def refused(request: Request, error: RefusalError) -> Response:
        response = problem(error.status, error.kind, error.detail, error.field)
        if error.wait_seconds is not None:
            response.headers["Retry-After"] = str(max(1, round(error.wait_seconds + 0.5)))
        return response

    @app.exception_handler(NotModifiedError)
    async def not_modified(request: Request, error: NotModifiedError) -> Response:
        return Response(status_code=304, headers={"ETag": error.tag, "Cache-Control": "private, no-cache"})

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or None
        return problem(422, "invalid-request", f"{field or 'request'}: {first['msg']}", field)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        response = problem(
            error.status_code, HTTPStatus(error.status_code).name.lower().replace("_", "-"), str(error.detail)
        )
        response.headers.update(error.headers or {})
        return response
