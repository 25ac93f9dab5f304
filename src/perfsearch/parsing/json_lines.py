"""Lines of a `.jsonl` of filings, in the shape of `perfsearch parse --jsonl`, to filings.

Missing keys are null; an id that is given is kept; citations and target values are derived again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from pydantic import ValidationError

from perfsearch.errors import UnreadableFile
from perfsearch.model import Filing
from perfsearch.parsing.results import Stamp, stamp_of
from perfsearch.settings import Settings

SUFFIX = ".jsonl"
BATCH_LINES = 64
BATCH_BYTES = 1_000_000
"""Lines are read by so many, or so many bytes, in one go: 64 filings take about 0.3 s."""


def batches(path: str, settings: Settings) -> Iterator[tuple[int, list[bytes], Stamp]]:
    """The lines of a file by batches: the number of the first (from 1), the lines, the mark of the whole file.

    Raises:
        UnreadableFile: the file as a whole can't be read.
    """
    from perfsearch.readers import read_content
    from perfsearch.readers.text import check_line_lengths

    data = read_content(Path(path), settings)
    if not data.strip():
        raise UnreadableFile(path, "the file is empty")
    check_line_lengths(data, path, settings)
    if b"\x00" in data:
        raise UnreadableFile(path, "the file is binary, not lines of JSON in UTF-8")
    stamp = stamp_of(path, data)
    first, lines, size = 1, [], 0
    for number, line in enumerate(BytesIO(data.removeprefix(b"\xef\xbb\xbf")), start=1):
        lines.append(line)
        size += len(line)
        if len(lines) == BATCH_LINES or size >= BATCH_BYTES:
            yield first, lines, stamp
            first, lines, size = number + 1, [], 0
    if lines:
        yield first, lines, stamp


def filing_of(line: str, name: str, number: int) -> Filing:
    """Line `number` (from 1) of the file of that name as a filing; what is derived is not filled.

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
    given["source"] = {"file": name, "index": number - 1, **source, "path": None}
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
