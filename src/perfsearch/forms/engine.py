"""The engine: reads a Document by the descriptions of forms, into filings without what is derived from them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from perfsearch.errors import NoFiling, UnreadableFile
from perfsearch.forms.description import Field, Form, Heading, Kind, Section
from perfsearch.forms.folding import fold, squeeze
from perfsearch.forms.header import Slot, Value, read_value, share_out, value_above
from perfsearch.forms.labels import Found, rescue
from perfsearch.forms.lines import TableLine, Vocabulary, join_broken_levels, pieces_of, vocabulary
from perfsearch.forms.prose import Chunk, chunks, cut, join_chunks, setting_of, without_page_numbers
from perfsearch.forms.rows import LINES_MAX, carry_levels, ends_table, put_together
from perfsearch.forms.sheet import Sheet, lay_out
from perfsearch.forms.split import Segment, column_header, split
from perfsearch.forms.values import parse_year
from perfsearch.model import Budget, Filing, Indicator, Source, Warning
from perfsearch.readers import Document

_YEAR_LINE = re.compile(r"[(\[]?\s{0,9}([\w\s]{4,12}?)\s{0,9}年\s{0,9}度")


def read_filings(document: Document, forms: Sequence[Form], n_max: int) -> list[Filing]:
    """Read the filings of a Document, in the order in which they stand; ids, citations and values are not filled.

    Raises:
        NoFiling: no filing of the forms is in it; the reason says what was looked for and what was found.
        UnreadableFile: it holds more than `n_max` filings.
    """
    printed = tuple(sorted({word for form in forms for word in _printed_words(form)}))
    labels = tuple(sorted({label for form in forms for role in form.labelled for label in role.labels}))
    sheet = lay_out(document, printed, labels)
    segments = [segment for form in forms for segment in islice(split(form, sheet), n_max + 1)]
    if len(segments) > n_max:
        raise UnreadableFile(document.name, f"it holds more than {n_max:,} filings (filings_per_file_max): split it")
    segments.sort(key=lambda segment: segment.start)
    filings: list[Filing] = []
    blank = 0
    for segment in segments:
        filing = _FilingReader(sheet, segment, document).read(len(filings))
        if _says_something(filing):
            filings.append(filing)
        else:
            blank += 1
    if not filings:
        raise NoFiling(document.name, _why_none(sheet, forms, blank))
    return filings


def _printed_words(form: Form) -> list[str]:
    words = [*form.titles, *form.levels]
    words += [label for role in form.labelled for label in role.labels]
    return words + [title for column in form.columns for title in column.titles]


def _says_something(filing: Filing) -> bool:
    return bool(filing.project_name or filing.indicators or any(filing.sections.values()))


def _why_none(sheet: Sheet, forms: Sequence[Form], blank: int) -> str:
    if blank:
        return "the form in it is not filled in: no project name, no text and no indicators"
    squeezed = squeeze(sheet.text[:2_000_000])
    named = [title for form in forms for title in form.titles if title in squeezed]
    if named:
        return f"it names the form {named[0]}, but the form's labels do not follow: no filled form is in it"
    known = "、".join(form.titles[0] for form in forms)
    return f"it holds no filing of a known form (looked for {known} and the labels printed on it)"


class _FilingReader:
    """Reads one filing's stretch of the sheet."""

    def __init__(self, sheet: Sheet, segment: Segment, document: Document) -> None:
        self.sheet = sheet
        self.segment = segment
        self.form = segment.form
        self.document = document
        self.warnings: list[Warning] = list(document.warnings)
        self.marks: list[Found] = []
        self.table_start, self.table_heading = self._find_table()
        self.blanks_part = any(
            isinstance(found.role, Section) and self.sheet.norm.startswith("   ", found.end) for found in segment.chain
        )

    def read(self, index: int) -> Filing:
        """The filing; `index` counts the filings of the document."""
        self.marks = self._marks()
        values, sections = self._labelled()
        budget = {field.name: values.pop(field.name, None) for field in self.form.budget}
        indicators = self._indicators()
        values = {name: value for name, value in values.items() if name in Filing.model_fields}
        year = self._year(values)
        self._check(values, sections, indicators)
        pages = self.sheet.pages(self.segment.start, self.segment.end)
        return Filing.model_validate(
            {
                "source": Source(file=self.document.name, index=index, pages=pages),
                "form": self.form.name,
                "fiscal_year": year,
                **values,
                "budget": Budget.model_validate(budget),
                "sections": sections,
                "indicators": tuple(indicators),
                "warnings": tuple(self.warnings),
            }
        )

    def _warn(self, code: str, message: str, field: str | None = None) -> None:
        self.warnings.append(Warning(code=code, message=message, field=field))

    def _find_table(self) -> tuple[int | None, int | None]:
        """Where the indicator rows begin, and where their column titles do."""
        match = column_header(self.form).search(self.sheet.norm, self.segment.title_end, self.segment.end)
        if match:
            return match.end(), match.start()
        for found in self.segment.chain:
            if isinstance(found.role, Heading) and found.role.table:
                return found.end, found.start
        return None, None

    def _marks(self) -> list[Found]:
        """The labels above the table, with header labels that were found only between others."""
        limit = self.table_heading if self.table_heading is not None else self.segment.end
        marks = [found for found in self.segment.chain if found.start < limit]
        missing = {field.name for field in (*self.form.fields, *self.form.budget)} - {f.role.name for f in marks}
        sections = [found.start for found in marks if isinstance(found.role, Section)]
        if missing and marks:
            header_end = sections[0] if sections else limit
            zones = [(self.segment.start, header_end)]
            if sections:
                last = next((f.end for f in reversed(marks) if isinstance(f.role, Section)), header_end)
                budget = [f.start for f in marks if f.start > last and f.role in self.form.budget]
                zones.append((min(budget, default=limit), limit))
            for start, end in zones:
                for found in rescue(self.form, self.sheet.norm, start, end, missing):
                    if not any(mark.start < found.end and found.start < mark.end for mark in marks):
                        marks.append(found)
                        missing.discard(found.role.name)
        return sorted(marks, key=lambda found: found.start)

    def _labelled(self) -> tuple[dict[str, Value], dict[str, str]]:
        """All labelled values above the table."""
        limit = self.table_heading if self.table_heading is not None else self.segment.end
        starts = [mark.start for mark in self.marks] + [limit]
        regions = [self._chunks(mark.end, starts[number + 1]) for number, mark in enumerate(self.marks)]
        regions = [
            without_page_numbers(region) if isinstance(mark.role, Section) else region
            for mark, region in zip(self.marks, regions, strict=True)
        ]
        heads: list[list[Chunk]] = [[] for _ in self.marks]
        setting = setting_of(regions)
        for number in range(len(self.marks) - 1):
            mark, parts = self.marks[number + 1], regions[number]
            gap = self._gap_before(mark.start)
            if isinstance(mark.role, Section):
                tabular = any(part.indented for part in parts) or mark.whole_cell or self.blanks_part
                tabular = tabular and not (setting.wrapped and self.blanks_part)
                whole = isinstance(self.marks[number].role, Field)
                at = cut(parts, regions[number + 1], setting, gap_after=gap, tabular=tabular, whole=whole)
            elif isinstance(mark.role, Field) and isinstance(role := self.marks[number].role, Field):
                at = value_above(role, parts, regions[number + 1], gap)
            else:
                continue
            regions[number], heads[number + 1] = parts[:at], parts[at:]
        sections = {
            mark.role.name: join_chunks([*head, *region])
            for mark, head, region in zip(self.marks, heads, regions, strict=True)
            if isinstance(mark.role, Section)
        }
        slots = [
            Slot(
                mark.role,
                mark.unit,
                self.sheet.row_of(mark.end - 1),
                [p for p in region if p.inline],
                [*head, *(p for p in region if not p.inline)],
            )
            for mark, head, region in zip(self.marks, heads, regions, strict=True)
            if isinstance(mark.role, Field)
        ]
        share_out(slots)
        values: dict[str, Value] = {}
        for slot in slots:
            if slot.field.kind is not Kind.IGNORED:
                values[slot.field.name], warning = read_value(slot)
                if warning:
                    self.warnings.append(warning)
        return values, sections

    def _chunks(self, start: int, end: int) -> list[Chunk]:
        """The text of a stretch, without labels that a page break printed again."""
        repeats = [r for r in self.segment.repeats if start <= r.start < end and (r.alone or r.whole_cell)]
        found: list[Chunk] = []
        for repeat in repeats:
            found += chunks(self.sheet, start, repeat.start, blanks_part=self.blanks_part)
            start = repeat.end
        return found + chunks(self.sheet, start, end, blanks_part=self.blanks_part)

    def _gap_before(self, offset: int) -> int:
        """Blank rows just above the row that holds an offset."""
        row = self.sheet.row_of(offset)
        gap = 0
        while row - gap - 1 >= 0 and not self._row_text(row - gap - 1).strip():
            gap += 1
        return gap

    def _row_text(self, row: int) -> str:
        end = self.sheet.starts[row + 1] - 1 if row + 1 < len(self.sheet.starts) else len(self.sheet.text) - 1
        return self.sheet.text[self.sheet.starts[row] : end]

    def _indicators(self) -> list[Indicator]:
        if self.table_start is None:
            return []
        words = vocabulary(self.form, self._columns())
        lines = self._table_lines(words)
        join_broken_levels(lines, words)
        rows, _ = put_together([line for line in lines if line.pieces], words)
        carried, warnings = carry_levels(rows, words)
        self.warnings.extend(warnings)
        return [Indicator(level1=row.level1, level2=row.level2, name=row.name, target=row.target) for row in carried]

    def _columns(self) -> tuple[int, int, int, int]:
        """Column numbers of the four roles, read off the row of column titles."""
        if self.table_heading is None:
            return (0, 1, 2, 3)
        row = self._row_text(self.sheet.row_of(self.table_heading))
        cells = [squeeze(cell) for cell in row.split("\t")]
        numbers: dict[str, int] = {}
        for column in self.form.columns:
            for number, cell in enumerate(cells):
                if any(cell.startswith(title) for title in column.titles):
                    numbers.setdefault(column.role, number)
        if len(numbers) < 4:
            return (0, 1, 2, 3)
        return (numbers["level1"], numbers["level2"], numbers["name"], numbers["target"])

    def _table_lines(self, words: Vocabulary) -> list[TableLine]:
        assert self.table_start is not None
        lines: list[TableLine] = []
        noise = self._noise()
        first = self.sheet.row_of(self.table_start)
        last = self.sheet.row_of(self.segment.end - 1)
        gap = 0
        for row in range(first, last + 1):
            raw = self._row_text(row)
            if row == first:
                raw = raw[self.table_start - self.sheet.starts[row] :]
            if (
                not raw.strip()
                or squeeze(raw) in noise
                or (row > first and column_header(self.form).match(fold(raw).strip()))
            ):
                gap += 1
                continue
            if ends_table(raw):
                break
            if len(lines) == LINES_MAX:
                self._warn(
                    "table-cut", f"only the first {LINES_MAX} lines of the indicator table are read", "indicators"
                )
                break
            lines.append(TableLine(pieces_of(raw, words), row, gap))
            gap = 0
        return lines

    def _noise(self) -> frozenset[str]:
        """Rows that a page break prints again inside the table."""
        noise = {*self.form.titles, "续表", "(续)", "(续表)", "续"}
        noise |= {squeeze(title) for column in self.form.columns for title in column.titles}
        noise |= {
            squeeze(self.sheet.text[found.start : found.end])
            for found in self.segment.chain
            if isinstance(found.role, Heading)
        }
        return frozenset(noise)

    def _year(self, values: dict[str, Value]) -> int | None:
        """The year of the year line, else of the title, the table's heading or the start date."""
        first_label = self.marks[0].start if self.marks else self.segment.end
        head = self.sheet.norm[self.segment.start : first_label]
        match = _YEAR_LINE.search(head)
        candidates = [match[0] if match else "", head]
        candidates += [
            self.sheet.norm[found.start : found.end]
            for found in self.segment.chain
            if isinstance(found.role, Heading) and found.role.table
        ]
        candidates.append(str(values.get("start_date") or ""))
        for candidate in candidates:
            year = parse_year(candidate)
            if year:
                return year
        self._warn("year-missing", "no year is printed on it", "fiscal_year")
        return None

    def _check(self, values: dict[str, Value], sections: dict[str, str], indicators: Sequence[Indicator]) -> None:
        """Warn of what the form has and the filing lacks."""
        for field in self.form.fields:
            if field.required and not values.get(field.name):
                self._warn("value-missing", f"{field.labels[0]} is not there or blank", field.name)
        found = [mark.role.name for mark in self.marks]
        for section in self.form.sections:
            if section.required and section.name not in found:
                self._warn("label-missing", f"the label {section.labels[0]} was not found", section.name)
            elif section.required and not sections.get(section.name):
                self._warn("section-blank", f"{section.labels[0]} is blank", section.name)
        if self.table_start is None:
            self._warn("truncated", "it ends before the indicator table", "indicators")
        elif not indicators:
            self._warn("table-empty", "the indicator table has no rows", "indicators")
