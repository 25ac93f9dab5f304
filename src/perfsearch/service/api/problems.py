"""Errors as `application/problem+json` (RFC 9457): a stable `type`, and the field at fault for bad input."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from perfsearch.errors import (
    EncoderError,
    InputError,
    LibraryError,
    LibraryLocked,
    NotFound,
    PerfsearchError,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger("perfsearch.service")

_STATUS: tuple[tuple[type[PerfsearchError], int, str], ...] = (
    (NotFound, 404, "not-found"),
    (UsageError, 422, "invalid-request"),
    (InputError, 422, "unreadable-input"),
    (LibraryLocked, 503, "library-locked"),
    (LibraryError, 503, "library-unavailable"),
    (EncoderError, 503, "encoder-unavailable"),
    (PerfsearchError, 500, "internal-error"),
)


class Problem(BaseModel):
    """Problem details; `field` names the parameter at fault where there is one."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {}}}
    for status in (404, 422, 503)
}


def problem(status: int, kind: str, detail: str, field: str | None = None) -> JSONResponse:
    """One problem as a response."""
    body = Problem(
        type=f"urn:perfsearch:problem:{kind}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        field=field,
    )
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse(
        body.model_dump(mode="json", exclude_none=True), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


def install(app: FastAPI) -> None:
    """Answer every error of the application with problem details."""

    @app.exception_handler(PerfsearchError)
    async def ours(request: Request, error: PerfsearchError) -> JSONResponse:
        for kind, status, name in _STATUS:
            if isinstance(error, kind):
                return problem(status, name, str(error), getattr(error, "field", None))
        raise error

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or None
        return problem(422, "invalid-request", f"{field or 'request'}: {first['msg']}", field)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        response = problem(
            error.status_code, HTTPStatus(error.status_code).name.lower().replace("_", "-"), str(error.detail)
        )
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        _log.exception("unexpected error at %s", request.url.path)
        return problem(500, "internal-error", "an unexpected error; the server's log has the details")
