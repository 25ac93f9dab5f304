"""The cost of a query by the size of the corpus, drawn as SVG with both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 420, 60, 30, 150, 50
COLOURS = ("#b3261e", "#1f5fa8", "#2e7d32", "#8a5a00", "#6a3fa0", "#555555")


def curve(sizes: Mapping[int, Sequence[Mapping[str, Any]]]) -> str:
    """One line a contestant: p50 in milliseconds by chunks; dashed where the cost would grow as the corpus does."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for n_chunks, rows in sorted(sizes.items()):
        for row in rows:
            if "p50_ms" in row:
                lines.setdefault(row["name"], []).append((n_chunks, row["p50_ms"]))
    values = [ms for points in lines.values() for _, ms in points] or [1.0]
    low, high = math.floor(math.log10(min(values))), max(math.ceil(math.log10(max(values))), 1)
    first, last = math.log10(min(sizes)), math.log10(max(sizes))

    def x(n_chunks: float) -> float:
        return LEFT + (math.log10(n_chunks) - first) / max(last - first, 1e-9) * (WIDTH - LEFT - RIGHT)

    def y(ms: float) -> float:
        return TOP + (high - math.log10(ms)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="18">p50 of a query in milliseconds, by chunks</text>',
    ]
    for power in range(low, high + 1):
        ms = 10.0**power
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(ms):.1f}" y2="{y(ms):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(ms) + 4:.1f}" text-anchor="end">{ms:g}</text>')
    parts += [
        f'<text x="{x(n_chunks):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{n_chunks:,}</text>'
        for n_chunks in sorted(sizes)
    ]
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x(n):.1f},{y(ms):.1f}" for n, ms in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(n):.1f}" cy="{y(ms):.1f}" r="3" fill="{colour}"/>' for n, ms in points]
        end, ms = points[-1]
        parts.append(f'<text x="{x(end) + 8:.1f}" y="{y(ms) + 4:.1f}" fill="{colour}">{name} {ms:.1f}</text>')
    ours = next(iter(lines.values()), [])
    if len(ours) > 1:
        (begin, ms), end = ours[0], ours[-1][0]
        # Cut where the paper ends.
        until = min(float(end), begin * 10.0**high / ms)
        parts.append(
            f'<line x1="{x(begin):.1f}" y1="{y(ms):.1f}" x2="{x(until):.1f}" y2="{y(ms * until / begin):.1f}" '
            f'stroke="{COLOURS[0]}" stroke-dasharray="4 4" opacity="0.6"/>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"
