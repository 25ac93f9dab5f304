"""Which filings hold a fingerprint: sorted postings of four bytes in segments that are merged as they grow in number.

A posting is a hash of 32 bits and a filing. Within a segment postings are sorted by hash: the upper 16 bits are the
place in a directory (or a column, in small segments), the lower 16 bits and the number of the filing within the segment
are two columns of two bytes. A filing of 1,560 characters has 300 fingerprints, 1,200 bytes, a quarter of its text.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perfsearch.indexes.arrays import ArrayLog, Column

LAYOUT = "fingerprints-1"
SEGMENT_FILINGS_MAX = 65_535
"""A filing's number within its segment has two bytes."""
SEGMENTS_MAX = 24
"""More small segments are merged; asking one takes 0.1 ms."""
MERGE_BELOW_FILINGS = 32_768
"""Segments of at least so many filings are copied as they are."""
DIRECTORY_FROM = 131_072
"""Postings from which a directory (256 KiB) is smaller than a column of the upper halves."""
_BUCKETS = 65_536

Hashes = NDArray[np.uint32]
Ints = NDArray[np.int64]

_COLUMNS = {
    "low": Column(np.uint16),
    "owner": Column(np.uint16),
    "high": Column(np.uint16),
    "directory": Column(np.uint32),
    "filing_no": Column(np.int32),
    "removed": Column(np.int32),
}


@dataclass(frozen=True, slots=True)
class _Extent:
    """Where a segment lies in the columns: first row and number of rows. A segment has `high` or `directory`."""

    postings: int
    n_postings: int
    high: int
    n_high: int
    directory: int
    filings: int
    n_filings: int


class _Segment:
    """The postings of some filings, mapped."""

    def __init__(self, log: ArrayLog, extent: _Extent) -> None:
        e = extent
        self.extent = extent
        self.low: NDArray[np.uint16] = log["low"][e.postings : e.postings + e.n_postings]
        self.owner: NDArray[np.uint16] = log["owner"][e.postings : e.postings + e.n_postings]
        self.filing_no: NDArray[np.int32] = log["filing_no"][e.filings : e.filings + e.n_filings]
        self._high: NDArray[np.uint16] = log["high"][e.high : e.high + e.n_high]
        self._directory: NDArray[np.uint32] | None = None
        if not e.n_high and e.n_postings:
            self._directory = log["directory"][e.directory : e.directory + _BUCKETS + 1]

    @cached_property
    def _keys(self) -> Hashes:
        """The whole hashes of a small segment."""
        keys: Hashes = (self._high.astype(np.uint32) << np.uint32(16)) | self.low
        return keys

    def bounds(self, hashes: Hashes) -> tuple[Ints, Ints]:
        """For each hash the first posting of it and the one behind its last."""
        if self._directory is None:
            return (
                np.searchsorted(self._keys, hashes, side="left").astype(np.int64),
                np.searchsorted(self._keys, hashes, side="right").astype(np.int64),
            )
        high = hashes >> np.uint32(16)
        begin = self._directory[high].astype(np.int64)
        end = self._directory[high + np.uint32(1)].astype(np.int64)
        low = (hashes & np.uint32(0xFFFF)).astype(np.uint16)
        first = _first_not_below(self.low, begin, end, low)
        return first, _first_not_below(self.low, first, end, low, or_equal=True)

    def slice(self, high_from: int, high_to: int) -> tuple[Hashes, Ints]:
        """(hashes, filing numbers) of the postings whose upper halves are in the range, ascending by hash."""
        if self._directory is None:
            first, last = np.searchsorted(self._high, (high_from, high_to))
            hashes = self._keys[first:last]
        else:
            starts = self._directory[high_from : high_to + 1].astype(np.int64)
            first, last = int(starts[0]), int(starts[-1])
            upper = np.repeat(np.arange(high_from, high_to, dtype=np.uint32), np.diff(starts))
            hashes = (upper << np.uint32(16)) | self.low[first:last]
        return hashes, self.filing_no[self.owner[first:last]].astype(np.int64)

    def columns(self) -> tuple[dict[str, NDArray[np.generic]], int, int]:
        """The rows as they are, how many of `high` and how many filings."""
        columns: dict[str, NDArray[np.generic]] = {
            "low": self.low,
            "owner": self.owner,
            "filing_no": self.filing_no,
            "high": self._high,
        }
        if self._directory is not None:
            columns["directory"] = self._directory
        return columns, len(self._high), len(self.filing_no)


def _first_not_below(
    values: NDArray[np.uint16], begin: Ints, end: Ints, wanted: NDArray[np.uint16], or_equal: bool = False
) -> Ints:
    """Binary search in many ranges at once: the first place whose value is not below (not at or below) the wanted."""
    low, high = begin.copy(), end.copy()
    for _ in range(int((end - begin).max(initial=0)).bit_length()):
        middle = (low + high) >> 1
        open_ = low < high
        found = values[np.minimum(middle, len(values) - 1)]
        below = (found <= wanted if or_equal else found < wanted) & open_
        low = np.where(below, middle + 1, low)
        high = np.where(open_ & ~below, middle, high)
    return low


class FingerprintIndex:
    """The fingerprints of one library; what it holds of filings that were removed is dropped when segments are merged.

    Raises:
        LibraryDamaged: a file of it can't be read, or was made with other fingerprints.
    """

    def __init__(self, directory: Path, identity: str) -> None:
        self._log = ArrayLog(directory, _COLUMNS, f"{LAYOUT}/{identity}")
        self._pending: list[tuple[int, Hashes]] = []
        self._load()

    def _load(self) -> None:
        self._segments = [_Segment(self._log, _Extent(**row)) for row in self._log.extra.get("segments", [])]
        removed = self._log["removed"]
        self._dead: NDArray[np.bool_] | None = None
        if len(removed):
            self._dead = np.zeros(int(removed.max()) + 1, dtype=np.bool_)
            self._dead[removed] = True

    @property
    def seq(self) -> int:
        """The last change of the records that the index has read."""
        return self._log.seq

    @property
    def log(self) -> ArrayLog:
        """The files underneath, for `verify`."""
        return self._log

    @property
    def n_filings(self) -> int:
        """Filings in the segments, removed ones that were not dropped yet included."""
        return sum(segment.extent.n_filings for segment in self._segments)

    @property
    def n_segments(self) -> int:
        """Segments that a question goes through."""
        return len(self._segments)

    def size_bytes(self) -> int:
        """Bytes of the files."""
        return self._log.size_bytes()

    def renewed(self) -> FingerprintIndex:
        """This, or where something was published since, a copy that has taken it over; this stays as it is."""
        log = self._log.renewed()
        if log is self._log:
            return self
        twin = copy.copy(self)
        twin._log, twin._pending = log, []
        twin._load()
        return twin

    # -- asking

    def counts(self, hashes: Hashes) -> Ints:
        """In how many filings each fingerprint stands, removed ones that were not dropped yet included."""
        total = np.zeros(len(hashes), dtype=np.int64)
        for segment in self._segments:
            first, last = segment.bounds(hashes)
            total += last - first
        return total

    def postings(self, hashes: Hashes, list_max: int | None = None) -> tuple[Ints, Ints, Ints]:
        """(index into `hashes`, filing number) of the postings, and in how many filings each fingerprint stands.

        Of a fingerprint that a segment holds more than `list_max` times, the first of the segment are listed.
        """
        counts = np.zeros(len(hashes), dtype=np.int64)
        indexes: list[Ints] = [np.empty(0, dtype=np.int64)]
        filings: list[Ints] = [np.empty(0, dtype=np.int64)]
        for segment in self._segments:
            first, last = segment.bounds(hashes)
            sizes = last - first
            counts += sizes
            if list_max is not None:
                sizes = np.minimum(sizes, list_max)
            ends = np.cumsum(sizes)
            within = np.arange(int(ends[-1]) if len(ends) else 0, dtype=np.int64) - np.repeat(ends - sizes, sizes)
            rows = np.repeat(first, sizes) + within
            indexes.append(np.repeat(np.arange(len(hashes), dtype=np.int64), sizes))
            filings.append(segment.filing_no[segment.owner[rows]].astype(np.int64))
        index, filing = np.concatenate(indexes), np.concatenate(filings)
        if self._dead is not None and len(filing):
            standing = ~self._is_dead(filing)
            index, filing = index[standing], filing[standing]
        return index, filing, counts

    def slice(self, high_from: int, high_to: int) -> tuple[Hashes, Ints]:
        """(hashes, filing numbers) of all postings with an upper half in the range, ascending by hash, then filing.

        `range(0, 65536)` is everything: a pass over the index in slices needs the memory of one slice only.
        """
        parts = [segment.slice(high_from, high_to) for segment in self._segments]
        if not parts:
            return np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.int64)
        hashes = np.concatenate([part[0] for part in parts])
        filings = np.concatenate([part[1] for part in parts])
        if self._dead is not None:
            standing = ~self._is_dead(filings)
            hashes, filings = hashes[standing], filings[standing]
        order = np.lexsort((filings, hashes))
        return hashes[order], filings[order]

    def _is_dead(self, filings: Ints) -> NDArray[np.bool_]:
        dead = self._dead
        assert dead is not None
        return np.where(filings < len(dead), dead[np.minimum(filings, len(dead) - 1)], False)

    # -- writing (under the library's lock)

    def append(self, filing_no: int, hashes: Hashes) -> None:
        """Keep a filing's fingerprints for the next `publish`; one that is known already is left out."""
        last = self._pending[-1][0] if self._pending else self._last_filing()
        if filing_no > last:
            self._pending.append((filing_no, np.unique(hashes)))

    def _last_filing(self) -> int:
        return int(self._log.extra.get("last", -1))

    def remove(self, filing_nos: Iterable[int]) -> None:
        """Keep removals for the next `publish`; repeating one does no harm."""
        removed = np.setdiff1d(np.fromiter(filing_nos, dtype=np.int32), self._log["removed"])
        if len(removed):
            self._log.append("removed", removed)

    def publish(self, seq: int) -> None:
        """Make what was kept visible to every reader."""
        extents = [segment.extent for segment in self._segments]
        last = self._pending[-1][0] if self._pending else self._last_filing()
        for start in range(0, len(self._pending), SEGMENT_FILINGS_MAX):
            part = self._pending[start : start + SEGMENT_FILINGS_MAX]
            owners = np.repeat(np.arange(len(part), dtype=np.uint64), [len(hashes) for _, hashes in part])
            keys = np.concatenate([hashes for _, hashes in part]).astype(np.uint64) << np.uint64(16)
            extents.append(self._append_segment(np.sort(keys | owners), [number for number, _ in part]))
        self._log.publish(seq, segments=[asdict(extent) for extent in extents], last=last)
        self._pending = []
        self._load()
        if sum(segment.extent.n_filings < MERGE_BELOW_FILINGS for segment in self._segments) > SEGMENTS_MAX:
            self._merge(seq)

    def _append_segment(self, postings: NDArray[np.uint64], filing_nos: list[int]) -> _Extent:
        """Keep a segment for the next `publish`: postings (hash << 16 | owner) ascending."""
        rows = {name: self._log.rows(name) + self._log.pending_rows(name) for name in _COLUMNS}
        columns, n_high = _columns(postings, filing_nos)
        for name, values in columns.items():
            self._log.append(name, values)
        return _Extent(
            rows["low"], len(postings), rows["high"], n_high, rows["directory"], rows["filing_no"], len(filing_nos)
        )

    def _merge(self, seq: int) -> None:
        """Write all anew: large segments as they are, small ones together, without what was removed."""
        parts: dict[str, list[NDArray[np.generic]]] = {name: [] for name in _COLUMNS}
        rows = dict.fromkeys(_COLUMNS, 0)
        extents: list[_Extent] = []
        for group in self._groups():
            columns, n_high, n_filings = self._joined(group)
            extents.append(
                _Extent(
                    rows["low"],
                    len(columns["low"]),
                    rows["high"],
                    n_high,
                    rows["directory"],
                    rows["filing_no"],
                    n_filings,
                )
            )
            for name, values in columns.items():
                parts[name].append(values)
                rows[name] += len(values)
        arrays = {
            name: np.concatenate(values) if values else np.empty(0, dtype=_COLUMNS[name].dtype)
            for name, values in parts.items()
        }
        # Segments that were copied still hold removed filings.
        alive = np.unique(arrays["filing_no"])
        arrays["removed"] = np.intersect1d(self._log["removed"], alive).astype(np.int32)
        segments = [asdict(extent) for extent in extents]
        self._log.replace(arrays, seq, segments=segments, last=self._last_filing())
        self._load()

    def _groups(self) -> list[list[_Segment]]:
        """Segments that become one: neighbours that are small, as long as they fit."""
        groups: list[list[_Segment]] = []
        size = SEGMENT_FILINGS_MAX
        for segment in self._segments:
            n_filings = segment.extent.n_filings
            if n_filings >= MERGE_BELOW_FILINGS or size + n_filings > SEGMENT_FILINGS_MAX:
                groups.append([])
                size = 0
            groups[-1].append(segment)
            size = SEGMENT_FILINGS_MAX if n_filings >= MERGE_BELOW_FILINGS else size + n_filings
        return groups

    def _joined(self, group: list[_Segment]) -> tuple[dict[str, NDArray[np.generic]], int, int]:
        if len(group) == 1 and self._dead is None:
            return group[0].columns()
        numbers: list[Ints] = []
        keys: list[NDArray[np.uint64]] = []
        offset = 0
        for segment in group:
            filing_no = segment.filing_no.astype(np.int64)
            dead = self._is_dead(filing_no) if self._dead is not None else np.zeros(len(filing_no), dtype=np.bool_)
            places = np.cumsum(~dead) - 1 + offset
            hashes, _ = segment.slice(0, _BUCKETS)
            standing = ~dead[segment.owner]
            owners = places[segment.owner[standing]].astype(np.uint64)
            keys.append((hashes[standing].astype(np.uint64) << np.uint64(16)) | owners)
            numbers.append(filing_no[~dead])
            offset += int((~dead).sum())
        filing_nos = np.concatenate(numbers)
        columns, n_high = _columns(np.sort(np.concatenate(keys)), filing_nos.tolist())
        return columns, n_high, len(filing_nos)

    def discard(self) -> None:
        """Forget what was kept and not published."""
        self._pending = []
        self._log.discard()

    def clear(self) -> None:
        """Empty the index."""
        self._pending = []
        self._log.clear()
        self._load()

    def verify(self) -> None:
        """Read every byte and compare with the checksums.

        Raises:
            LibraryDamaged: a file is not what was written.
        """
        self._log.verify()


def _columns(postings: NDArray[np.uint64], filing_nos: list[int]) -> tuple[dict[str, NDArray[np.generic]], int]:
    """A segment's columns, and how many rows of `high` it has (0: it has a directory)."""
    hashes = (postings >> np.uint64(16)).astype(np.uint32)
    high = (hashes >> np.uint32(16)).astype(np.uint16)
    columns: dict[str, NDArray[np.generic]] = {
        "low": (hashes & np.uint32(0xFFFF)).astype(np.uint16),
        "owner": (postings & np.uint64(0xFFFF)).astype(np.uint16),
        "filing_no": np.asarray(filing_nos, dtype=np.int32),
    }
    if 0 < len(postings) < DIRECTORY_FROM:
        columns["high"] = high
        return columns, len(high)
    if len(postings):
        columns["directory"] = np.searchsorted(high, np.arange(_BUCKETS + 1)).astype(np.uint32)
    return columns, 0
