"""What every request passes through: an id, the caller, limits, security headers; then a line in the log."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from perfsearch.service.api.problems import problem
from perfsearch.service.guard.keys import LOCAL, KeyRing, Principal
from perfsearch.service.guard.limits import RateLimit
from perfsearch.service.guard.sessions import COOKIE, Session, Sessions
from perfsearch.service.options import ServiceOptions
from perfsearch.service.watch.metrics import Metrics

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_OPEN = ("/healthz", "/readyz", "/login", "/static/")
"""Paths that answer without a key."""
_PROGRAMS = ("/api/", "/mcp", "/metrics", "/openapi.json")
_UPLOADS = (
    "/api/v1/filings",
    "/api/v1/similar",
    "/api/v1/parse",
    "/api/v1/review",
    "/api/v1/duplicates",
    "/api/v1/indicators",
    "/similar",
    "/review",
    "/add",
    "/compare",
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Refusal = tuple[Response, str]
"""An answer that ends a request before the application, and the reason in it."""
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger("perfsearch.requests")


@dataclass(frozen=True, slots=True)
class Caller:
    """What the gate knows of a request's sender; `session` is None for programs with a key."""

    principal: Principal | None
    session: Session | None = None
    is_new: bool = False


class GateState(Protocol):
    """What the gate needs of the application's state."""

    options: ServiceOptions
    keys: KeyRing
    sessions: Sessions
    metrics: Metrics
    rate: RateLimit
    failures: RateLimit


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, state: GateState, as_page: Callable[[Scope, Response, str], Response]) -> None:
        """`as_page(scope, refusal, reason)` is the refusal for whoever asked: as it is, or as a page for a browser."""
        self._app = app
        self._state = state
        self._options = state.options
        self._keys = state.keys
        self._sessions = state.sessions
        self._metrics = state.metrics
        self._as_page = as_page
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 0
        asked = _as_get(scope)

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answer = MutableHeaders(scope=message)
                answer["x-request-id"] = request_id
                for name, value in HEADERS.items():
                    answer.setdefault(name, value)
            elif scope["method"] == "HEAD" and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        self._at_once += 1
        try:
            refusal = self._refuse(scope, headers)
            if refusal is None:
                await self._app(asked, self._limited(scope, headers, receive), send_on)
            else:
                await self._as_page(scope, *refusal)(scope, receive, send_on)
        except Exception:
            _log.exception("unexpected error", path=_route(asked))
            if status:
                raise
            reason = f"an unexpected error; the log has the details under {request_id}"
            answer = self._as_page(scope, problem(500, "internal-error", reason), reason)
            await answer(scope, receive, send_on)
        finally:
            self._at_once -= 1
            seconds = time.perf_counter() - started
            self._metrics.count_request(_route(asked), scope["method"], status, seconds)
            caller: Caller | None = scope["state"].get("caller")
            _log.info(
                "request",
                method=scope["method"],
                route=_route(asked),
                status=status,
                ms=round(seconds * 1000, 2),
                who=caller.principal.name if caller and caller.principal else None,
            )

    # -- who, and may they

    def _refuse(self, scope: Scope, headers: Headers) -> Refusal | None:
        """The answer to a request that must not reach the application; sets `state.caller` for one that may."""
        names = self._options.host_names
        host = headers.get("host", "").rsplit(":", 1)[0].strip("[]")
        if names and host.lower() not in names:
            return _refusal(400, "unknown-host", f"host {host!r} is not served here; see the setting allowed_hosts")
        caller, refusal = self._identify(scope, headers)
        scope["state"]["caller"] = caller
        if refusal is None and not scope["path"].startswith("/static/"):
            refusal = self._limit_rate(scope, caller)
        if refusal is None:
            refusal = self._limit_load(scope) or self._check_origin(scope, headers, caller)
        return refusal or self._check_length(scope, headers)

    def _identify(self, scope: Scope, headers: Headers) -> tuple[Caller, Refusal | None]:
        path: str = scope["path"]
        asked = len(self._keys) > 0
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if asked and scheme.lower() == "bearer":
            return self._by_key(token.strip(), scope)
        session = self._sessions.from_cookie(cookie_parser(headers.get("cookie", "")).get(COOKIE))
        is_new = session is None
        session = session or self._sessions.start()
        if not asked:
            return Caller(LOCAL, session, is_new), None
        principal = self._keys.holder(session.key_id) if session.key_id else None
        caller = Caller(principal, session, is_new)
        if principal is None and not path.startswith(_OPEN):
            return caller, _unauthorized("a key is needed: Authorization: Bearer KEY", path, scope)
        return caller, None

    def _by_key(self, token: str, scope: Scope) -> tuple[Caller, Refusal | None]:
        """Who holds a key. Checking one that is wrong takes 50 ms of a processor: an address gets so many tries."""
        address = address_of(scope)
        if not self._keys.knows(token):
            wait = self._state.failures.wait_seconds(f"wrong:{address}", spend=False)
            if wait:
                return Caller(None), _wait(wait, "too many wrong keys from this address")
        key_id = self._keys.check(token)
        principal = self._keys.holder(key_id) if key_id else None
        if principal is None:
            self._state.failures.wait_seconds(f"wrong:{address}")
            return Caller(None), _unauthorized("the key is not known here", scope["path"])
        return Caller(principal), None

    def _limit_rate(self, scope: Scope, caller: Caller) -> Refusal | None:
        name = caller.principal.name if caller.principal and caller.principal is not LOCAL else ""
        wait = self._state.rate.wait_seconds(f"key:{name}" if name else f"address:{address_of(scope)}")
        return _wait(wait, f"more than {self._options.rate} requests a minute") if wait else None

    def _limit_load(self, scope: Scope) -> Refusal | None:
        """Refuse what could only wait in a line that has no end; probes are always answered."""
        if self._at_once <= self._options.requests_at_once_max or scope["path"] in ("/healthz", "/readyz"):
            return None
        return _refusal(503, "overloaded", f"{self._at_once} requests at once; try again in a few seconds")

    def _check_origin(self, scope: Scope, headers: Headers, caller: Caller) -> Refusal | None:
        """Refuse a change that another site's page asks for, or a page of ours without its session's token.

        Forms bring the token in their body, which the routes of the web check.
        """
        if scope["method"] in _SAFE or caller.session is None:
            return None
        origin = headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc != headers.get("host", "")
        if foreign or headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return _refusal(403, "cross-site", "this request comes from a page of another site")
        by_cookie = caller.session.key_id and scope["path"].startswith(_PROGRAMS)
        if by_cookie and not self._sessions.is_token(caller.session, headers.get("x-csrf-token")):
            return _refusal(403, "no-form-token", "a change by a signed-in browser needs the header X-CSRF-Token")
        return None

    # -- how much

    def _limit_of(self, path: str) -> int:
        if path.startswith(_UPLOADS):
            return self._options.upload_size_bytes_max
        return self._options.body_size_bytes_max

    def _check_length(self, scope: Scope, headers: Headers) -> Refusal | None:
        length, most = headers.get("content-length", ""), self._limit_of(scope["path"])
        if length.isascii() and length.isdigit() and int(length) > most:
            return _refusal(413, "too-large", f"a body of {length} bytes; at most {most}")
        return None

    def _limited(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        """The same, counting what arrives: a length that was not announced is limited too."""
        most, got = self._limit_of(scope["path"]), 0

        async def receive_some() -> Message:
            nonlocal got
            message = await receive()
            if message["type"] == "http.request":
                got += len(message.get("body", b""))
                if got > most:
                    raise HTTPException(413, f"a body of more than {most} bytes")
            return message

        return receive_some


def _refusal(status: int, kind: str, detail: str) -> Refusal:
    return problem(status, kind, detail), detail


def _wait(seconds: float, detail: str) -> Refusal:
    refusal = _refusal(429, "too-many-requests", detail)
    refusal[0].headers["retry-after"] = str(max(1, round(seconds + 0.5)))
    return refusal


def address_of(scope: Scope) -> str:
    """The address that a request comes from."""
    return str((scope.get("client") or ("",))[0])


def _unauthorized(detail: str, path: str, scope: Scope | None = None) -> Refusal:
    if scope is not None and scope["method"] in _SAFE and not path.startswith(_PROGRAMS):
        query = scope["query_string"].decode("latin-1")
        target = quote(path + ("?" + query if query else ""), safe="")
        return RedirectResponse("/login?next=" + target, status_code=303), detail
    refusal = _refusal(401, "unauthorized", detail)
    refusal[0].headers["www-authenticate"] = 'Bearer realm="perfsearch"'
    return refusal


def _as_get(scope: Scope) -> Scope:
    """HEAD is answered as GET is, without the body (RFC 9110, 9.3.2)."""
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope


def _route(scope: Scope) -> str:
    """The route's template: ids and queries are no label."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    if isinstance(path, str) and path:
        return path
    given: str = scope["path"]
    return "/static" if given.startswith("/static/") else "/mcp" if given.startswith("/mcp") else "other"
