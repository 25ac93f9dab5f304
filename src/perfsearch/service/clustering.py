"""Who shares text with whom over the whole library: found by a job, kept, and shown until the next."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, ValidationError

from perfsearch.errors import NotFound
from perfsearch.library import Library
from perfsearch.model import ClusterReport, DuplicateCluster, FilingSummary, Value
from perfsearch.service.folder import ServiceFolder, write_text
from perfsearch.service.jobs import Step
from perfsearch.settings import Settings

CLUSTER_THRESHOLD = 0.3
"""Share of the smaller filing's fingerprints from which two are linked, where nobody says another."""


class KeptReport(Value):
    """The clusters that the last job found; `seq` is the state of the library that it saw."""

    made: str
    seq: int
    report: ClusterReport


class NumberedCluster(DuplicateCluster):
    """A cluster with its place in the report, from 1, by which its page is found."""

    number: int


class ClusterPage(Value):
    """Some of the `total` clusters that the conditions let through; `current` while the library is as it was."""

    made: str
    current: bool
    threshold: float
    n_filings: int
    n_pairs: int
    histogram: tuple[tuple[float, float, int], ...] = ()
    total: int = 0
    clusters: tuple[NumberedCluster, ...] = ()


class ClusterMember(Value):
    """One filing of a cluster, as a row of a table."""

    cluster: int
    size: int
    similarity: float
    applicants: int
    filing_id: str
    fiscal_year: int | None = None
    applicant: str | None = None
    project_name: str | None = None


class ClusterQuestion(Value):
    """What clusters are asked for: across applicants, of some size, as similar as that."""

    applicants_min: int = Field(1, ge=1)
    size_min: int = Field(2, ge=2)
    similarity_min: float = Field(0.0, ge=0.0, le=1.0)

    def lets_through(self, cluster: DuplicateCluster) -> bool:
        """Whether a cluster is asked for."""
        return (
            cluster.applicants >= self.applicants_min
            and cluster.size >= self.size_min
            and cluster.similarity >= self.similarity_min
        )


class KeptClusters:
    """The last report of a library's service; what another process keeps is seen at once."""

    def __init__(self, folder: ServiceFolder) -> None:
        self._folder = folder
        self._path = folder.path / "clusters.json"
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._kept: KeptReport | None = None

    def keep(self, report: ClusterReport, seq: int) -> KeptReport:
        """Put a report in the place of the last."""
        made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        kept = KeptReport(made=made, seq=seq, report=report)
        self._folder.make()
        write_text(self._path, kept.model_dump_json())
        return kept

    def read(self) -> KeptReport | None:
        """The report that is kept; None where no job has ended yet."""
        with self._lock:
            try:
                found = self._path.stat()
                stamp = (found.st_mtime_ns, found.st_ino)
                if stamp != self._stamp:
                    self._kept = KeptReport.model_validate_json(self._path.read_bytes())
                    self._stamp = stamp
            except (OSError, ValidationError):
                return None
            return self._kept

    def get(self) -> KeptReport:
        """The same.

        Raises:
            NotFound: none is kept.
        """
        kept = self.read()
        if kept is None:
            raise NotFound("the clusters were not looked for yet: start a job of the kind `clusters`")
        return kept

    def work(self, settings: Settings, threshold: float, step: Step) -> dict[str, Any]:
        """Look through the library and keep what is found; one that was broken off goes on where it stopped."""
        # Open to write for its checkpoint alone; nothing is locked, so that filings are added meanwhile.
        with Library.open(settings.library, create=False, settings=settings) as library:
            seq = library.view().seq
            report = library.duplicate_clusters(threshold, progress=step)
        self.keep(report, seq)
        return {"filings": report.n_filings, "pairs": report.n_pairs, "clusters": len(report.clusters)}


def asked(kept: KeptReport, question: ClusterQuestion) -> list[NumberedCluster]:
    """The clusters that a question lets through, in the order of the report, largest first."""
    return [
        NumberedCluster(number=number, **dict(cluster))
        for number, cluster in enumerate(kept.report.clusters, 1)
        if question.lets_through(cluster)
    ]


def page_of(kept: KeptReport, seq: int, found: Sequence[NumberedCluster], offset: int, limit: int) -> ClusterPage:
    """One part of the clusters that were asked for."""
    report = kept.report
    return ClusterPage(
        made=kept.made,
        current=kept.seq == seq,
        threshold=report.threshold,
        n_filings=report.n_filings,
        n_pairs=report.n_pairs,
        histogram=report.histogram,
        total=len(found),
        clusters=tuple(found[offset : offset + limit]),
    )


def members_of(library: Library, clusters: Sequence[NumberedCluster]) -> list[ClusterMember]:
    """The filings of clusters, a row each; one that was removed since keeps its id."""
    headers = headers_of(library, [filing_id for cluster in clusters for filing_id in cluster.filings])
    rows = []
    for cluster in clusters:
        for filing_id in cluster.filings:
            header = headers.get(filing_id)
            rows.append(
                ClusterMember(
                    cluster=cluster.number,
                    size=cluster.size,
                    similarity=cluster.similarity,
                    applicants=cluster.applicants,
                    filing_id=filing_id,
                    fiscal_year=header.fiscal_year if header else None,
                    applicant=header.applicant if header else None,
                    project_name=header.project_name if header else None,
                )
            )
    return rows


def headers_of(library: Library, ids: Sequence[str]) -> dict[str, FilingSummary]:
    """The headers of these filings by id, without those that were removed."""
    store = library.view().store
    numbers = [number for one in dict.fromkeys(ids) if (number := store.find_number(one)) is not None]
    return {header.id: header for header in store.summaries(numbers).values()}
