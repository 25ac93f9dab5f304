"""A small typed client of the REST API: the same questions and values as `perfsearch.Library`, from another machine.

::

    with Client("https://filings.example", key="ps_…") as client:
        for hit in client.search("河道养护", year="2020").hits:
            print(hit.filing_id, hit.project_name)

Needs httpx: `pip install perfsearch[client]`.
"""

from __future__ import annotations

import builtins
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from pydantic import BaseModel

from perfsearch.errors import PerfsearchError
from perfsearch.model import (
    AddReport,
    CitationGraph,
    DuplicateCluster,
    DuplicateReport,
    Filing,
    FilingSummary,
    MissingResult,
    PolicyPage,
    PolicyResult,
    PolicySummary,
    ReadCitations,
    RejectedResult,
    SearchHit,
    SearchResult,
    Value,
)
from perfsearch.model.facets import Facets
from perfsearch.model.indicators import FilingDiff, IndicatorResult, ProjectHistory
from perfsearch.model.review import ReviewReport

if TYPE_CHECKING:
    import httpx

_M = TypeVar("_M", bound=BaseModel)
_BUSY = (429, 503)
TRIES = 4
"""Of a request that the service is too busy for; `Retry-After` says how long to wait between them."""
WAIT_SECONDS_MAX = 30.0
TIMEOUT_SECONDS = 60.0


class ProblemError(PerfsearchError):
    """The service refused: `status`, a stable `type`, and the `field` at fault where there is one."""

    def __init__(self, status: int, kind: str, detail: str, field: str | None = None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.type, self.detail, self.field = status, kind, detail, field


class JobAnswer(Value):
    """Long work as it stands; `result` is there when its `state` is `done`, `problem` when it is `failed`."""

    id: str
    kind: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    owner: str
    made: str
    changed: str
    done: int = 0
    total: int | None = None
    result: dict[str, Any] | None = None
    problem: str | None = None
    cancel_asked: bool = False


class FoundCluster(DuplicateCluster):
    """A cluster with its place in the report, from 1."""

    number: int


class ClusterAnswer(Value):
    """Some of the `total` clusters; `current` while the library is as it was when they were looked for."""

    made: str
    current: bool
    threshold: float
    n_filings: int
    n_pairs: int
    histogram: tuple[tuple[float, float, int], ...] = ()
    total: int = 0
    clusters: tuple[FoundCluster, ...] = ()


class Client:
    """One service; close it, or use it in a `with` block. `transport` is for tests."""

    def __init__(
        self,
        address: str = "http://127.0.0.1:8000",
        key: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Connects at the first question.

        Raises:
            PerfsearchError: httpx is not installed.
        """
        try:
            import httpx
        except ModuleNotFoundError as error:
            raise PerfsearchError("the client needs httpx: pip install perfsearch[client]") from error
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(
            base_url=f"{address.rstrip('/')}/api/v1", headers=headers, timeout=timeout_seconds, transport=transport
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- questions

    def search(self, query: str, **options: Any) -> SearchResult:
        """Filings or passages that answer a query; options as in the API: limit, offset, mode, by, year, applicant, …"""
        return self._get(SearchResult, "/search", q=query, **options)

    def search_all(self, query: str, **options: Any) -> Iterator[SearchHit]:
        """Every hit, page by page.

        Raises:
            ProblemError: with status 410 where the library has changed meanwhile.
        """
        for page in self._pages("/search", {"q": query, **options}):
            yield from SearchResult.model_validate(page).hits

    def similar(self, draft: str | Path, **options: Any) -> SearchResult:
        """Past projects like a stored filing (its id, a text) or a draft (a path)."""
        if isinstance(draft, Path):
            return SearchResult.model_validate(self._upload("/similar", draft, options))
        return self._get(SearchResult, f"/similar/{draft}", **options)

    def facets(self, query: str | None = None, **filters: Any) -> Facets:
        """How the filings of an answer spread over years, applicants, categories and budgets."""
        return self._get(Facets, "/facets", q=query, **filters)

    def indicators(self, query: str | None = None, like: str | Path | None = None, **options: Any) -> IndicatorResult:
        """Indicators in use; with `like` (an id, or a path to a draft) those that it lacks."""
        if isinstance(like, Path):
            return IndicatorResult.model_validate(self._upload("/indicators", like, {}))
        if like is not None:
            return self._get(IndicatorResult, f"/filings/{like}/indicators")
        return self._get(IndicatorResult, "/indicators", q=query, **options)

    def policies(self, query: str | None = None, **options: Any) -> PolicyResult:
        """Cited policies that match; most cited first without a query."""
        return self._get(PolicyResult, "/policies", q=query, **options)

    def all_policies(self, query: str | None = None) -> Iterator[PolicySummary]:
        """Every policy that matches, page by page."""
        for page in self._pages("/policies", {"q": query, "limit": 200}):
            yield from PolicyResult.model_validate(page).policies

    def policy(self, policy: str, **options: Any) -> PolicyPage:
        """One policy, by id, number, title or short name."""
        return self._get(PolicyPage, f"/policies/{policy}", **options)

    def read_citations(self, text: str, fiscal_year: int | None = None) -> ReadCitations:
        """The mentions of policies in a text."""
        body = {"text": text, "fiscal_year": fiscal_year}
        return ReadCitations.model_validate(self._send("POST", "/citations:extract", json=body).json())

    def duplicates(self, draft: str | Path, min_length: int = 15) -> DuplicateReport:
        """Text that a stored filing or a draft shares with others."""
        if isinstance(draft, Path):
            return DuplicateReport.model_validate(self._upload("/duplicates", draft, {"min_length": min_length}))
        return self._get(DuplicateReport, f"/filings/{draft}/duplicates", min_length=min_length)

    def review(self, draft: str | Path) -> ReviewReport:
        """Everything a reviewer checks in a stored filing or a draft."""
        if isinstance(draft, Path):
            return ReviewReport.model_validate(self._upload("/review", draft, {}))
        return self._get(ReviewReport, f"/filings/{draft}/review")

    def report(self, draft: str | Path, form: Literal["html", "docx", "csv"] = "html") -> bytes:
        """The review as a file to hand on."""
        if isinstance(draft, Path):
            files = {"file": (draft.name, draft.read_bytes())}
            return self._send("POST", "/review", params={"format": form}, files=files).content
        return self._send("GET", f"/filings/{draft}/review", params={"format": form}).content

    def missing_policies(self, draft: str | Path, limit: int = 10) -> MissingResult:
        """Policies that past projects like a filing or draft cite and it does not."""
        if isinstance(draft, Path):
            return MissingResult.model_validate(self._upload("/missing-policies", draft, {"limit": limit}))
        return self._get(MissingResult, f"/filings/{draft}/missing-policies", limit=limit)

    def graph(self, policy: str | None = None, applicant: str | None = None, limit: int = 20) -> CitationGraph:
        """What is cited around a policy, or by an applicant."""
        path = f"/policies/{policy}/graph" if policy is not None else f"/applicants/{applicant}/graph"
        return self._get(CitationGraph, path, limit=limit)

    def diff(self, a: str, b: str) -> FilingDiff:
        """What differs between two filings' header, amounts and indicators."""
        return self._get(FilingDiff, "/diff", a=a, b=b)

    def history(self, filing_id: str) -> ProjectHistory:
        """One project over the years."""
        return self._get(ProjectHistory, f"/filings/{filing_id}/history")

    def parse(self, path: Path) -> builtins.list[Filing]:
        """The filings in a file; nothing is stored."""
        return [Filing.model_validate(one) for one in self._upload("/parse", path, {})]

    # -- the library

    def list(self, **filters: Any) -> Iterator[FilingSummary]:
        """Headers of the filings, newest fiscal year first, page by page."""
        for page in self._pages("/filings", {"limit": 200, **filters}):
            yield from (FilingSummary.model_validate(one) for one in page["filings"])

    def get(self, filing_id: str) -> Filing:
        """A filing as it stands."""
        return self._get(Filing, f"/filings/{filing_id}")

    def add(self, path: Path, idempotency_key: str | None = None) -> AddReport:
        """Add the filings of a file; with a key it is safe to send again."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return AddReport.model_validate(self._upload("/filings", path, {}, headers))

    def remove(self, filing_id: str) -> None:
        """Take a filing and its versions out of the library."""
        self._send("DELETE", f"/filings/{filing_id}")

    def rejected(self, **options: Any) -> RejectedResult:
        """Files that could not be read, and why, newest first; options as in the API: limit, offset, below."""
        return self._get(RejectedResult, "/rejected", **options)

    def clusters(self, **options: Any) -> ClusterAnswer:
        """The clusters of filings that share text that the last job `clusters` found, largest first."""
        return self._get(ClusterAnswer, "/clusters", **options)

    def versions(self, filing_id: str) -> builtins.list[Filing]:
        """All versions of a filing, newest first."""
        found = self._send("GET", f"/filings/{filing_id}/versions").json()
        return [Filing.model_validate(one) for one in found]

    def original(self, filing_id: str) -> bytes:
        """The file that a filing was read from."""
        return self._send("GET", f"/filings/{filing_id}/original").content

    def export(self, file: Path, **filters: Any) -> int:
        """Write all filings that the filters let through into a file that `add` reads; their number."""
        count = 0
        with self._http.stream("GET", "/export", params=_given(filters)) as answer, file.open("wb") as target:
            if not answer.is_success:
                answer.read()
                raise _problem(answer)
            for line in answer.iter_lines():
                target.write(line.encode() + b"\n")
                count += 1
        return count

    def table(self, path: str, format: Literal["csv", "jsonl"] = "csv", **options: Any) -> bytes:
        """Any list of the API as a file, whole where no limit is given: `/filings`, `/policies`, `/clusters`, …"""
        return self._send("GET", path, params=_given({"format": format, **options})).content

    def stats(self) -> dict[str, Any]:
        """Size of the library and of its indexes."""
        found: dict[str, Any] = self._send("GET", "/stats").json()
        return found

    # -- long work

    def start_adding(self, path: Path, idempotency_key: str | None = None) -> JobAnswer:
        """Have the filings of a file added in the background."""
        headers = {"Prefer": "respond-async"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return JobAnswer.model_validate(self._upload("/filings", path, {}, headers))

    def start(self, kind: Literal["verify", "rebuild", "clusters"], **options: Any) -> JobAnswer:
        """Start long work on the whole library."""
        return JobAnswer.model_validate(self._send("POST", "/jobs", json={"kind": kind, **options}).json())

    def job(self, job_id: str) -> JobAnswer:
        """A job as it stands."""
        return self._get(JobAnswer, f"/jobs/{job_id}")

    def jobs(self, **options: Any) -> builtins.list[JobAnswer]:
        """The caller's jobs, newest first."""
        return [JobAnswer.model_validate(one) for one in self._send("GET", "/jobs", params=options).json()["jobs"]]

    def cancel(self, job_id: str) -> JobAnswer:
        """Ask a job to stop at its next step."""
        return JobAnswer.model_validate(self._send("DELETE", f"/jobs/{job_id}").json())

    def wait(self, job_id: str, timeout_seconds: float = 600.0) -> JobAnswer:
        """The job when it has ended.

        Raises:
            TimeoutError: it has not in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while (found := self.job(job_id)).state in ("waiting", "running"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"job {job_id} is still {found.state} after {timeout_seconds:.0f} s")
            time.sleep(0.2)
        return found

    def audit(self, limit: int = 100) -> builtins.list[dict[str, Any]]:
        """Who added, removed and exported what, newest first; for an admin."""
        found: builtins.list[dict[str, Any]] = self._send("GET", "/audit", params={"limit": limit}).json()["entries"]
        return found

    # -- sending

    def _get(self, model: type[_M], path: str, **params: Any) -> _M:
        return model.model_validate(self._send("GET", path, params=_given(params)).json())

    def _pages(self, path: str, params: dict[str, Any]) -> Iterator[Any]:
        cursor: str | None = None
        while True:
            answer = self._send("GET", path, params=_given({**params, "cursor": cursor}))
            yield answer.json()
            cursor = answer.headers.get("x-next-cursor")
            if cursor is None:
                return

    def _upload(self, path: str, file: Path, params: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
        files = {"file": (file.name, file.read_bytes())}
        return self._send("POST", path, params=_given(params), files=files, headers=headers or {}).json()

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        for attempt in range(TRIES):
            answer = self._http.request(method, path, **options)
            may_repeat = method == "GET" or answer.status_code == 429 or "Idempotency-Key" in options.get("headers", {})
            if answer.status_code not in _BUSY or not may_repeat or attempt == TRIES - 1:
                break
            time.sleep(min(WAIT_SECONDS_MAX, float(answer.headers.get("retry-after", 1))))
        if answer.is_success:
            return answer
        raise _problem(answer)


def _problem(answer: httpx.Response) -> ProblemError:
    try:
        body = answer.json()
        return ProblemError(answer.status_code, body["type"], body["detail"], body.get("field"))
    except (ValueError, KeyError, TypeError):
        return ProblemError(answer.status_code, "about:blank", answer.text[:200])


def _given(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
