"""One filing's stretch of the sheet to a Filing: its labelled values, its table, and what is odd about them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from perfsearch.forms.description import Derived, Field, Heading, Kind, Section
from perfsearch.forms.folding import fold
from perfsearch.forms.header import Slot, Value, read_text_value, read_value, share_out, value_above
from perfsearch.forms.labels import Found, rescue
from perfsearch.forms.prose import Chunk, chunks, cut, join_chunks, setting_of, without_page_numbers
from perfsearch.forms.sheet import Sheet
from perfsearch.forms.split import Segment
from perfsearch.forms.table import find_table, read_table
from perfsearch.forms.values import parse_year
from perfsearch.model import Budget, Filing, Indicator, Place, Source, Warning
from perfsearch.readers import Document

_YEAR_LINE = re.compile(r"[(\[]?\s{0,9}([\w\s]{4,12}?)\s{0,9}年\s{0,9}(?:度|[)\]])")
_ROWS_ABOVE = 4
_COVER_LENGTH = 6_000
"""Characters from the beginning of a document in which its cover names the department and the year."""


class FilingReader:
    """Reads one filing's stretch of the sheet."""

    def __init__(self, sheet: Sheet, segment: Segment, document: Document) -> None:
        self.sheet = sheet
        self.segment = segment
        self.form = segment.form
        self.document = document
        self.warnings: list[Warning] = list(document.warnings)
        self.table = find_table(sheet, segment)
        self.limit = self.table.heading if self.table else segment.end
        self.marks = self._marks()
        self.blanks_part = any(
            isinstance(found.role, Section) and sheet.norm.startswith("   ", found.end) for found in segment.chain
        )

    def read(self, index: int) -> Filing:
        """The filing; `index` counts the filings of the document."""
        regions, heads = self._regions()
        sections = {
            mark.role.name: join_chunks([*head, *region])
            for mark, head, region in zip(self.marks, heads, regions, strict=True)
            if isinstance(mark.role, Section)
        }
        values = self._values(regions, heads)
        indicators: list[Indicator] = []
        if self.table:
            indicators, odd = read_table(self.sheet, self.segment, self.table)
            self.warnings.extend(odd)
        self._derive(values, sections)
        year = self._year(values)
        self._check(values, sections, indicators)
        budget = {name: values.get(name) for name in Budget.model_fields}
        header = {
            name: value for name, value in values.items() if name in Filing.model_fields and name != "fiscal_year"
        }
        return Filing.model_validate(
            {
                "source": Source(file=self.document.name, index=index, pages=self._pages(regions, indicators)),
                "form": self.form.name,
                "fiscal_year": year,
                **header,
                "budget": budget,
                "sections": sections,
                "indicators": tuple(indicators),
                "warnings": tuple(self.warnings),
                "places": self._places(regions, heads),
            }
        )

    def _warn(self, code: str, message: str, field: str | None = None) -> None:
        self.warnings.append(Warning(code=code, message=message, field=field))

    def _marks(self) -> list[Found]:
        """The labels above the table, with header labels that were found only between others."""
        marks = [found for found in self.segment.chain if found.start < self.limit]
        missing = {field.name for field in (*self.form.fields, *self.form.budget)} - {f.role.name for f in marks}
        sections = [found.start for found in marks if isinstance(found.role, Section)]
        if missing and marks:
            header_end = sections[0] if sections else self.limit
            zones = [(self.segment.start, header_end)]
            if sections:
                last = next((f.end for f in reversed(marks) if isinstance(f.role, Section)), header_end)
                budget = [f.start for f in marks if f.start > last and f.role in self.form.budget]
                zones.append((min(budget, default=self.limit), self.limit))
            for start, end in zones:
                for found in rescue(self.form, self.sheet.norm, start, end, missing):
                    if not any(mark.start < found.end and found.start < mark.end for mark in marks):
                        marks.append(found)
                        missing.discard(found.role.name)
        return sorted(marks, key=lambda found: found.start)

    def _regions(self) -> tuple[list[list[Chunk]], list[list[Chunk]]]:
        """For each label the chunks after it, and the chunks before it that begin its value."""
        starts = [mark.start for mark in self.marks] + [self.limit]
        regions = [self._chunks(mark.end, starts[number + 1]) for number, mark in enumerate(self.marks)]
        regions = [
            without_page_numbers(region) if isinstance(mark.role, Section) else region
            for mark, region in zip(self.marks, regions, strict=True)
        ]
        regions = self._by_column(regions)
        heads: list[list[Chunk]] = [[] for _ in self.marks]
        setting = setting_of(regions)
        for number in range(len(self.marks) - 1):
            mark, parts = self.marks[number + 1], regions[number]
            gap = self._gap_before(mark.start)
            if parts and parts[-1].row > self.sheet.row_of(mark.start):
                continue
            if isinstance(mark.role, Section):
                tabular = any(part.indented for part in parts) or mark.whole_cell or self.blanks_part
                tabular = tabular and not (setting.wrapped and self.blanks_part)
                whole = not isinstance(self.marks[number].role, Section)
                at = cut(parts, regions[number + 1], setting, gap_after=gap, tabular=tabular, whole=whole)
            elif isinstance(mark.role, Field) and isinstance(role := self.marks[number].role, Field):
                at = value_above(role, parts, regions[number + 1], gap)
            else:
                continue
            regions[number], heads[number + 1] = parts[:at], parts[at:]
        return regions, heads

    def _by_column(self, regions: list[list[Chunk]]) -> list[list[Chunk]]:
        """Values that stand below labels of one row go to the label of their column."""
        shared = [list(region) for region in regions]
        rows: dict[int, list[int]] = {}
        for number, mark in enumerate(self.marks):
            rows.setdefault(self.sheet.row_of(mark.end - 1), []).append(number)
        for row, numbers in rows.items():
            below = [chunk for chunk in regions[numbers[-1]] if not chunk.inline]
            if len(numbers) < 2 or not below or any(chunk.inline for n in numbers for chunk in regions[n]):
                continue
            columns = [self.sheet.text.count("\t", self.sheet.starts[row], self.marks[n].start) for n in numbers]
            if columns[-1] == columns[0]:
                continue
            for number in numbers:
                shared[number] = []
            for chunk in below:
                owner = max((c for c in columns if c <= chunk.column), default=columns[0])
                shared[numbers[columns.index(owner)]].append(chunk)
        return shared

    def _values(self, regions: Sequence[list[Chunk]], heads: Sequence[list[Chunk]]) -> dict[str, Value]:
        """The header fields and amounts."""
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
        unit: str | None = None
        for slot in slots:
            if slot.field.kind is Kind.UNIT:
                unit = slot.unit or unit
            elif slot.field.kind is not Kind.IGNORED:
                slot.unit = slot.unit or unit
                values[slot.field.name], warning = read_value(slot)
                if warning:
                    self.warnings.append(warning)
        return values

    def _derive(self, values: dict[str, Value], sections: dict[str, str]) -> None:
        """Values without a label of their own, by the patterns of the form."""
        for derived in self.form.derived:
            if values.get(derived.name) is None:
                text = self._source(derived, sections)
                match = re.search(derived.pattern, fold(text)) if text else None
                if match:
                    start, end = match.span("v")
                    field = Field(derived.name, (), derived.kind)
                    values[derived.name] = read_text_value(field, text[start:end].strip())

    def _source(self, derived: Derived, sections: dict[str, str]) -> str:
        if derived.source == "title":
            return "".join(self.sheet.text[self.segment.start : self.segment.title_end].split())
        if derived.source == "cover":
            return self.sheet.text[:_COVER_LENGTH]
        return sections.get(derived.source, "")

    def _chunks(self, start: int, end: int) -> list[Chunk]:
        """The text of a stretch, without labels that a page break printed again."""
        repeats = [r for r in self.segment.repeats if start <= r.start < end and (r.alone or r.whole_cell)]
        found: list[Chunk] = []
        for repeat in repeats:
            if repeat.start >= start:
                found += chunks(self.sheet, start, repeat.start, blanks_part=self.blanks_part)
                start = repeat.end
        return found + chunks(self.sheet, start, end, blanks_part=self.blanks_part)

    def _gap_before(self, offset: int) -> int:
        """Blank rows just above the row that holds an offset."""
        row = self.sheet.row_of(offset)
        gap = 0
        while row - gap - 1 >= 0 and not self.sheet.row(row - gap - 1).strip():
            gap += 1
        return gap

    def _year(self, values: dict[str, Value]) -> int | None:
        """The year of the year line, else of the title, the table's heading, the start date or the cover."""
        first_label = self.marks[0].start if self.marks else self.segment.end
        start = self.segment.start
        if not self.segment.titled:
            # A title that the form does not know stands in the rows above the first label.
            start = self.sheet.starts[max(0, self.sheet.row_of(start) - _ROWS_ABOVE)]
        head = self.sheet.norm[start : max(first_label, self.segment.title_end)]
        after_title = self.sheet.norm[self.segment.title_end : max(first_label, self.segment.title_end)]
        match = (_YEAR_LINE.search(after_title) if self.segment.titled else None) or _YEAR_LINE.search(head)
        candidates = [match[0] if match else "", after_title if self.segment.titled else "", head]
        candidates += [
            self.sheet.norm[found.start : found.end]
            for found in self.segment.chain
            if isinstance(found.role, Heading) and found.role.table
        ]
        candidates.append(str(values.get("start_date") or ""))
        candidates.append(str(values.get("fiscal_year") or ""))
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
        if self.form.columns and self.table is None:
            self._warn("truncated", "it ends before the indicator table", "indicators")
        elif self.form.columns and not indicators:
            self._warn("table-empty", "the indicator table has no rows", "indicators")

    def _pages(self, regions: Sequence[Sequence[Chunk]], indicators: Sequence[Indicator]) -> tuple[int, ...] | None:
        """The pages from the title to the last value or row."""
        last = max((part.row for region in regions for part in region), default=self.sheet.row_of(self.segment.start))
        found = self.sheet.pages(self.segment.start, self.sheet.starts[last] + 1)
        pages = {*(found or ()), *(row.place.page for row in indicators if row.place)}
        return tuple(sorted(pages)) or None

    def _places(
        self, regions: Sequence[Sequence[Chunk]], heads: Sequence[Sequence[Chunk]]
    ) -> dict[str, tuple[Place, ...]] | None:
        """Where each labelled value stands, where the reader knew."""
        places: dict[str, tuple[Place, ...]] = {}
        for mark, head, region in zip(self.marks, heads, regions, strict=True):
            parts = dict.fromkeys((part.row, part.column) for part in (*head, *region))
            found = [place for row, column in parts if (place := self.sheet.place_of(row, column)) is not None]
            if found and not isinstance(mark.role, Heading):
                places[mark.role.name] = tuple(around(found))
        return places or None


def around(places: Sequence[Place]) -> list[Place]:
    """Places one below the other on a page as one box around them."""
    merged: list[Place] = []
    for place in places:
        last = merged[-1] if merged else None
        if last is not None and last.page == place.page and last.box and place.box:
            box = (
                min(last.box[0], place.box[0]),
                min(last.box[1], place.box[1]),
                max(last.box[2], place.box[2]),
                max(last.box[3], place.box[3]),
            )
            merged[-1] = last.model_copy(update={"box": box})
        elif last != place:
            merged.append(place)
    return merged
