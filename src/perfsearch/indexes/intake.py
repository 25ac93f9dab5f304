"""Decides what becomes of each filing that is added: new, a next version, or there already; and of which line it is."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from perfsearch.indexes.identity import (
    Lines,
    applicant_key,
    content_hash,
    core_name,
    lineage_key,
    natural_id,
    overlap,
)
from perfsearch.indexes.passages import Passages
from perfsearch.indexes.preparation import Preparation
from perfsearch.indexes.store import Store
from perfsearch.indexes.writing import Record
from perfsearch.model import Filing

SAME_FILING = 0.5
"""Share of the text from which a filing in the same place of the same file, under another name, is the old one."""

APPLICANTS_MAX = 20_000
"""Applicants whose lines are kept in memory, some 3 KB each."""


@dataclass(frozen=True, slots=True)
class Intake:
    """One filing of a batch: its id, and what is to be stored (None: it is there already)."""

    filing_id: str
    record: Record | None = None
    passages: Passages | None = None
    replaces: bool = False


class Reception:
    """Takes in the batches of one `add`; remembers the lines that it has met."""

    def __init__(self, store: Store, preparation: Preparation) -> None:
        self._store = store
        self._preparation = preparation
        self._lines: dict[str, Lines] = {}

    def receive(self, filings: Sequence[Filing]) -> list[Intake]:
        """What becomes of each, in order; no two of one result store the same id.

        Stops before a filing whose id came before: what is returned is for the first filings only, and the rest is to
        be received after these have been stored.
        """
        named = [filing if filing.id else filing.model_copy(update={"id": natural_id(filing)}) for filing in filings]
        prepared = [self._preparation.taken(filing) for filing in filings]
        hashes = [
            content_hash(filing) if one is None else one.content_hash
            for filing, one in zip(named, prepared, strict=True)
        ]
        contents = self._store.find_contents(hashes)
        standing = self._store.standing([filing.id for filing in named])
        self._read_rest(named, hashes, prepared, contents)
        moved = self._moved(named, standing)
        self._load_lines(named)
        taken: set[str] = set()
        intakes: list[Intake] = []
        for filing, digest, passages in zip(named, hashes, prepared, strict=True):
            known = contents.get(digest)
            if known is not None:
                intakes.append(Intake(known))
                continue
            filing_id = moved.get(filing.id, filing.id)
            if filing_id in taken:
                break
            taken.add(filing_id)
            # What this one replaces no longer stands: were it to come again, it would be a version of its own.
            contents = {known: one for known, one in contents.items() if one != filing_id}
            contents[digest] = filing_id
            if filing_id != filing.id:
                filing = filing.model_copy(update={"id": filing_id})
            if passages is None:  # a double of an earlier one, which a third has replaced in between
                [passages] = self._preparation.read([filing], [digest])
            record = self._record(filing, digest, len(passages.chunks))
            intakes.append(
                Intake(filing_id, record, passages, replaces=filing_id in standing or filing_id in moved.values())
            )
        self._preparation.done(filings[: len(intakes)])
        return intakes

    def _moved(self, filings: Sequence[Filing], standing: set[str]) -> dict[str, str]:
        """New id -> old id, for filings read again from their place in a file with another applicant, name or year."""
        by_path: dict[str, list[Filing]] = {}
        for filing in filings:
            if filing.source.path is not None and filing.id not in standing:
                by_path.setdefault(filing.source.path, []).append(filing)
        arriving = {filing.id for filing in filings}
        found: dict[str, str] = {}
        for path, group in by_path.items():
            known = self._store.find_sources(path, [(filing.source.file, filing.source.index) for filing in group])
            # An old one that is itself among those that arrive has only changed its place.
            places = {place: pair for place, pair in known.items() if pair[0] not in arriving}
            olds = self._store.filings([number for _, number in places.values()])
            for filing in group:
                place = places.get((filing.source.file, filing.source.index))
                if place is not None and overlap(olds[place[1]], filing) >= SAME_FILING:
                    found[filing.id] = place[0]
        return found

    def _read_rest(
        self, filings: Sequence[Filing], hashes: Sequence[str], prepared: list[Passages | None], known: Container[str]
    ) -> None:
        """Read what the second process was not given and the library does not have, once each."""
        first = {digest: place for place, digest in reversed(list(enumerate(hashes)))}
        places = [place for digest, place in first.items() if prepared[place] is None and digest not in known]
        found = self._preparation.read([filings[place] for place in places], [hashes[place] for place in places])
        for place, passages in zip(places, found, strict=True):
            prepared[place] = passages

    def _load_lines(self, filings: Sequence[Filing]) -> None:
        if len(self._lines) > APPLICANTS_MAX:
            self._lines.clear()  # what is stored is read again
        wanted = {applicant_key(filing) for filing in filings} - self._lines.keys() - {""}
        known = self._store.lineages(sorted(wanted))
        self._lines.update((applicant, Lines(known.get(applicant))) for applicant in wanted)

    def _record(self, filing: Filing, digest: str, n_chunks: int) -> Record:
        applicant, name = applicant_key(filing), core_name(filing.project_name)
        lineage = self._lineage(applicant, name) if applicant and name else None
        return Record(filing, digest, lineage, applicant, name, n_chunks)

    def _lineage(self, applicant: str, name: str) -> str:
        lines = self._lines[applicant]
        lineage = lines.find(name) or lineage_key(applicant, name)
        lines.add(name, lineage)
        return lineage
