"""What a check sees: the filing with its rows and amounts read once, and what the library measured of its indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from perfsearch.extract.amounts import Amount, find_amounts
from perfsearch.extract.indicators import Dimension, Kind, dimension, fold_indicator, is_process, kind_of
from perfsearch.extract.targets import in_base_unit, parse_target
from perfsearch.model import DuplicateReport, Filing, PolicyFinding, TargetValue
from perfsearch.model.review import Evidence, SimilarProject

FIELD_NAMES = {
    "budget.total": "项目总预算",
    "budget.total_fiscal": "其中：财政资金",
    "budget.total_other": "其他资金",
    "budget.current_year": "当年预算",
    "budget.current_year_fiscal": "当年财政拨款",
    "budget.carried_over": "上年结转",
    "budget.current_year_other": "当年其他资金",
    "budget.previous_year": "同名项目上年预算额",
    "budget.previous_year_executed": "同名项目上年预算执行数",
    "start_date": "计划开始日期",
    "end_date": "计划完成日期",
    "fiscal_year": "年度",
    "government_procurement": "是否含有政府购买服务",
    "applicant": "申报单位",
    "project_name": "项目名称",
}
SECTION_NAMES = {
    "overview": "项目概况",
    "basis": "立项依据",
    "necessity": "项目设立的必要性",
    "safeguards": "保证项目实施的制度、措施",
    "plan": "项目实施计划",
    "goals": "项目总目标及阶段性目标",
    "annual_goals": "年度总体目标",
    "executor": "实施主体",
    "schedule": "实施周期",
    "budget_plan": "年度预算安排",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the indicator table, read."""

    number: int
    level1: str
    level2: str
    name: str
    target: str
    fold: str
    dimension: Dimension
    kind: Kind
    value: TargetValue
    process: bool

    @property
    def base(self) -> tuple[float, str | None] | None:
        """The target's number and unit without a scale."""
        return in_base_unit(self.value)

    def evidence(self) -> Evidence:
        """The row as it is printed."""
        return Evidence(text=f"{self.level1}／{self.level2}／{self.name}：{self.target}", row=self.number)


@dataclass(frozen=True, slots=True)
class Use:
    """How the library's filings use one indicator."""

    filings: int
    dimensions: Mapping[Dimension, int]
    units: Mapping[str | None, int]
    """Filings by the unit of a target with a number; None is no unit."""
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What the library knows of the draft's indicators and of its project's year before."""

    n_filings: int = 0
    uses: Mapping[str, Use] = field(default_factory=dict)
    previous: Filing | None = None
    """The same project's filing of the fiscal year before, where there is just one."""
    similar: Sequence[SimilarProject] = ()
    """Past projects like the draft, best first."""
    bases: Sequence[PolicyFinding] | None = None
    """What the citator asks of the legal bases; None where it could not be asked."""
    duplicates: DuplicateReport | None = None


class Draft:
    """One filing under review."""

    def __init__(self, filing: Filing, measured: Measured | None = None) -> None:
        self.filing = filing
        self.measured = measured

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The indicator table."""
        return tuple(
            Row(
                number=number,
                level1=row.level1,
                level2=row.level2,
                name=row.name,
                target=row.target,
                fold=fold_indicator(row.name),
                dimension=dimension(row.level1, row.level2),
                kind=kind_of(row.name),
                value=row.value or parse_target(row.target, row.name),
                process=is_process(row.name),
            )
            for number, row in enumerate(self.filing.indicators)
        )

    @cached_property
    def amounts(self) -> dict[str, list[Amount]]:
        """The amounts of money of each section."""
        return {
            name: find_amounts(text, self.filing.fiscal_year) for name, text in self.filing.sections.items() if text
        }

    @property
    def has_table(self) -> bool:
        """Whether the form has a table of indicators at all."""
        return self.filing.form != "statement"

    def text(self, section: str) -> str:
        """A section, "" where it is blank or the form has none."""
        return self.filing.sections.get(section) or ""

    def at(self, section: str, start: int, end: int) -> Evidence:
        """A span of a section, verbatim."""
        return Evidence(section=section, start=start, end=end, text=self.text(section)[start:end])

    def whole(self, section: str, length_max: int = 200) -> Evidence:
        """The head of a section."""
        return self.at(section, 0, min(len(self.text(section)), length_max))

    def amount_field(self, name: str) -> Evidence:
        """A budget field as evidence."""
        amount = getattr(self.filing.budget, name)
        return Evidence(field=f"budget.{name}", text="" if amount is None else yuan(amount))

    def field(self, name: str) -> Evidence:
        """A header field as evidence."""
        value = getattr(self.filing, name)
        text = "" if value is None else ("是" if value else "否") if isinstance(value, bool) else str(value)
        return Evidence(field=name, text=text)


def yuan(amount: float) -> str:
    """An amount as the form prints it: 540,000."""
    return f"{amount:,.2f}".rstrip("0").rstrip(".")
