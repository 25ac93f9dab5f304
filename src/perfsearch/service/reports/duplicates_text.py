"""The words and the order in which duplicated text is shown, on the page, in Word and in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from perfsearch.model import ClusterReport, DuplicateMatch, DuplicateRates, DuplicateReport, Filing, StaleFinding
from perfsearch.service.wording import SECTION_NAMES

KIND_NAMES = {"verbatim": "逐字相同", "edited": "略有改动", "paraphrase": "换了说法"}
CATEGORY_NAMES = {
    "other_unit": "其他单位",
    "own_unit": "本单位其他项目",
    "own_project": "本项目往年",
    "within": "本表内重复",
    "quotation": "政策标题和引文",
    "boilerplate": "通用套话",
}
FIRST_NAMES = {"source": "来源在先", "this": "本表在先", "unknown": "先后不明"}
STALE_NAMES = {
    "year": "年份", "place": "地名", "unit": "单位名称", "project": "项目名称", "amount": "金额", "misprint": "笔误",
}  # fmt: skip
CERTAINTY_NAMES = {"sure": "应改未改", "possible": "请核对"}
HEADLINES = (
    ("total", "总文字复制比"),
    ("without_quotations", "去除引用复制比"),
    ("without_own_unit", "去除本单位复制比"),
    ("largest_source", "单篇最大复制比"),
)
PARTS = (
    ("other_unit", "其他单位"),
    ("own_unit", "本单位其他项目"),
    ("own_project", "本项目往年"),
    ("within", "本表内重复"),
    ("quotation", "政策标题和引文"),
    ("boilerplate", "通用套话"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: whether it is the same on both sides, or for a section which matches it belongs to."""

    text: str
    same: bool = False
    matches: tuple[int, ...] = ()
    begins: tuple[int, ...] = ()
    kind: str = ""
    stale: bool = False
    """Whether it belongs to what was copied and not updated."""
    stale_begins: tuple[int, ...] = ()


def percent(share: float) -> str:
    """A share as reviewers write it: 12.3%; what rounds to 100 and is not all is 99.9%."""
    return "99.9%" if 0.9995 <= share < 1 else f"{share * 100:.1f}%"


def section_name(section: str) -> str:
    """What the form calls a section."""
    return SECTION_NAMES.get(section, section)


def css_kind(match: DuplicateMatch) -> str:
    """The class by which a match is coloured and filtered."""
    if match.within_filing:
        return "within"
    return match.category if match.category in ("boilerplate", "quotation") else match.kind


_STRENGTH = ("verbatim", "edited", "paraphrase", "within", "quotation", "boilerplate")


def marked_section(
    text: str, matches: Sequence[tuple[int, DuplicateMatch]], stale: Sequence[tuple[int, StaleFinding]] = ()
) -> list[Piece]:
    """A section cut where its matches and what was not updated begin and end; both are numbered."""
    cuts = {0, len(text)}
    spans = [(match.start, match.end) for _, match in matches] + [(one.start, one.end) for _, one in stale]
    for start, end in spans:
        cuts |= {min(start, len(text)), min(end, len(text))}
    places = sorted(cuts)
    pieces: list[Piece] = []
    for start, end in pairwise(places):
        own = [(number, match) for number, match in matches if match.start <= start and end <= match.end]
        kinds = [css_kind(match) for _, match in own]
        pieces.append(
            Piece(
                text[start:end],
                bool(own),
                tuple(number for number, _ in own),
                tuple(number for number, match in own if match.start == start),
                min(kinds, key=_STRENGTH.index) if kinds else "",
                any(one.start <= start and end <= one.end for _, one in stale),
                tuple(number for number, one in stale if one.start == start),
            )
        )
    return pieces


def same_pieces(text: str, runs: Sequence[tuple[int, int]]) -> list[Piece]:
    """A passage cut into what is the same on both sides and what is not; `runs` count from its beginning."""
    pieces: list[Piece] = []
    at = 0
    for start, end in sorted(runs):
        start, end = max(start, at), min(end, len(text))
        if start >= end:
            continue
        if start > at:
            # Marks between runs are not underlined: they are no part of what was compared.
            pieces.append(Piece(text[at:start], same=not any(map(str.isalnum, text[at:start]))))
        pieces.append(Piece(text[start:end], same=True))
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:], same=bool(runs) and not any(map(str.isalnum, text[at:]))))
    return pieces


def both_sides(match: DuplicateMatch) -> tuple[list[Piece], list[Piece]]:
    """The passage and its source, cut into what is the same and what is not."""
    return (
        same_pieces(match.text, [(b[0] - match.start, b[1] - match.start) for b in match.blocks]),
        same_pieces(match.source_text, [(b[2] - match.source_start, b[3] - match.source_start) for b in match.blocks]),
    )


def figures(rates: DuplicateRates) -> list[tuple[str, str]]:
    """The headline figures with their names."""
    return [(name, percent(getattr(rates, field))) for field, name in HEADLINES] + [
        ("重复字数", f"{rates.duplicated:,}")
    ]


def describe_duplicates(report: DuplicateReport, filing: Filing, limit: int = 40) -> str:
    """The report in a terminal."""
    lines = [f"查重　{filing.project_name or filing.id or filing.source.file}"]
    lines.append("　".join(f"{name} {value}" for name, value in figures(report.rates)))
    lines.append("　".join(f"{name} {percent(getattr(report.rates, field))}" for field, name in PARTS))
    if report.message:
        lines.append(report.message)
    if report.copied_not_updated:
        lines += ["", "照抄而未更新"]
        for one in report.copied_not_updated:
            expected = f"（本表：{one.expected}）" if one.expected else ""
            lines.append(
                f"  [{CERTAINTY_NAMES[one.certainty]}] {section_name(one.section)} 第 {one.start + 1} 字"
                f"“{one.text}”{expected}：{one.message}"
            )
    if report.sources:
        lines += ["", "来源"]
        for source in report.sources[:10]:
            about = " ".join(str(x) for x in (source.fiscal_year, source.applicant, source.project_name) if x)
            lines.append(f"  {percent(source.share):>6}  {source.filing_id}  {about}")
    if report.matches:
        lines += ["", f"重复段落 {len(report.matches)} 处"]
    for match in report.matches[:limit]:
        lines.append(
            f"  {section_name(match.section)} {match.start}–{match.end}  {KIND_NAMES[match.kind]} "
            f"{percent(match.similarity)}  {CATEGORY_NAMES[match.category]}  {match.source_filing_id} "
            f"{section_name(match.source_section)} {match.source_start}–{match.source_end}"
        )
        lines.append(f"    {match.text[:60]}{'…' if len(match.text) > 60 else ''}")
    if len(report.matches) > limit:
        lines.append(f"  （另有 {len(report.matches) - limit} 处，见 --html 或 --json）")
    return "\n".join(lines)


def describe_clusters(report: ClusterReport, limit: int = 30) -> str:
    """The clusters of a library in a terminal."""
    lines = [f"全库查重　{report.n_filings:,} 份申报表，{report.n_pairs:,} 对相似（≥{percent(report.threshold)}）"]
    if report.message:
        lines.append(report.message)
    most = max((count for _, _, count in report.histogram), default=0)
    for low, high, count in report.histogram:
        bar = "█" * (round(30 * count / most) if most else 0)
        lines.append(f"  {low * 100:3.0f}–{high * 100:3.0f}%  {bar} {count:,}")
    for number, cluster in enumerate(report.clusters[:limit], 1):
        lines.append(
            f"  {number}. {cluster.size} 份，{cluster.applicants} 个单位，平均相似 {percent(cluster.similarity)}："
            f"{'、'.join(cluster.filings[:8])}{'……' if cluster.size > 8 else ''}"
        )
    if len(report.clusters) > limit:
        lines.append(f"  （另有 {len(report.clusters) - limit} 组，见 --json）")
    return "\n".join(lines)
