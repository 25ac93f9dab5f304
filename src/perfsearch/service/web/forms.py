"""Forms of our pages: whether one came from a page of the same session."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request

from perfsearch.service.api.problems import RefusalError
from perfsearch.service.guard.gate import Caller
from perfsearch.service.state import State


async def from_our_page(request: Request, state: State, csrf: Annotated[str, Form(max_length=200)] = "") -> None:
    """Refuse a form that does not bring back its session's token.

    Raises:
        RefusalError: 403.
    """
    caller: Caller = request.state.caller
    if not state.sessions.is_token(caller.session, csrf or request.headers.get("x-csrf-token")):
        raise RefusalError(
            403, "no-form-token", "页面已过期，请返回后重试。The form is out of date: go back and try again."
        )
