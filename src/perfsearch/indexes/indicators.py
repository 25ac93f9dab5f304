"""Every row of every indicator table as columns of numbers: which filing, name, level, target, number and unit.

Names are kept as printed and folded (`extract.indicators`); a fold is found by its character pairs or by its vector.
Each filing also has a fingerprint of its set of folds, exact (a hash) and near (bands of a MinHash), so that filings
that share a set meet without being compared two by two. 100,000 filings with 20 rows each are 2 million rows, 70 MB,
of which a query reads one or two columns (4 ms each).

Rows of removed filings stay until the index is made again; whoever asks passes the filings that stand.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfsearch.encoding import Encoder
from perfsearch.extract.indicators import fold_indicator
from perfsearch.extract.targets import in_base_unit, parse_target
from perfsearch.indexes.arrays import ArrayLog, Column
from perfsearch.indexes.vector import VectorIndex
from perfsearch.indexes.writing import Stored
from perfsearch.model import Filing

IDENTITY = "indicators-2"
"""Grows with every change of the folding or of the columns; an index of another identity is made again."""

BANDS = 8
ROWS_PER_BAND = 4
"""MinHash: two sets with a Jaccard of 0.8 share a band with a probability of 0.985, with 0.3 of 0.06."""
QUERY_PAIRS_MAX = 60
"""Character pairs of a query that are looked up; each costs a scan of the pairs' column (2 ms at 5 million)."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

_TEXTS = ("names", "folds", "levels", "targets", "units")
_COLUMNS = {
    "row_filing": Column(np.int32),
    "row_name": Column(np.int32),
    "row_level": Column(np.int32),
    "row_target": Column(np.int32),
    "row_unit": Column(np.int32),
    "row_number": Column(np.float64),
    "fold_of_name": Column(np.int32),
    "filing_no": Column(np.int32),
    "set_hash": Column(np.int64),
    "set_size": Column(np.int32),
    "bands": Column(np.int64, BANDS),
    "fold_hash": Column(np.uint32),
    "pairs": Column(np.uint32),
    "pair_fold": Column(np.int32),
    **{text: Column(np.uint8) for text in _TEXTS},
    **{f"{text}_end": Column(np.int64) for text in _TEXTS},
}
_NONE = -1
_SALTS = np.random.default_rng(20_240_101).integers(0, 2**63, size=BANDS * ROWS_PER_BAND, dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a filing's table by codes; `number` is in the unit without a scale, NaN where there is none."""

    filing_no: int
    fold: int
    name: int
    level: int
    target: int
    unit: int
    number: float


class IndicatorIndex:
    """The indicators of one library; `identity` is that of the library, `encoder_identity` names the vectors' encoder.

    Raises:
        LibraryDamaged: a file of it can't be read, or was made with something else.
    """

    def __init__(self, directory: Path, encoder_identity: str, dim: int, encoder: Callable[[], Encoder]) -> None:
        self._log = ArrayLog(directory, _COLUMNS, f"{IDENTITY}/{encoder_identity}")
        self._vectors = VectorIndex(directory / "vectors", f"{IDENTITY}/{encoder_identity}", dim)
        self._encoder = encoder
        self._codes: dict[str, dict[str, int]] = {}
        self._fresh: dict[str, list[str]] = {text: [] for text in _TEXTS}

    @property
    def seq(self) -> int:
        """The last change of the records that the index has read."""
        return min(self._log.seq, self._vectors.seq)

    @property
    def log(self) -> ArrayLog:
        """The files underneath, for `verify` and `clear`."""
        return self._log

    @property
    def vectors(self) -> VectorIndex:
        """The vectors of the folds, by fold code."""
        return self._vectors

    def renewed(self) -> IndicatorIndex:
        """This, or where something was published since, a copy that has taken it over; this stays as it is."""
        log, vectors = self._log.renewed(), self._vectors.renewed()
        if log is self._log and vectors is self._vectors:
            return self
        twin = copy.copy(self)
        twin._log, twin._vectors, twin._codes = log, vectors, {}
        twin._fresh = {text: [] for text in _TEXTS}
        twin._forget()
        return twin

    def _forget(self) -> None:
        """Drop what was computed from columns that have grown."""
        for name in ("folds_of_rows", "_postings"):
            self.__dict__.pop(name, None)

    # -- reading

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._log[name]

    @property
    def n_folds(self) -> int:
        """How many different indicators there are."""
        return self._log.rows("folds_end")

    @property
    def n_rows(self) -> int:
        """Rows, those of removed filings included."""
        return self._log.rows("row_filing")

    @cached_property
    def folds_of_rows(self) -> NDArray[np.int32]:
        """The fold of each row."""
        if not self.n_rows:
            return np.empty(0, dtype=np.int32)
        folds: NDArray[np.int32] = self._log["fold_of_name"][self._log["row_name"]]
        return folds

    def text(self, kind: str, code: int) -> str:
        """The text of a code: kind is names, folds, levels, targets or units."""
        ends = self._log[f"{kind}_end"]
        start = int(ends[code - 1]) if code else 0
        return bytes(self._log[kind][start : int(ends[code])]).decode("utf-8")

    def level(self, code: int) -> tuple[str, str]:
        """First and second level of a code."""
        first, _, second = self.text("levels", code).partition("\t")
        return first, second

    @cached_property
    def _postings(self) -> tuple[NDArray[np.int32], Ints]:
        """Rows by fold, ascending within each, and where each fold's rows begin; (n_rows,) and (n_folds + 1,)."""
        folds = self.folds_of_rows
        # Two passes over 16 bits each, for which numpy counts instead of comparing: 2 million rows in 50 ms, not 200.
        order = np.argsort((folds & 0xFFFF).astype(np.uint16), kind="stable")
        order = order[np.argsort((folds[order] >> 16).astype(np.uint16), kind="stable")]
        starts = np.zeros(self.n_folds + 1, dtype=np.int64)
        np.cumsum(np.bincount(folds, minlength=self.n_folds), out=starts[1:])
        return order.astype(np.int32), starts

    def rows_of_folds(self, folds: Sequence[int] | Ints, standing: NDArray[np.bool_] | None) -> Ints:
        """Row numbers of these folds, fold by fold, ascending within each.

        Of filings that stand only: `standing` says so by filing number, None is all.
        """
        order, starts = self._postings
        codes = np.asarray(folds, dtype=np.int64)
        counts = starts[codes + 1] - starts[codes]
        bounds = np.cumsum(counts) - counts
        places = np.arange(int(counts.sum()), dtype=np.int64) + np.repeat(starts[codes] - bounds, counts)
        found: Ints = order[places].astype(np.int64)
        return found if standing is None else found[standing[self._log["row_filing"][found]]]

    def rows_of_filings(self, filing_nos: Iterable[int]) -> Ints:
        """Row numbers of these filings, ascending."""
        numbers = np.unique(np.fromiter(filing_nos, dtype=np.int64))
        column = self._log["row_filing"]
        starts = np.searchsorted(column, numbers.astype(np.int32), side="left")
        counts = np.searchsorted(column, numbers.astype(np.int32), side="right") - starts
        bounds = np.cumsum(counts) - counts
        found: Ints = np.arange(int(counts.sum()), dtype=np.int64) + np.repeat(starts - bounds, counts)
        return found

    def counts(self, standing: NDArray[np.bool_] | None) -> Ints:
        """Rows of each fold, in filings that stand; (n_folds,) int64. A fold comes more than once in few filings."""
        if standing is None or standing[self._log["filing_no"]].all():
            return np.diff(self._postings[1])
        return np.bincount(self.folds_of_rows[standing[self._log["row_filing"]]], minlength=self.n_folds)

    def code_of_fold(self, fold: str) -> int | None:
        """The code of a folded name; None where no filing has it."""
        candidates = np.flatnonzero(self._log["fold_hash"] == _text_hash(fold)).tolist()
        return next((code for code in candidates if self.text("folds", code) == fold), None)

    def codes_of_folds(self, folds: Iterable[str]) -> dict[str, int]:
        """The codes of those of these folded names that some filing has."""
        found = ((fold, self.code_of_fold(fold)) for fold in dict.fromkeys(folds))
        return {fold: code for fold, code in found if code is not None}

    def words(self, query: str) -> tuple[Ints, Floats]:
        """Folds that share character pairs with a query, and how much: the shared share of the query's rarity, 0 to 1."""
        pairs = np.unique(_pairs(query))[:QUERY_PAIRS_MAX]
        if not len(pairs) or not self.n_folds:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        scores = np.zeros(self.n_folds, dtype=np.float32)
        total = 0.0
        column, owners = self._log["pairs"], self._log["pair_fold"]
        for pair in pairs:
            hits = owners[np.flatnonzero(column == pair)]
            hits = hits[np.diff(hits, prepend=-1) != 0]  # ascending: a name may have a pair twice
            weight = float(np.log1p(self.n_folds / (1 + len(hits))))
            total += weight
            scores[hits] += weight
        found = np.flatnonzero(scores)
        return found.astype(np.int64), (scores[found] / max(total, 1e-9)).astype(np.float32)

    # -- writing (under the library's lock)

    def append(self, filings: Sequence[Stored]) -> None:
        """Keep filings, ascending by number, for the next `publish`; those it knows already are left out."""
        known = self._log["filing_no"]
        last = int(known[-1]) if len(known) else -1
        table: dict[str, list[Any]] = {name: [] for name in _COLUMNS if name not in _TEXTS}
        fresh = [stored for stored in filings if stored.filing_no > last]
        for stored in fresh:
            self._add(table, stored.filing_no, stored.filing)
        if fresh:
            self._keep(table)

    def _add(self, table: dict[str, list[Any]], filing_no: int, filing: Filing) -> None:
        folds: set[str] = set()
        for row in filing.indicators:
            fold = fold_indicator(row.name)
            if not fold:
                continue
            value = row.value or parse_target(row.target, row.name)
            number, unit = in_base_unit(value) or (float("nan"), None)
            table["row_filing"].append(filing_no)
            table["row_name"].append(self._name_code(table, row.name, fold))
            table["row_level"].append(self._code("levels", f"{row.level1}\t{row.level2}"))
            table["row_target"].append(self._code("targets", row.target))
            table["row_unit"].append(_NONE if not unit else self._code("units", unit))
            table["row_number"].append(number)
            folds.add(fold)
        table["filing_no"].append(filing_no)
        table["set_hash"].append(set_hash(folds))
        table["set_size"].append(len(folds))
        table["bands"].append(bands(folds))

    def _name_code(self, table: dict[str, list[Any]], name: str, fold: str) -> int:
        before = len(self._codes_of("names"))
        code = self._code("names", name)
        if code == before:
            folds_before = len(self._codes_of("folds"))
            fold_code = self._code("folds", fold)
            table["fold_of_name"].append(fold_code)
            if fold_code == folds_before:
                pairs = _pairs(fold)
                table["fold_hash"].append(_text_hash(fold))
                table["pairs"].extend(pairs.tolist())
                table["pair_fold"].extend([fold_code] * len(pairs))
        return code

    def _codes_of(self, kind: str) -> dict[str, int]:
        if kind not in self._codes:
            n_texts = self._log.rows(f"{kind}_end")
            self._codes[kind] = {self.text(kind, code): code for code in range(n_texts)}
        return self._codes[kind]

    def _code(self, kind: str, text: str) -> int:
        text = text.encode("utf-8", "replace").decode("utf-8")
        codes = self._codes_of(kind)
        code = codes.get(text)
        if code is None:
            code = codes[text] = len(codes)
            self._fresh[kind].append(text)
        return code

    def _keep(self, table: dict[str, list[Any]]) -> None:
        for kind, texts in self._fresh.items():
            encoded = [text.encode("utf-8") for text in texts]
            start = self._end(kind)
            if encoded:
                self._log.append(kind, np.frombuffer(b"".join(encoded), dtype=np.uint8))
                table[f"{kind}_end"].extend((start + np.cumsum([len(part) for part in encoded])).tolist())
        folds = self._fresh["folds"]
        if folds:
            first = len(self._codes_of("folds")) - len(folds)
            vectors = self._encoder().encode(folds)
            self._vectors.append(np.arange(first, first + len(folds), dtype=np.int64), vectors)
        for name, values in table.items():
            if values:
                self._log.append(name, np.asarray(values, dtype=_COLUMNS[name].dtype))
        self._fresh = {text: [] for text in _TEXTS}

    def _end(self, kind: str) -> int:
        return self._log.rows(kind) + self._log.pending_rows(kind)

    def remove(self, filing_nos: Iterable[int]) -> None:
        """Nothing: rows of removed filings are left out by whoever asks."""

    def publish(self, seq: int) -> None:
        """Make what was kept visible to every reader."""
        self._vectors.publish(seq)
        self._log.publish(seq)
        self._forget()

    def discard(self) -> None:
        """Forget what was kept and not published."""
        self._log.discard()
        self._vectors.discard()
        self._codes = {}
        self._fresh = {text: [] for text in _TEXTS}

    def verify(self) -> None:
        """Read everything and compare; raises LibraryDamaged where a file is not what was written."""
        self._log.verify()
        self._vectors.verify()

    def size_bytes(self) -> int:
        """Bytes of the files."""
        return self._log.size_bytes() + self._vectors.size_bytes()

    def clear(self) -> None:
        """Empty the index."""
        self._log.clear()
        self._vectors.clear()
        self._codes = {}
        self._forget()


def set_hash(folds: Iterable[str]) -> int:
    """One number for a set of folded names, whatever their order; 0 for none."""
    total = 0
    for fold in set(folds):
        raw = fold.encode("utf-8", "replace")
        total = (total + (zlib.crc32(raw) << 31) + zlib.adler32(raw[::-1]) * 2_654_435_761) & (2**62 - 1)
    return total


def bands(folds: Iterable[str]) -> list[int]:
    """The MinHash bands of a set of folded names; two sets that share one are probably alike. (BANDS,)"""
    codes = sorted({zlib.crc32(fold.encode("utf-8", "replace")) for fold in folds})
    return list(_bands(tuple(codes))) if codes else [0] * BANDS


@lru_cache(maxsize=4_096)
def _bands(crcs: tuple[int, ...]) -> tuple[int, ...]:
    """Remembered, because filings share their sets: 0.2 ms each."""
    codes = np.asarray(crcs, dtype=np.uint64)
    hashed = _mixed(codes[:, None] + _SALTS[None, :])
    lowest = hashed.min(axis=0).reshape(BANDS, ROWS_PER_BAND)
    return tuple(zlib.crc32(lowest[band].tobytes()) * BANDS + band + 1 for band in range(BANDS))


def _text_hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "replace"))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64: every bit of a value changes every bit of its hash."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _pairs(text: str) -> NDArray[np.uint32]:
    """The character pairs of a text as hashes; (len(text) - 1,) uint32."""
    points = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    if len(points) < 2:
        return np.empty(0, dtype=np.uint32)
    mixed: NDArray[np.uint32] = points[:-1] * np.uint32(0x9E3779B1) + points[1:]
    return mixed
