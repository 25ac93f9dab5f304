"""Pages for who writes a filing: a description in words, or a draft, and what past projects have for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from perfsearch.errors import NotFound
from perfsearch.library import Library
from perfsearch.model import Filing, SearchResult, Source
from perfsearch.service.drafts import Draft
from perfsearch.service.state import Asker, Served, ServiceState, State
from perfsearch.service.web.duplicates import duplicates_of
from perfsearch.service.web.environment import render
from perfsearch.service.web.forms import from_our_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SIMILAR_ASKED, SIMILAR_SHOWN = 20, 10
MODELS = 3
"""Projects whose sections and indicator tables are shown whole, no two of them years of one project."""
PASSAGE_SHOWN = 1_200
"""Characters of a section; with three of each the page stays under 200 KB."""
DESCRIPTION_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Passage:
    """A section of a past project, as a model for one's own."""

    filing: Filing
    text: str
    is_cut: bool


@router.get("/draft")
def describe_page(
    request: Request,
    state: State,
    library: Served,
    asker: Asker,
    q: Annotated[str, Query(max_length=DESCRIPTION_MAX)] = "",
) -> HTMLResponse:
    """Where a project is described or a draft dropped, and the answer for a description, at an address of its own."""
    words = q.strip()
    if not words:
        return render(request, "draft_start.html", drafts=state.drafts.listed(asker.name), words="")
    described = Filing(source=Source(file=""), sections={"overview": words})
    return render(request, "draft.html", words=words, draft=None, **_precedents(state, library, described))


@router.post("/similar", dependencies=[Depends(from_our_page)])
def keep_draft(state: State, library: Served, asker: Asker, file: Annotated[UploadFile, File()]) -> Response:
    """Keep the draft for a while, and show what past projects have for it under an address of its own."""
    draft = state.drafts.put_readable(asker.name, file.filename or "draft.txt", file.file.read(), library)
    return RedirectResponse(f"/drafts/{draft.id}", status_code=303)


@router.get("/drafts/{draft_id}")
def draft_page(
    request: Request,
    state: State,
    library: Served,
    asker: Asker,
    draft_id: str,
    n: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> HTMLResponse:
    """What past projects have for a draft: projects like it, indicators, legal bases, and their words for each section."""
    draft, filing, count = _filing(state, library, asker.name, draft_id, n)
    return render(
        request, "draft.html", words="", draft=draft, place=n, count=count, **_precedents(state, library, filing)
    )


@router.get("/drafts/{draft_id}/duplicates")
def draft_duplicates(
    request: Request,
    state: State,
    library: Served,
    asker: Asker,
    draft_id: str,
    n: Annotated[int, Query(ge=0, le=10_000)] = 0,
    stock: bool = False,
    source: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Passages that a draft shares with the library, side by side."""
    draft, filing, _ = _filing(state, library, asker.name, draft_id, n)
    shown = duplicates_of(state, library, filing, stock, source)
    return render(request, "duplicates.html", base=f"/drafts/{draft_id}/duplicates", draft=draft, **shown)


@router.post("/drafts/{draft_id}/remove", dependencies=[Depends(from_our_page)])
def remove_draft(
    state: State, asker: Asker, draft_id: str, back: Annotated[str, Form(pattern="^/(draft|review)$")] = "/draft"
) -> Response:
    """Forget a draft before its time."""
    state.drafts.remove(state.drafts.get(draft_id, asker.name))
    return RedirectResponse(back, status_code=303)


def _filing(state: ServiceState, library: Library, owner: str, draft_id: str, n: int) -> tuple[Draft, Filing, int]:
    draft = state.drafts.get(draft_id, owner)
    filings = state.drafts.filings(draft, library)
    if n >= len(filings):
        raise NotFound(f"the draft has {len(filings)} filings", "n")
    return draft, filings[n], len(filings)


def _precedents(state: ServiceState, library: Library, filing: Filing) -> dict[str, Any]:
    """What the page shows: all of it from the same projects."""
    with state.metrics.stage("query"):
        result = library.similar(filing, limit=SIMILAR_ASKED)
        missing = library.missing_policies(filing)
        indicators = library.indicators(like=filing)
    models = _models(library, result)
    names = list(dict.fromkeys(name for one in (filing, *models) for name in one.sections))
    return {
        "filing": filing,
        "result": result,
        "hits": result.hits[:SIMILAR_SHOWN],
        "missing": missing,
        "indicators": indicators,
        "models": models,
        "passages": [(name, filing.sections.get(name, ""), _passages(models, name)) for name in names],
    }


def _models(library: Library, result: SearchResult) -> list[Filing]:
    """The most similar projects, each in its most similar year."""
    found: dict[tuple[str | None, str | None], Filing] = {}
    for hit in result.hits:
        if len(found) == MODELS:
            break
        try:
            found.setdefault((hit.applicant, hit.project_name), library.get(hit.filing_id))
        except NotFound:  # removed meanwhile
            continue
    return list(found.values())


def _passages(models: list[Filing], name: str) -> list[Passage]:
    texts = [(one, one.sections.get(name, "")) for one in models]
    return [Passage(one, text[:PASSAGE_SHOWN], len(text) > PASSAGE_SHOWN) for one, text in texts if text]
