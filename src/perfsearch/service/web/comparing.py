"""Two filings side by side, or a draft beside a filing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from perfsearch.errors import NotFound
from perfsearch.library import Library
from perfsearch.model import Filing
from perfsearch.service.state import Asker, Served, State
from perfsearch.service.web.differences import side_by_side
from perfsearch.service.web.environment import render
from perfsearch.service.wording import FIELD_NAMES

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Name = Annotated[str, Query(max_length=200)]


@router.get("/compare")
def compare_page(
    request: Request,
    state: State,
    library: Served,
    asker: Asker,
    a: Name = "",
    b: Name = "",
    f: Annotated[list[str] | None, Query(max_length=100)] = None,
) -> HTMLResponse:
    """Two filings side by side: what is the same, what differs.

    `a` and `b` name them, or two checked boxes `f`: an id, an id with its version (`ID@2`), or `draft:ID` for the
    caller's own draft.
    """
    checked = [one for one in f or () if one]
    a, b = (a.strip() or (checked[0] if checked else "")), (b.strip() or (checked[1] if len(checked) > 1 else ""))
    form = {"q": "", "a": a, "b": b}
    if not a or not b:
        return render(request, "compare.html", left=None, right=None, checked=len(checked), form=form)

    def found(name: str) -> Filing:
        if name.startswith("draft:"):
            draft = state.drafts.get(name.removeprefix("draft:"), asker.name)
            return state.drafts.filings(draft, library)[0]
        return filing_of(library, name)

    left, right = found(a), found(b)
    names = [*left.sections, *(name for name in right.sections if name not in left.sections)]
    return render(
        request,
        "compare.html",
        left=left,
        right=right,
        checked=len(checked),
        diff=library.diff(left, right),
        field_names=FIELD_NAMES,
        texts=[(name, side_by_side(left.sections.get(name, ""), right.sections.get(name, ""))) for name in names],
        hrefs=[_href(a), _href(b)],
        form=form,
    )


def filing_of(library: Library, name: str) -> Filing:
    """The filing of an id, or one of its versions: `ID@2`.

    Raises:
        NotFound: there is none.
    """
    filing_id, at, number = name.rpartition("@")
    if not at or not number.isdigit():
        return library.get(name)
    versions = library.versions(filing_id)
    if not 1 <= int(number) <= len(versions):
        raise NotFound(f"{filing_id} has {len(versions)} versions", "version")
    return versions[len(versions) - int(number)]


def _href(name: str) -> dict[str, Any]:
    """Where a side of the comparison is shown by itself."""
    if name.startswith("draft:"):
        return {"path": f"/drafts/{name.removeprefix('draft:')}", "query": {}}
    filing_id, at, number = name.rpartition("@")
    return {"path": f"/filings/{filing_id or name}", "query": {"version": number} if at else {}}
