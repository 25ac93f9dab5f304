"""Is it alive, is it ready, how is it doing: for load balancers and Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel

from perfsearch.errors import PerfsearchError
from perfsearch.service.api.problems import RESPONSES, RefusalError
from perfsearch.service.state import State
from perfsearch.service.watch.metrics import CONTENT_TYPE

router = APIRouter(tags=["watch"], responses={status: RESPONSES[status] for status in (400, 401, 405, 429, 500)})


class Health(BaseModel):
    """`ok`, and the library's last change."""

    status: str
    seq: int | None = None


@router.get("/healthz")
def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", responses={503: RESPONSES[503]})
def readyz(state: State) -> Health:
    """The library can be asked."""
    if state.library is None:
        raise RefusalError(503, "not-ready", "the library is not open")
    try:
        _ = state.library.encoder  # one that can't be loaded, or is not the library's, answers nothing
        return Health(status="ok", seq=state.library.view().catalog.seq)
    except PerfsearchError as error:
        raise RefusalError(503, "not-ready", str(error)) from error


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"description": "Prometheus's text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
)
def metrics(state: State) -> Response:
    """Requests and latency by route, stages, size of the library, jobs."""
    if state.library is not None:
        found = state.library.stats()
        state.metrics.show_library(
            {"filings": found.filings, "chunks": found.chunks, "records_bytes": found.records_bytes}
        )
    state.metrics.show_jobs(state.jobs.counts())
    return Response(state.metrics.page(), media_type=CONTENT_TYPE)
