"""Drafts under review: kept for a while under their owner's name, with what the owner decided about each finding."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import Field

from perfsearch.errors import NotFound, UnreadableFile
from perfsearch.library import Library
from perfsearch.model import Filing, Value
from perfsearch.model.review import Finding, ReviewReport
from perfsearch.parsing import parse_bytes
from perfsearch.service.folder import ServiceFolder, read_json, write_json
from perfsearch.service.uploads import safe_name

Decision = Literal["accepted", "dismissed", ""]
KEPT_SECONDS = 7 * 24 * 3600
KEPT_MAX = 50
"""Drafts of one owner; the oldest goes for a new one, so that nobody fills the disk."""
_ID = re.compile(r"[0-9a-f]{20}")


class Draft(Value):
    """A draft file, or a stored filing (`filing_id`), under review; decisions by the key of the finding."""

    id: str
    owner: str
    name: str
    filing_id: str | None = None
    made: str = ""
    decisions: dict[str, Decision] = Field(default_factory=dict)


class Drafts:
    """The drafts of one library's service, a folder each."""

    def __init__(self, folder: ServiceFolder) -> None:
        self._path = folder.make("drafts")

    def put(self, owner: str, name: str, data: bytes) -> Draft:
        """Keep an uploaded draft.

        Raises:
            UnreadableFile: it is empty.
        """
        if not data:
            raise UnreadableFile(name, "the file is empty")
        self._forget_old()
        for old in self.listed(owner)[KEPT_MAX - 1 :]:
            self.remove(old)
        draft = Draft(id=secrets.token_hex(10), owner=owner, name=safe_name(name), made=_now())
        folder = self._path / draft.id
        folder.mkdir(mode=0o700)
        (folder / "file").mkdir()
        (folder / "file" / draft.name).write_bytes(data)
        write_json(folder / "draft.json", draft.model_dump(mode="json"))
        return draft

    def put_readable(self, owner: str, name: str, data: bytes, library: Library) -> Draft:
        """Keep an uploaded draft in which there is a filing.

        Raises:
            UnreadableFile, NoFiling: it can't be read, or holds none; it is not kept.
        """
        draft = self.put(owner, name, data)
        try:
            self.filings(draft, library)
        except BaseException:
            self.remove(draft)
            raise
        return draft

    def of_filing(self, owner: str, filing_id: str) -> Draft:
        """The review of a stored filing; the same owner finds the same one again."""
        draft_id = sha256(f"{owner}\n{filing_id}".encode()).hexdigest()[:20]
        folder = self._path / draft_id
        folder.mkdir(mode=0o700, exist_ok=True)
        if read_json(folder / "draft.json") is None:
            draft = Draft(id=draft_id, owner=owner, name=filing_id, filing_id=filing_id, made=_now())
            write_json(folder / "draft.json", draft.model_dump(mode="json"))
        return self.get(draft_id, owner)

    def get(self, draft_id: str, owner: str) -> Draft:
        """A draft of this owner.

        Raises:
            NotFound: there is none of that id, any more, or it is of another.
        """
        found = read_json(self._path / draft_id / "draft.json") if _ID.fullmatch(draft_id) else None
        if found is None or found.get("owner") != owner:
            raise NotFound(f"no draft {draft_id!r}; it may have been kept for its time and removed", "id")
        return Draft.model_validate(found)

    def listed(self, owner: str) -> list[Draft]:
        """The drafts of this owner that are files, newest first."""
        found = []
        for folder in self._path.iterdir():
            try:
                draft = self.get(folder.name, owner)
            except NotFound:
                continue
            if draft.filing_id is None:
                found.append(draft)
        return sorted(found, key=lambda draft: (draft.made, draft.id), reverse=True)

    def remove(self, draft: Draft) -> None:
        """Forget a draft and what was decided about it."""
        shutil.rmtree(self._path / draft.id, ignore_errors=True)

    def filings(self, draft: Draft, library: Library) -> list[Filing]:
        """The filings in a draft's file, or the stored one.

        Raises:
            UnreadableFile, NoFiling: it can't be read, or holds none; the file is named as it was uploaded.
        """
        if draft.filing_id is not None:
            return [library.get(draft.filing_id)]
        return parse_bytes(self.path(draft).read_bytes(), draft.name, library.settings)

    def path(self, draft: Draft) -> Path:
        """Where the draft's file lies."""
        return self._path / draft.id / "file" / draft.name

    def decide(self, draft: Draft, key: str, decision: Decision) -> Draft:
        """Write down what was decided about a finding; an empty decision takes one back."""
        decisions = {k: v for k, v in {**draft.decisions, key: decision}.items() if v}
        draft = draft.model_copy(update={"decisions": decisions})
        write_json(self._path / draft.id / "draft.json", draft.model_dump(mode="json"))
        return draft

    def review(self, draft: Draft, library: Library) -> ReviewReport:
        """The review of a draft as the library stands now."""
        return library.review_filings(self.filings(draft, library), draft.name)

    def _forget_old(self) -> None:
        for folder in self._path.iterdir():
            try:
                if time.time() - (folder / "draft.json").stat().st_mtime > KEPT_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
            except OSError:
                continue


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def key_of(finding: Finding) -> str:
    """What a decision about a finding goes by: its rule and what it rests on, not its place in the list."""
    rests = [(one.field, one.section, one.row, one.text) for one in (*finding.evidence, *finding.compared_with)]
    return sha256(repr((finding.code, finding.filing_id, finding.message, rests)).encode()).hexdigest()[:16]


def without_dismissed(report: ReviewReport, draft: Draft) -> ReviewReport:
    """The report to hand on: without the findings that were dismissed."""

    def kept(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple(one for one in findings if draft.decisions.get(key_of(one)) != "dismissed")

    reviews = tuple(one.model_copy(update={"findings": kept(one.findings)}) for one in report.reviews)
    return report.model_copy(update={"findings": kept(report.findings), "reviews": reviews})
