"""Files to filings: reads a file, fills in what is derived, and gives every filing its stable id."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from pydantic import ValidationError

from perfsearch.errors import InputError, NoFiling, UnreadableFile
from perfsearch.forms import read_filings
from perfsearch.forms.folding import squeeze
from perfsearch.model import Filing, Rejection
from perfsearch.readers import Document, read_bytes, read_content, read_lines
from perfsearch.readers.archive import is_archive, members
from perfsearch.settings import Settings

_JSON_LINES = ".jsonl"
_ARCHIVE_DEPTH_MAX = 2


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one input gave: its filings, and what of it was not taken and why."""

    path: str
    filings: tuple[Filing, ...] = ()
    rejections: tuple[Rejection, ...] = ()


def parse_file(path: Path | str, settings: Settings | None = None) -> list[Filing]:
    """Read the filings of one file: a document of any format that is read, a ZIP of them, or a `.jsonl` of filings.

    Raises:
        UnreadableFile: missing, no permission, empty, junk, beyond a limit; of a `.jsonl`, also a bad line.
        NoFiling: it was read, but no filing of a known form is in it.
    """
    settings = settings or Settings()
    path = Path(path)
    if path.suffix.lower() == _JSON_LINES and not path.is_dir():
        parsed = parse_json_lines(path, settings)
        if parsed.rejections:
            raise UnreadableFile(parsed.rejections[0].path, parsed.rejections[0].reason)
        if not parsed.filings:
            raise NoFiling(str(path), "it holds no filing")
        return list(parsed.filings)
    results = list(_results(path, settings))
    filings = [filing for _, result in results if not isinstance(result, InputError) for filing in result]
    if filings:
        return filings
    for shown, result in results:
        if isinstance(result, InputError):
            raise type(result)(shown, result.reason)
    raise NoFiling(str(path), "the archive holds no files")


def parse_bytes(data: bytes, name: str, settings: Settings | None = None) -> list[Filing]:
    """Read the filings in the content of a file named `name` (an upload); raises as `parse_file` does."""
    settings = settings or Settings()
    return _finish(read_bytes(data, name, settings), None, settings)


def iter_inputs(paths: Iterable[Path | str], settings: Settings | None = None) -> Iterator[Parsed]:
    """Read files, folders and archives in sorted order: one result a file, with its filings or its rejection.

    Never raises InputError. Folders and ZIP archives are walked whole; hidden files and folders are passed over. A file
    given or found twice is read once.
    """
    settings = settings or Settings()
    seen: set[str] = set()
    for path in (Path(given) for given in paths):
        files: Iterable[Path] = _walk(path) if path.is_dir() else (path,)
        empty = True
        for file in files:
            empty = False
            key = os.path.realpath(file)
            if key not in seen:
                seen.add(key)
                yield from _inputs(file, settings)
        if empty:
            readable = os.access(path, os.R_OK | os.X_OK)
            reason = "the folder holds no files" if readable else "no permission to read the folder"
            yield Parsed(str(path), rejections=(Rejection(path=str(path), reason=reason),))


def _inputs(path: Path, settings: Settings) -> Iterator[Parsed]:
    if path.suffix.lower() == _JSON_LINES:
        try:
            yield parse_json_lines(path, settings)
        except InputError as error:
            yield Parsed(str(path), rejections=(Rejection(path=error.path, reason=error.reason),))
        return
    for shown, result in _results(path, settings):
        if isinstance(result, InputError):
            yield Parsed(shown, rejections=(Rejection(path=shown, reason=result.reason),))
        else:
            yield Parsed(shown, tuple(result))


def _results(path: Path, settings: Settings) -> Iterator[tuple[str, list[Filing] | InputError]]:
    """The filings or the error of a file, or of each file of an archive, with the path to show for it."""
    try:
        data = read_content(path, settings)
    except InputError as error:
        yield str(path), error
        return
    if is_archive(data):
        yield from _archive_results(data, str(path), path, settings, depth=1)
    else:
        yield str(path), _filings_or_error(data, path.name, str(path.resolve()), settings)


def _archive_results(
    data: bytes, shown: str, path: Path, settings: Settings, *, depth: int
) -> Iterator[tuple[str, list[Filing] | InputError]]:
    """The results of an archive's files; an archive in an archive is opened too, one in that is not."""
    try:
        for inner, content in members(data, shown, settings):
            if isinstance(content, InputError):
                yield f"{shown}/{inner}", content
            elif is_archive(content) and depth < _ARCHIVE_DEPTH_MAX:
                yield from _archive_results(content, f"{shown}/{inner}", path, settings, depth=depth + 1)
            elif not _is_note(inner):
                yield f"{shown}/{inner}", _filings_or_error(content, Path(inner).name, str(path.resolve()), settings)
    except InputError as error:
        yield shown, error


def _filings_or_error(data: bytes, name: str, path: str, settings: Settings) -> list[Filing] | InputError:
    try:
        return _finish(read_bytes(data, name, settings), path, settings)
    except InputError as error:
        return error


def _walk(folder: Path) -> Iterator[Path]:
    """The files below a folder, each folder's files before its folders, both sorted by name."""
    for here, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here, name) for name in sorted(files) if not name.startswith(".") and not _is_note(name))


def _is_note(name: str) -> bool:
    """Whether a file in a folder is a note beside the filings (README.md); named by itself it is read like any other."""
    return name.lower().endswith(".md")


def _finish(document: Document, path: str | None, settings: Settings) -> list[Filing]:
    found = read_filings(document, n_max=settings.filings_per_file_max)
    filings = [_with_path(filing, path) for filing in found]
    return identify([enrich(filing) for filing in filings])


def _with_path(filing: Filing, path: str | None) -> Filing:
    return filing.model_copy(update={"source": filing.source.model_copy(update={"path": path})})


def identify(filings: Sequence[Filing]) -> list[Filing]:
    """Give each filing of one file its id; where a key comes again, an ordinal keeps the ids apart."""
    counts: Counter[str] = Counter()
    identified = []
    for filing in filings:
        if filing.id:
            identified.append(filing)
            continue
        key = filing_id(filing)
        counts[key] += 1
        unique = key if counts[key] == 1 else f"{key}-{counts[key]}"
        identified.append(filing.model_copy(update={"id": unique}))
    return identified


def filing_id(filing: Filing) -> str:
    """The stable id `{year}-{10 hex digits}` of a filing, from its natural key.

    The key is year, applicant and project name, widths and blanks aside, so that a corrected filing keeps its id; where
    applicant or project name is missing, it is the file's name and the filing's place in it.
    """
    if filing.applicant and filing.project_name:
        parts = [str(filing.fiscal_year or ""), squeeze(filing.applicant), squeeze(filing.project_name)]
    else:
        parts = ["file", filing.source.file, str(filing.source.index)]
    digest = blake2b("|".join(parts).encode(), digest_size=5).hexdigest()
    return f"{filing.fiscal_year or '0000'}-{digest}"


def enrich(filing: Filing) -> Filing:
    """Fill in what is derived from a filing's text: citations of its sections and values of its targets."""
    # Imported here: the catalogues behind them are not needed to list, show or search.
    from perfsearch.extract.citations import extract_filing_citations
    from perfsearch.extract.targets import parse_target

    citations = extract_filing_citations(filing.sections, filing.project_name, filing.applicant, filing.fiscal_year)
    indicators = tuple(
        indicator.model_copy(update={"value": parse_target(indicator.target, indicator.name)})
        for indicator in filing.indicators
    )
    return filing.model_copy(update={"citations": tuple(citations), "indicators": indicators})


def parse_json_lines(path: Path, settings: Settings) -> Parsed:
    """Read a `.jsonl` of filings in the shape of `perfsearch parse --jsonl`; each bad line is one rejection.

    Missing keys are null; an id that is given is kept; citations and target values are derived again.

    Raises:
        UnreadableFile: the file as a whole can't be read.
    """
    filings: list[Filing] = []
    rejections: list[Rejection] = []
    for number, line in enumerate(read_lines(path, settings), start=1):
        if not line.strip():
            continue
        try:
            filings.append(_filing_of(line, path, number))
        except ValueError as error:
            rejections.append(Rejection(path=str(path), reason=f"line {number}: {error}"))
    if not filings and not rejections:
        rejections.append(Rejection(path=str(path), reason="it holds no filing"))
    return Parsed(str(path), tuple(identify([enrich(filing) for filing in filings])), tuple(rejections))


def _filing_of(line: str, path: Path, number: int) -> Filing:
    """One line as a filing.

    Raises:
        ValueError: it is no JSON object, or a key has a value of the wrong kind.
    """
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON ({getattr(error, 'msg', 'nested too deeply')})") from error
    if not isinstance(given, dict):
        raise ValueError("no JSON object")
    given = {key: value for key, value in given.items() if value is not None and key not in ("citations", "places")}
    source = given.get("source") or {}
    if not isinstance(source, dict):
        raise ValueError("source is no object")
    given["source"] = {"file": path.name, "index": number - 1, **source, "path": str(path.resolve())}
    if isinstance(given.get("sections"), dict):
        given["sections"] = {name: text for name, text in given["sections"].items() if text is not None}
    if isinstance(given.get("indicators"), list):
        given["indicators"] = [_row_of(row) for row in given["indicators"]]
    try:
        # A lone half of a surrogate pair (\ud800) is JSON, but no text that can be stored.
        json.dumps(given, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("it holds half a character (a lone surrogate)") from error
    try:
        filing = Filing.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    if not (filing.project_name or filing.indicators or any(filing.sections.values())):
        raise ValueError("a filing needs a project name, a section or an indicator")
    return filing


def _row_of(row: object) -> object:
    """An indicator row with its missing parts blank; its value is derived again."""
    if not isinstance(row, dict):
        return row
    given = {key: value for key, value in row.items() if value is not None and key != "value"}
    return {"level1": "", "level2": "", "target": "", **given}
