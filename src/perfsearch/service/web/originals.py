"""The pages of a filing's original beside its text, with the places of sections and rows marked on them."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse, HTMLResponse

from perfsearch.errors import NotFound, UnreadableFile
from perfsearch.library import Library
from perfsearch.model import Filing, Place
from perfsearch.readers.rendering import can_be_rendered
from perfsearch.service.api.keeping import original_of
from perfsearch.service.state import Asker, Served, State
from perfsearch.service.web.environment import render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PAGES_SHOWN = 12
"""Pages of one filing that are shown beside it; filings of more are rare, and drawing a page takes half a second."""


@router.get("/filings/{filing_id}/leaves")
def leaves_part(request: Request, state: State, library: Served, filing_id: str) -> HTMLResponse:
    """The pages of the original with the places marked, which the filing's page asks for after the filing itself."""
    filing = library.get(filing_id)
    original = drawn_original(library, filing)
    leaves: list[dict[str, Any]] = []
    if original is not None:
        for number in pages_of(filing)[:PAGES_SHOWN]:
            try:
                leaf = state.leaves.leaf(original, number)
            except (UnreadableFile, OSError):
                continue
            leaves.append({"number": number, "leaf": leaf, "marks": _marks(filing, number)})
    return render(request, "leaves.html", filing=filing, leaves=leaves, n_more=len(pages_of(filing)) - PAGES_SHOWN)


@router.get("/filings/{filing_id}/leaves/{number}.png")
def leaf_picture(
    state: State, library: Served, asker: Asker, filing_id: str, number: Annotated[int, Path(ge=1, le=100_000)]
) -> FileResponse:
    """One of the pages on which the filing stands, as a picture."""
    filing = library.get(filing_id)
    original = drawn_original(library, filing)
    if original is None or number not in pages_of(filing):
        raise NotFound(f"{filing_id} does not stand on a page {number} that can be shown", "number")
    try:
        leaf = state.leaves.leaf(original, number)
    except (UnreadableFile, OSError) as error:
        raise NotFound(f"page {number} of the original can't be drawn", "number") from error
    return FileResponse(leaf.path, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


def drawn_original(library: Library, filing: Filing) -> FilePath | None:
    """The filing's file, where it is here, known by pages, and a PDF or an image."""
    if not filing.source.pages:
        return None
    try:
        path = original_of(library, filing.id)
    except NotFound:
        return None
    return path if can_be_rendered(path) else None


def pages_of(filing: Filing) -> list[int]:
    """The pages on which a filing stands."""
    return sorted(filing.source.pages or ())


def _marks(filing: Filing, page: int) -> list[tuple[str, str, tuple[float, float, float, float]]]:
    """What is marked on a page: the part of our page that shows it, its name, and its box in points."""
    found = []
    for name in filing.sections:
        for place in (filing.places or {}).get(name, ()):
            found += _mark(name, name, place, page)
    for row in filing.indicators:
        if row.place:
            found += _mark("indicators", row.name, row.place, page)
    return found


def _mark(part: str, name: str, place: Place, page: int) -> list[tuple[str, str, tuple[float, float, float, float]]]:
    return [(part, name, place.box)] if place.page == page and place.box else []
