"""Clusters of filings that share text, over the whole library in one pass, without comparing all pairs.

The index is read in slices of the hashes. Hashes are as good as random, so the first slices are a sample: filings that
share enough of it are candidates. The other slices only count what the candidates share. Linear in the postings.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perfsearch.errors import UsageError
from perfsearch.indexes.arrays import write_atomically
from perfsearch.model import ClusterReport, DuplicateCluster
from perfsearch.queries.duplicates_candidates import count_applicants, stock_from

if TYPE_CHECKING:
    from perfsearch.indexes.view import View

THRESHOLD = 0.3
"""Share of the smaller filing's fingerprints from which two filings are linked."""
FLOOR = 0.1
"""Pairs below this are not counted in the histogram."""
SLICES = 32
SAMPLE_SLICES = 4
"""The first eighth: 38 fingerprints of a filing of 1,560 characters; a pair at THRESHOLD has 11 of them in common."""
SAMPLE_SHARED_MIN = 3
PAIRED_MAX = 12
"""A fingerprint of up to so many filings pairs them all; of more, each with the next: clones are neighbours in all of
their lists, and the work stays linear."""
LINKS_MAX = 200
CLUSTERS_MAX = 10_000

Ints = NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class _State:
    """What a pass knows after some slices; saved and loaded as it is."""

    done: int
    a: Ints
    b: Ints
    shared: Ints
    sizes: Ints


def clusters(
    view: View,
    threshold: float = THRESHOLD,
    *,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> ClusterReport:
    """Filings that share at least `threshold` of the smaller one's text, grouped, largest cluster first.

    With `checkpoint` the state is saved there after every slice, and a pass over the same state of the library goes
    on where it stopped; the file is removed at the end. `progress(done, total)` counts slices.

    Raises:
        UsageError: the threshold is out of bounds.
    """
    started = time.perf_counter()
    if not FLOOR <= threshold <= 1.0:
        raise UsageError(f"threshold {threshold}: expected {FLOOR} to 1", "threshold")
    numbers = np.asarray(view.catalog["filing_no"][view.catalog.filing_alive], dtype=np.int64)
    state = _load(checkpoint, view.seq, len(numbers)) or _sample(view, numbers, progress)
    while state.done < SLICES:
        _count(view, numbers, state)
        state.done += 1
        _save(checkpoint, view.seq, state)
        if progress is not None:
            progress(state.done, SLICES)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    similarity = state.shared / np.maximum(1, np.minimum(state.sizes[state.a], state.sizes[state.b]))
    counted = similarity >= FLOOR
    found = _grouped(view, numbers, state, similarity, threshold)
    return ClusterReport(
        n_filings=len(numbers),
        n_pairs=int((similarity >= threshold).sum()),
        threshold=threshold,
        clusters=tuple(found[:CLUSTERS_MAX]),
        histogram=_histogram(similarity[counted]),
        took_ms=round((time.perf_counter() - started) * 1000, 3),
        message=None if found else "没有发现相互重复的申报表。",
    )


def _slice(view: View, numbers: Ints, place: int) -> tuple[NDArray[np.uint32], Ints]:
    """(hashes, rows into `numbers`) of one slice, without stock phrases and filings that do not stand."""
    width = 65_536 // SLICES
    hashes, filings = view.fingerprints.slice(place * width, (place + 1) * width)
    rows = np.searchsorted(numbers, filings)
    standing = rows < len(numbers)
    standing[standing] = numbers[rows[standing]] == filings[standing]
    hashes, rows = hashes[standing], rows[standing]
    if not len(hashes):
        return hashes, rows
    applicants = view.catalog["applicant"][view.catalog.filing_alive].astype(np.int64)
    # A filing without an applicant counts for one of its own.
    owners = np.where(applicants < 0, len(applicants) + np.arange(len(applicants)), applicants)[rows]
    distinct = np.unique((hashes.astype(np.uint64) << np.uint64(32)) | owners.astype(np.uint64)) >> np.uint64(32)
    known, counts = np.unique(distinct, return_counts=True)
    telling = (counts < stock_from(count_applicants(applicants)))[np.searchsorted(known, hashes)]
    return hashes[telling], rows[telling]


def _sample(view: View, numbers: Ints, progress: Progress | None) -> _State:
    """The candidates: pairs that share enough of the first slices."""
    n_filings = len(numbers)
    keys: list[Ints] = [np.empty(0, dtype=np.int64)]
    sizes = np.zeros(n_filings, dtype=np.int64)
    for place in range(SAMPLE_SLICES):
        hashes, rows = _slice(view, numbers, place)
        sizes += np.bincount(rows, minlength=n_filings)
        keys.append(_pairs(hashes, rows, n_filings))
        if progress is not None:
            progress(place + 1, SLICES)
    pairs, shared = np.unique(np.concatenate(keys), return_counts=True)
    a, b = pairs // max(1, n_filings), pairs % max(1, n_filings)
    smaller = np.minimum(sizes[a], sizes[b])
    likely = (shared >= np.minimum(SAMPLE_SHARED_MIN, smaller)) & (shared >= 0.5 * FLOOR * smaller)
    a, b = a[likely], b[likely]
    state = _State(0, a, b, np.zeros(len(a), dtype=np.int64), np.zeros(n_filings, dtype=np.int64))
    # Lists of many filings pair neighbours only: the sample is counted again, pair by pair.
    for _ in range(SAMPLE_SLICES):
        _count(view, numbers, state)
        state.done += 1
    return state


def _pairs(hashes: NDArray[np.uint32], rows: Ints, n_filings: int) -> Ints:
    """Keys (a * n_filings + b, a < b) of the pairs that share a fingerprint, once for each that they share."""
    found: list[Ints] = [np.empty(0, dtype=np.int64)]
    if len(hashes) < 2:
        return found[0]
    first = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1]])
    sizes = np.repeat(np.diff(np.r_[first, len(hashes)]), np.diff(np.r_[first, len(hashes)]))
    for lag in range(1, PAIRED_MAX):
        same = hashes[lag:] == hashes[:-lag]
        if lag > 1:
            same &= sizes[lag:] <= PAIRED_MAX
        if not same.any():
            break
        found.append(rows[:-lag][same] * n_filings + rows[lag:][same])
    return np.concatenate(found)


def _count(view: View, numbers: Ints, state: _State) -> None:
    """Add what the candidates share of the next slice."""
    hashes, rows = _slice(view, numbers, state.done)
    n_filings = len(numbers)
    per_filing = np.bincount(rows, minlength=n_filings)
    state.sizes += per_filing
    if not len(state.a) or not len(rows):
        return
    keys = np.sort((rows.astype(np.uint64) << np.uint64(32)) | hashes)
    starts = np.concatenate([[0], np.cumsum(per_filing)])
    for begin in range(0, len(state.a), 100_000):
        a, b = state.a[begin : begin + 100_000], state.b[begin : begin + 100_000]
        sizes = per_filing[a]
        ends = np.cumsum(sizes)
        within = np.arange(int(ends[-1]), dtype=np.int64) - np.repeat(ends - sizes, sizes)
        own = keys[np.repeat(starts[a], sizes) + within] & np.uint64(0xFFFFFFFF)
        wanted = (np.repeat(b, sizes).astype(np.uint64) << np.uint64(32)) | own
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        owner = np.repeat(np.arange(len(a)), sizes)
        state.shared[begin : begin + len(a)] += np.bincount(owner[keys[place] == wanted], minlength=len(a))


def _grouped(
    view: View, numbers: Ints, state: _State, similarity: NDArray[np.float64], threshold: float
) -> list[DuplicateCluster]:
    linked = np.flatnonzero(similarity >= threshold)
    parent: dict[int, int] = {}

    def root(row: int) -> int:
        while parent.setdefault(row, row) != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for a, b in zip(state.a[linked].tolist(), state.b[linked].tolist(), strict=True):
        parent[root(a)] = root(b)
    members: dict[int, list[int]] = {}
    for row in sorted(parent):
        members.setdefault(root(row), []).append(row)
    links: dict[int, list[int]] = {}
    for link in linked.tolist():
        links.setdefault(root(int(state.a[link])), []).append(link)
    rows = sorted(parent)
    headers = dict(zip(rows, view.summaries(numbers[rows]), strict=True)) if rows else {}
    found: list[DuplicateCluster] = []
    for key, group in members.items():
        own = sorted(links[key], key=lambda link: -float(similarity[link]))
        found.append(
            DuplicateCluster(
                filings=tuple(headers[row].id for row in group),
                size=len(group),
                similarity=round(float(np.mean(similarity[own])), 4),
                applicants=len({headers[row].applicant for row in group}),
                links=tuple(
                    (headers[int(state.a[i])].id, headers[int(state.b[i])].id, round(float(similarity[i]), 4))
                    for i in own[:LINKS_MAX]
                ),
            )
        )
    return sorted(found, key=lambda cluster: (-cluster.size, -cluster.similarity, cluster.filings))


def _histogram(similarity: NDArray[np.float64]) -> tuple[tuple[float, float, int], ...]:
    edges = np.linspace(FLOOR, 1.0, 10)
    counts, _ = np.histogram(np.minimum(similarity, 1.0), bins=edges)
    return tuple(
        (round(float(low), 2), round(float(high), 2), int(count))
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )


def _save(path: Path | None, seq: int, state: _State) -> None:
    if path is None:
        return
    buffer = io.BytesIO()
    np.savez(buffer, seq=seq, done=state.done, a=state.a, b=state.b, shared=state.shared, sizes=state.sizes)
    write_atomically(path, buffer.getvalue())


def _load(path: Path | None, seq: int, n_filings: int) -> _State | None:
    """The saved state, if it is of this state of the library; None where there is none that can be used."""
    if path is None or not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as saved:
            if int(saved["seq"]) != seq or len(saved["sizes"]) != n_filings:
                return None
            return _State(int(saved["done"]), saved["a"], saved["b"], saved["shared"], saved["sizes"])
    except (OSError, ValueError, KeyError):
        return None
