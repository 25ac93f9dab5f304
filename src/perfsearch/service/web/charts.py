"""Charts as SVG text: pure functions of their numbers; classes on the page, a style of its own in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from urllib.parse import quote

from markupsafe import Markup, escape

from perfsearch.model import CitationGraph, GraphEdge, GraphNode

WIDTH = 640
_HEIGHT = 220
_BOTTOM, _TOP, _LEFT = 34, 26, 8
_LABEL_CHARACTERS = 18
_ROW = 30

_STYLE = """
text{font:13px "Noto Sans CJK SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif;fill:#1b2733}
.value,.small{fill:#55636f;font-size:12px}.bar{fill:#0b5563}.axis{stroke:#93a1ac}.edge{stroke:#0b5563;fill:none;stroke-opacity:.35}
.between{stroke:#b4561b;fill:none;stroke-opacity:.3}.node{fill:#0b5563}.node.applicant{fill:#b4561b}.center{fill:#0b5563}
.paper{fill:#fff}.cell{fill:#0b5563}.on{fill:#fff}a{text-decoration:none}
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what stands under it, its value, the words of the value, and where it leads."""

    label: str
    value: float
    words: str
    href: str | None = None


def bar_chart(title: str, bars: Sequence[Bar]) -> Markup:
    """Standing bars, one a label, with the value on top."""
    if not bars:
        return Markup("")
    top = _ceiling(max(bar.value for bar in bars))
    step = (WIDTH - 2 * _LEFT) / len(bars)
    width = min(54.0, step * 0.7)
    floor_y = _HEIGHT - _BOTTOM
    parts = [_open(title, WIDTH, _HEIGHT)]
    for i, bar in enumerate(bars):
        middle = _LEFT + step * (i + 0.5)
        height = (floor_y - _TOP) * bar.value / top if top else 0.0
        shape = Markup(
            '<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"><title>{}：{}</title></rect>'
            '<text class="value" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>'
            '<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
        ).format(
            middle - width / 2, floor_y - height, width, max(height, 1.0), bar.label, bar.words,
            middle, floor_y - height - 6, bar.words, middle, _HEIGHT - 12, bar.label,
        )  # fmt: skip
        parts.append(_link(shape, bar.href))
    parts.append(Markup('<line class="axis" x1="0" x2="{}" y1="{}" y2="{}"/></svg>').format(WIDTH, floor_y, floor_y))
    return Markup("").join(parts)


def row_chart(title: str, bars: Sequence[Bar]) -> Markup:
    """Lying bars, one a row, for names that are long."""
    if not bars:
        return Markup("")
    most = max(bar.value for bar in bars) or 1.0
    names = 260
    parts = [_open(title, WIDTH, _ROW * len(bars) + 8)]
    for i, bar in enumerate(bars):
        y = _ROW * i + 4
        length = (WIDTH - names - 60) * bar.value / most
        shape = Markup(
            '<text x="{}" y="{}" text-anchor="end">{}<title>{}</title></text>'
            '<rect class="bar" x="{}" y="{}" width="{:.1f}" height="{}" rx="2"/>'
            '<text class="value" x="{:.1f}" y="{}">{}</text>'
        ).format(
            names - 10, y + 19, _short(bar.label), bar.label, names, y + 5, max(length, 1.0), _ROW - 12,
            names + length + 6, y + 19, bar.words,
        )  # fmt: skip
        parts.append(_link(shape, bar.href))
    return Markup("").join([*parts, Markup("</svg>")])


def with_applicants(graph: CitationGraph, applicants: Mapping[str, int]) -> CitationGraph:
    """The graph of a policy with the applicants that cite it, by the number of their filings."""
    center = graph.nodes[0]
    nodes = [GraphNode(id=f"applicant:{name}", label=name, kind="applicant", size=n) for name, n in applicants.items()]
    edges = [GraphEdge(source=center.id, target=node.id, filings=node.size) for node in nodes]
    return CitationGraph(nodes=(*graph.nodes, *nodes), edges=(*graph.edges, *edges))


def graph_chart(title: str, graph: CitationGraph) -> Markup:
    """A citation graph: applicants on the left, the centre in the middle, policies on the right.

    A line's width says how many filings link the two; arcs join policies that are cited together.
    """
    center, others = graph.nodes[0], graph.nodes[1:]
    applicants = [node for node in others if node.kind == "applicant"]
    policies = [node for node in others if node.kind == "policy"]
    height = max(len(applicants), len(policies), 4) * _ROW + 24
    left, middle, right = 210, 400, 590
    width = right + 330
    if not applicants:
        middle = 250
    places: dict[str, tuple[float, float]] = {center.id: (middle, height / 2)}
    places.update(_column(applicants, left, height))
    places.update(_column(policies, right, height))
    most = max((edge.filings for edge in graph.edges), default=1)
    parts = [_open(title, width, height)]
    for edge in graph.edges:
        (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
        stroke = 1 + 5 * edge.filings / most
        if center.id in (edge.source, edge.target):
            bend = (x1 + x2) / 2
            path = f"M{x1:.0f} {y1:.1f}C{bend:.0f} {y1:.1f} {bend:.0f} {y2:.1f} {x2:.0f} {y2:.1f}"
            parts.append(Markup('<path class="edge" d="{}" stroke-width="{:.1f}"/>').format(path, stroke))
        else:
            reach = x1 - 12 - abs(y2 - y1) * 0.18
            path = f"M{x1:.0f} {y1:.1f}C{reach:.0f} {y1:.1f} {reach:.0f} {y2:.1f} {x2:.0f} {y2:.1f}"
            parts.append(Markup('<path class="between" d="{}" stroke-width="{:.1f}"/>').format(path, stroke * 0.6))
    parts.extend(
        _node(node, *places[node.id], anchor="end" if node.kind == "applicant" else "start")
        for node in (*applicants, *policies)
    )
    parts.append(_center(center, *places[center.id]))
    return Markup("").join([*parts, Markup("</svg>")])


def as_file(chart: Markup) -> str:
    """A chart as an SVG file that stands by itself."""
    head, _, rest = str(chart).partition(">")
    return f'{head}>\n<style>{_STYLE}</style><rect class="paper" width="100%" height="100%"/>{rest}'


def _column(nodes: Sequence[GraphNode], x: float, height: float) -> dict[str, tuple[float, float]]:
    step = height / (len(nodes) + 1) if nodes else height
    return {node.id: (x, step * (i + 1)) for i, node in enumerate(nodes)}


def _node(node: GraphNode, x: float, y: float, anchor: str) -> Markup:
    shift = -10 if anchor == "end" else 10
    shape = Markup(
        '<circle class="node {}" cx="{:.0f}" cy="{:.1f}" r="5"/>'
        '<text x="{:.0f}" y="{:.1f}" text-anchor="{}">{} <tspan class="small">{}</tspan><title>{}</title></text>'
    ).format(
        node.kind, x, y, x + shift, y + 4.5, anchor,
        _short(node.label, 13 if anchor == "end" else _LABEL_CHARACTERS), node.size,
        f"{node.label}：{node.size} 份",
    )  # fmt: skip
    return _link(shape, href_of(node))


def _center(node: GraphNode, x: float, y: float) -> Markup:
    label = _short(node.label, 12)
    return Markup(
        '<circle class="center" cx="{:.0f}" cy="{:.1f}" r="9"/>'
        '<text x="{:.0f}" y="{:.1f}" text-anchor="middle" font-weight="700">{}<title>{}</title></text>'
    ).format(x, y, x, y - 18, label, node.label)


def href_of(node: GraphNode) -> str:
    """Where a node of the graph leads."""
    if node.kind == "policy":
        return f"/policies/{quote(node.id, safe='')}"
    return f"/analysis?applicant={quote(node.label, safe='')}"


def _link(shape: Markup, href: str | None) -> Markup:
    return Markup('<a href="{}">{}</a>').format(href, shape) if href else shape


def _open(title: str, width: float, height: float) -> Markup:
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {:.0f} {:.0f}" width="{:.0f}" height="{:.0f}" '
        'role="group" aria-label="{}">'
    ).format(width, height, width, height, title)


def _short(text: str, characters: int = _LABEL_CHARACTERS) -> Markup:
    return escape(text if len(text) <= characters else text[: characters - 1] + "…")


def _ceiling(value: float) -> float:
    """The next round number, never more than a third above."""
    if value <= 0:
        return 1.0
    unit: float = 10.0 ** floor(log10(value))
    return (
        next(step for step in (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0) if value <= step * unit) * unit
    )


def matrix_chart(
    title: str,
    labels: Sequence[str],
    cells: Mapping[tuple[int, int], float],
    links: Mapping[tuple[int, int], str],
) -> Markup:
    """How alike each two of some things are: a square a pair, the darker the more, and dark from 75% on; `cells` by (row, column), row first.

    The similarity stands in the square where there is room for it.
    """
    size = 40 if len(labels) <= 12 else 24
    left = 250
    side = left + size * len(labels) + 10
    parts = [_open(title, side + 60, size * len(labels) + 40)]
    for i, label in enumerate(labels):
        middle = size * (i + 0.5)
        parts.append(
            Markup(
                '<text x="{}" y="{:.1f}" text-anchor="end">{}. {}<title>{}</title></text>'
                '<text class="small" x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
            ).format(
                left - 8,
                middle + 4.5,
                i + 1,
                _short(label, _LABEL_CHARACTERS - 2),
                label,
                left + middle,
                size * len(labels) + 18,
                i + 1,
            )
        )
    for (row, column), value in sorted(cells.items()):
        words = f"{row + 1} × {column + 1}：{value * 100:.0f}%"
        for x, y in ((column, row), (row, column)):
            shape = Markup(
                '<rect class="cell" x="{}" y="{}" width="{}" height="{}" fill-opacity="{:.2f}"><title>{}</title></rect>'
            ).format(
                left + x * size + 1,
                y * size + 1,
                size - 2,
                size - 2,
                0.92 if value >= 0.75 else 0.1 + 0.3 * value,
                words,
            )
            if size >= 40:
                shape += Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="middle">{:.0f}</text>').format(
                    "on" if value >= 0.75 else "in", left + (x + 0.5) * size, (y + 0.5) * size + 4.5, value * 100
                )
            # One of the two is enough for the keyboard.
            parts.append(_link(shape, links.get((row, column)) if x > y else None))
    return Markup("").join([*parts, Markup("</svg>")])
