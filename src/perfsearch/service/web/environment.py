"""How a page is made: the templates' environment, and what every page gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from perfsearch import __version__
from perfsearch.model import SECTIONS
from perfsearch.service.guard.gate import Caller
from perfsearch.service.guard.sessions import COOKIE
from perfsearch.service.state import ServiceState
from perfsearch.service.web.marking import linked, mark
from perfsearch.service.wording import (
    ACTION_NAMES,
    BUDGET_NAMES,
    ENGLISH,
    FIELD_NAMES,
    JOB_NAMES,
    KIND_NAMES,
    SECTION_NAMES,
    STATE_NAMES,
    STATUS_NAMES,
    amount,
    yuan,
)

HERE = Path(__file__).parent

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True),
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals.update(
    section_names=SECTION_NAMES,
    budget_names=BUDGET_NAMES,
    kind_names=KIND_NAMES,
    state_names=STATE_NAMES,
    job_names=JOB_NAMES,
    field_names=FIELD_NAMES,
    action_names=ACTION_NAMES,
    status_names=STATUS_NAMES,
    sections=(*SECTIONS, "indicators"),
    version=__version__,
)
_environment.filters["yuan"] = yuan
_environment.filters["amount"] = amount


def both(label: str) -> Markup:
    """A Chinese label with its English beside it."""
    english = ENGLISH.get(label)
    return Markup('{} <small lang="en">{}</small>').format(label, english) if english else escape(label)


_environment.filters["both"] = both
_environment.filters["mark"] = mark
_environment.filters["linked"] = linked


def render(request: Request, name: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """One page; a browser that has no session yet gets one, so that its forms can prove where they come from."""
    state: ServiceState = request.app.state.service
    caller: Caller = request.state.caller
    token = state.sessions.token(caller.session) if caller.session else ""
    values.setdefault("form", {"q": ""})
    with state.metrics.stage("render"):
        text = _environment.get_template(name).render(
            csrf=token, who=caller.principal, keys_asked=len(state.keys) > 0, path=request.url.path, **values
        )
    response = HTMLResponse(text, status_code=status_code)
    if caller.session and caller.is_new:
        set_session(request, response, state.sessions.to_cookie(caller.session))
    return response


def set_session(request: Request, response: Any, cookie: str) -> None:
    """Give the browser its session."""
    state: ServiceState = request.app.state.service
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=state.sessions.seconds,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
