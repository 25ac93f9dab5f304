"""What can be asked of an open library; every question sees records and indexes of one moment."""

from __future__ import annotations

import builtins
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from perfsearch.errors import LibraryDamaged, NotFound, UsageError
from perfsearch.indexes.keeper import Keeper
from perfsearch.indexes.view import StaleViewError, View
from perfsearch.model import (
    CONDITIONS,
    CitationGraph,
    ClusterReport,
    DuplicateReport,
    Filing,
    FilingSummary,
    Filters,
    MissingResult,
    PolicyPage,
    PolicyResult,
    ReadCitations,
    SearchResult,
    named_conditions,
)
from perfsearch.model.facets import Facets
from perfsearch.model.indicators import FilingDiff, IndicatorResult, ProjectHistory
from perfsearch.model.review import ReviewReport
from perfsearch.settings import Settings

STALE_RETRIES = 40
STALE_WAIT_SECONDS = 0.05
"""A removal is committed some 50 ms before the indexes have it; a query that meets it in between asks again."""
LIKE_FILINGS = 20
"""Past projects whose legal bases a draft's are compared with."""

TURNS = max(2, os.cpu_count() or 2)
"""Questions that are worked on at a time; further ones wait. Forty threads at once answered 124 questions a second on two
cores with a p99 of 730 ms, four 152 with 540 ms: more only take Python's lock from each other."""

_T = TypeVar("_T")


class Asking:
    """The questions of a library that `keeper` holds open."""

    def __init__(self, keeper: Keeper, readonly: bool) -> None:
        self._keeper = keeper
        self.readonly = readonly
        self._turns = threading.BoundedSemaphore(TURNS)

    @property
    def directory(self) -> Path:
        """Where the library lies."""
        return self._keeper.directory

    @property
    def settings(self) -> Settings:
        """The settings it was opened with."""
        return self._keeper.settings

    def view(self) -> View:
        """Records and indexes as they are now, for one query; costs microseconds where nothing has changed.

        Raises:
            LibraryError: the library was made with another segmenter.
            LibraryDamaged: an index is damaged and could not be made again.
        """
        return self._keeper.view()

    def _ask(self, question: Callable[[View], _T]) -> _T:
        """Put a question to a view, when it is its turn."""
        with self._turns:
            return self._ask_at_once(question)

    def _ask_at_once(self, question: Callable[[View], _T]) -> _T:
        """Put a question to a view; to a fresh one where a filing, or an index, went away under it."""
        for attempt in range(STALE_RETRIES):
            try:
                return question(self.view())
            except StaleViewError:
                time.sleep(STALE_WAIT_SECONDS)
            except LibraryDamaged:
                if attempt == 0:  # another process made the indexes anew
                    self._keeper.forget_view()
                elif attempt > 1 or not self._keeper.verify().repaired:
                    raise
        return question(self.view())

    # -- questions

    def search(
        self,
        query: str,
        limit: int = 10,
        offset: int = 0,
        mode: str = "hybrid",
        by: str = "filing",
        *,
        filters: Filters | None = None,
        **options: Any,
    ) -> SearchResult:
        """Filings or passages that answer a query, best first; see `perfsearch.queries.search.search`."""
        from perfsearch.queries.search import search

        narrowed, rest = _split(filters, options)
        asked = {"limit": limit, "offset": offset, "mode": mode, "by": by, **rest}
        return self._ask(lambda view: search(view, query, filters=narrowed, **asked))

    def similar(
        self,
        draft: Filing | str | Path,
        limit: int = 10,
        offset: int = 0,
        *,
        filters: Filters | None = None,
        **options: Any,
    ) -> SearchResult:
        """Filings like a stored filing (its id), a draft file (its path), or a filing at hand.

        Raises:
            NotFound: it is neither the id of a filing nor a file.
            InputError: the file holds no filing.
        """
        from perfsearch.queries.similar import similar

        narrowed, rest = _split(filters, options)
        filing = self._draft(draft)
        return self._ask(lambda view: similar(view, filing, limit=limit, offset=offset, filters=narrowed, **rest))

    def indicators(
        self,
        query: str | None = None,
        like: Filing | str | Path | None = None,
        *,
        filters: Filters | None = None,
        **options: Any,
    ) -> IndicatorResult:
        """Indicators that answer a query and the sets they stand in; with `like` (id, path, filing) what a draft lacks.

        Raises:
            NotFound: `like` is neither the id of a filing nor a file.
            UsageError: both a query and a draft are given, or an option is out of bounds.
        """
        from perfsearch.queries.indicators import find_indicators
        from perfsearch.queries.recommending import recommend

        narrowed, rest = _split(filters, options)
        if like is None:
            return self._ask(lambda view: find_indicators(view, query, filters=narrowed, **rest))
        if query is not None:
            raise UsageError("indicators: give a query or a draft (like), not both", "like")
        _no_more(rest)
        draft = self._draft(like)
        return self._ask(lambda view: recommend(view, draft))

    def diff(self, a: Filing | str | Path, b: Filing | str | Path) -> FilingDiff:
        """What differs between two filings' header, amounts and indicator trees."""
        from perfsearch.queries.diff import diff_filings

        return diff_filings(self._draft(a), self._draft(b))

    def history(self, filing: Filing | str | Path) -> ProjectHistory:
        """One project over the years: its indicators, and what changed from each year to the next.

        Raises:
            NotFound: the library knows no other year of it.
        """
        from perfsearch.queries.diff import project_history

        draft = self._draft(filing)
        return self._ask(lambda view: project_history(view, draft))

    def review(self, path: Filing | str | Path, *, details: bool = True) -> ReviewReport:
        """Everything a reviewer checks in a draft, all filings of its file; `path` may also be the id of a filing.

        Raises:
            NotFound: it is neither the id of a filing nor a file.
            InputError: the file holds no filing.
            UsageError: the settings switch off a rule that does not exist.
        """
        name, filings = self._drafts(path)
        return self.review_filings(filings, name, details=details)

    def review_filings(self, filings: Sequence[Filing], name: str, *, details: bool = True) -> ReviewReport:
        """The same for the filings of one file at hand; without `details`, only what the rules need is looked up."""
        from perfsearch.queries.review import review

        off = self.settings.rules_off_names()
        return self._ask(lambda view: review(view, filings, name, off=off, details=details))

    def duplicates(self, draft: Filing | str | Path, min_length: int = 15, **options: Any) -> DuplicateReport:
        """Text that a filing (its id), a draft file (its path) or a filing at hand shares with others and with itself.

        Raises:
            NotFound: it is neither the id of a filing nor a file.
            UsageError: `min_length` is out of bounds.
        """
        from perfsearch.queries.duplicates import duplicates

        filing = self._draft(draft)
        return self._ask(lambda view: duplicates(view, filing, min_length, **options))

    def duplicate_clusters(
        self, threshold: float = 0.3, progress: Callable[[int, int], None] | None = None
    ) -> ClusterReport:
        """Clusters of filings that share text; a pass that was broken off goes on where it stopped.

        Raises:
            UsageError: the threshold is out of bounds.
        """
        from perfsearch.queries.duplicates_clusters import clusters

        checkpoint = None if self.readonly else self.directory / "clusters.partial.npz"
        # It takes minutes: it takes nobody's turn.
        return self._ask_at_once(lambda view: clusters(view, threshold, checkpoint=checkpoint, progress=progress))

    def policies(self, query: str | None = None, limit: int = 20, offset: int = 0) -> PolicyResult:
        """Cited policies that match a title, a short name or a number; most cited first without a query."""
        from perfsearch.queries.policies import policies

        return self._ask(lambda view: policies(view, query, limit, offset))

    def policy(self, policy: str, limit: int = 100, offset: int = 0) -> PolicyPage:
        """One policy, named by id, number, title or short name: who cites it, where, since when, with what.

        Raises:
            NotFound: no policy of that name is cited or known.
        """
        from perfsearch.queries.policies import policy as ask

        return self._ask(lambda view: ask(view, policy, limit, offset))

    def facets(self, query: str | None = None, *, filters: Filters | None = None, mode: str = "hybrid") -> Facets:
        """How the filings that answer a query, or that the filters let through, spread over years, names and amounts."""
        from perfsearch.queries.facets import facets

        return self._ask(lambda view: facets(view, query, filters=filters, mode=mode))

    def citation_graph(
        self, *, policy: str | None = None, applicant: str | None = None, limit: int = 20
    ) -> CitationGraph:
        """What is cited around a policy, or by an applicant.

        Raises:
            NotFound: no such policy, or no filing of such an applicant cites one.
            UsageError: not just one of the two is named.
        """
        from perfsearch.queries.citations import applicant_graph, policy_graph

        if policy is not None and applicant is None:
            return self._ask(lambda view: policy_graph(view, policy, limit))
        if applicant is not None and policy is None:
            return self._ask(lambda view: applicant_graph(view, applicant, limit))
        raise UsageError("a citation graph is of a policy or of an applicant: name one of the two", "policy")

    def read_citations(self, text: str, fiscal_year: int | None = None) -> ReadCitations:
        """The mentions of policies in a text, each with the policy that it means, or with candidates.

        Raises:
            UsageError: the text is too long.
        """
        from perfsearch.queries.citations import read_citations

        return self._ask(lambda view: read_citations(view, text, fiscal_year))

    def missing_policies(self, draft: Filing | str | Path, limit: int = 10) -> MissingResult:
        """Policies that past projects like a filing or draft cite and it does not, with the sentence of one of them.

        Raises:
            NotFound: it is neither the id of a filing nor a file.
        """
        from perfsearch.queries.policies import missing_policies

        filing = self._draft(draft)
        ids = [hit.filing_id for hit in self.similar(filing, limit=LIKE_FILINGS).hits]
        return self._ask(lambda view: missing_policies(view, filing, ids, limit))

    def _drafts(self, draft: Filing | str | Path) -> tuple[str, builtins.list[Filing]]:
        """What a draft is called, and all its filings: a file may hold several."""
        if isinstance(draft, Filing):
            return draft.source.file, [draft]
        if isinstance(draft, str) and not os.path.exists(draft):
            return draft, [self._draft(draft)]
        from perfsearch.parsing import parse_file

        return str(draft), parse_file(Path(draft), self.settings)

    def _draft(self, draft: Filing | str | Path) -> Filing:
        if isinstance(draft, Filing):
            return draft
        if isinstance(draft, str):
            try:
                return self.get(draft)
            except NotFound:
                if not os.path.exists(draft):
                    raise NotFound(f"{draft!r} is neither the id of a filing here nor a file", "id") from None
        from perfsearch.parsing import parse_file

        return parse_file(Path(draft), self.settings)[0]

    def list(
        self, *, filters: Filters | None = None, limit: int | None = None, offset: int = 0, **conditions: Any
    ) -> list[FilingSummary]:
        """Headers of the filings, newest fiscal year first."""
        narrowed, rest = _split(filters, conditions)
        _no_more(rest)
        if narrowed is None or narrowed.of_filings().is_empty():
            return self._keeper.store.listed(None, limit, offset)
        numbers = self._ask(lambda view: view.filing_nos(narrowed)).tolist()
        return self._keeper.store.listed(numbers, limit, offset)

    def count(self, *, filters: Filters | None = None, **conditions: Any) -> int:
        """How many filings the filters let through."""
        narrowed, rest = _split(filters, conditions)
        _no_more(rest)
        if narrowed is None or narrowed.of_filings().is_empty():
            return self._keeper.store.count()
        return len(self._ask(lambda view: view.filing_nos(narrowed)))

    def get(self, filing_id: str) -> Filing:
        """A filing as it stands.

        Raises:
            NotFound: there is none of that id.
        """
        return self._keeper.store.get(filing_id)

    def versions(self, filing_id: str) -> builtins.list[Filing]:
        """All versions of a filing, newest first.

        Raises:
            NotFound: there is none of that id.
        """
        return self._keeper.store.versions(filing_id)


def _split(filters: Filters | None, options: dict[str, Any]) -> tuple[Filters | None, dict[str, Any]]:
    """Conditions given by name joined to the filters, and the options that are none."""
    named = {name: value for name, value in options.items() if name in Filters.model_fields or name in CONDITIONS}
    rest = {name: value for name, value in options.items() if name not in named}
    if named:
        base = filters.model_dump() if filters is not None else {}
        try:
            filters = Filters(**{**base, **named_conditions(**named)})
        except ValueError as error:
            raise UsageError(f"filters: {error}") from error
    return filters, rest


def _no_more(options: dict[str, Any]) -> None:
    if options:
        raise UsageError(f"unknown condition {next(iter(options))!r}")
