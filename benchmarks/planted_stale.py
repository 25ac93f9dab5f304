"""Adapted copies in which some things were updated and some were left, and what the finder says of them.

Every draft is a sample filing with another year, applicant, project and budget in its header. Where the text names the
year, place, unit, project or amount of the source, half of the mentions are updated and half are left, up to 15 % of the
words around them are others, and some misprints of the source travel. A finding is right if it is of the planted kind and overlaps the planted place.

    python -m benchmarks.planted_stale [FILINGS.jsonl] [--drafts 300] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.planted_copies import Editor
from perfsearch.extract.reuse import find_reuse, fold_sections
from perfsearch.extract.stale import find_stale
from perfsearch.extract.stock import quotations
from perfsearch.model import Filing

REPOSITORY = Path(__file__).resolve().parent.parent
PLACES = ("望海市", "青岭市", "白沙市", "平湖市", "安澜市", "定远县", "东岭市", "石门县", "清河市", "嘉禾县")
DISTRICTS = ("松溪区", "榆林街道", "南浦区", "渡口镇", "北塘区", "梅山街道", "")
MISPRINTS = (("的", "的的"), ("，", "，，"), ("了", "了了"), ("和", "和和"))
_UNIT = re.compile(r"(?P<places>(?:[\u4e00-\u9fff]{2,3}?[省市县区]|[\u4e00-\u9fff]{2,3}(?:街道|镇|乡))+)(?P<body>.+)")


@dataclass(frozen=True)
class Left:
    """A place of the draft that should have been changed."""

    what: str
    section: str
    start: int
    end: int


@dataclass
class Adapted:
    """A source, the draft made of it, and what was left."""

    source: dict[str, Any]
    draft: dict[str, Any]
    left: list[Left] = field(default_factory=list)


def _mentions(source: dict[str, Any], text: str) -> list[tuple[int, int, str]]:
    """(start, end, what) of what the text says of its own header, outside titles and quotations; the longest first."""
    wanted: list[tuple[str, str]] = [
        (r"(?<![\d—\-~至])" + str(source["fiscal_year"]) + r"(?=年(?![—\-~至到]))", "year")
    ]
    applicant = source["applicant"] or ""
    unit = _UNIT.fullmatch(applicant)
    if applicant:
        wanted.append((re.escape(applicant), "unit"))
    if unit is not None:
        wanted += [(re.escape(p), "place") for p in re.findall(r".+?(?:省|市|县|区|街道|镇|乡)", unit["places"])]
        wanted += [(re.escape(p) + "(?!市)", "place") for p in re.findall(r"^(..+?)市", unit["places"])]
    if len(source["project_name"] or "") >= 5:
        wanted.append((re.escape(source["project_name"]), "project"))
    total = source["budget"].get("total")
    if total and total >= 1_000:
        for number, suffix in ((total / 10_000, "万元"), (total, "元")):
            wanted.append((r"(?<![\d.])" + re.escape(f"{number:.6f}".rstrip("0").rstrip(".")) + suffix, "amount"))
    known = quotations(text)
    found = [
        (m.start(), m.end(), what)
        for pattern, what in wanted
        for m in re.finditer(pattern, text)
        if not any(a < m.end() and m.start() < b for a, b in known)
    ]
    kept: list[tuple[int, int, str]] = []
    for start, end, what in sorted(found, key=lambda f: (f[0] - f[1], f[0])):
        if not any(start < b and a < end for a, b, _ in kept):
            kept.append((start, end, what))
    return sorted(kept)


def _introduction(rng: random.Random, filing: dict[str, Any]) -> str:
    """A sentence in which a filing names itself, as most of the real ones do somewhere."""
    total = filing["budget"]["total"]
    amount = f"{total / 10_000:.6f}".rstrip("0").rstrip(".") + "万元"
    unit = filing["applicant"]
    parts = [
        f"{unit}{filing['fiscal_year']}年继续实施{filing['project_name']}，申请财政资金{amount}。",
        f"{filing['fiscal_year']}年度计划由{unit}牵头，投入{amount}。",
        f"“{filing['project_name']}”由{unit}负责，{filing['fiscal_year']}年12月底前完成。",
        f"截至{filing['fiscal_year'] - 1}年底，各项准备就绪。",
    ]
    return "".join(rng.sample(parts, rng.randint(1, 2)))


def adapt(rng: random.Random, row: dict[str, Any], other: dict[str, Any], editor: Editor) -> Adapted:
    """A copy of a filing under another header, half updated."""
    source = json.loads(json.dumps(row, ensure_ascii=False))
    source["citations"] = []
    names = [name for name, text in source["sections"].items() if len(text) >= 40]
    for name in rng.sample(names, min(len(names), 2)):
        source["sections"][name] = _introduction(rng, source) + source["sections"][name]
        mark, doubled = rng.choice(MISPRINTS)
        if rng.random() < 0.3 and mark in source["sections"][name]:
            source["sections"][name] = source["sections"][name].replace(mark, doubled, 1)
    draft = json.loads(json.dumps(source, ensure_ascii=False))
    unit = _UNIT.fullmatch(source["applicant"] or "")
    same_body = unit is not None and rng.random() < 0.6
    draft["fiscal_year"] = source["fiscal_year"] + rng.randint(1, 3)
    draft["applicant"] = rng.choice(PLACES) + rng.choice(DISTRICTS) + (unit["body"] if same_body and unit else "民政局")
    draft["project_name"] = other["project_name"]
    draft["budget"] = {"total": float(rng.randint(31, 999) * 10_000)}
    adapted = Adapted(source, draft)
    for name, text in source["sections"].items():
        draft["sections"][name] = _updated(rng, adapted, name, text, editor)
    return adapted


def _updated(rng: random.Random, adapted: Adapted, name: str, text: str, editor: Editor) -> str:
    draft, out, at = adapted.draft, "", 0
    rate = rng.choice((0.0, 0.05, 0.15))
    places = re.findall(r".+?(?:省|市|县|区|街道|镇|乡)", draft["applicant"])
    for start, end, what in _mentions(adapted.source, text):
        out += _reworded(editor, text[at:start], rate)
        at = end
        if rng.random() < 0.5:
            adapted.left.append(Left(what, name, len(out), len(out) + end - start))
            out += text[start:end]
            continue
        total = draft["budget"]["total"]
        divided, suffix = (total / 10_000, "万元") if text[start:end].endswith("万元") else (total, "元")
        out += {
            "year": str(draft["fiscal_year"]), "unit": draft["applicant"], "project": draft["project_name"],
            "place": places[0] if text[end - 1] in "省市县区道镇乡" else places[0][:-1], "amount": f"{divided:.6f}".rstrip("0").rstrip(".") + suffix,
        }[what]  # fmt: skip
    out += _reworded(editor, text[at:], rate)
    adapted.left += [
        Left("misprint", name, m.start(), m.end())
        for _, doubled in MISPRINTS
        for m in re.finditer(re.escape(doubled), out)
    ]
    return out


def _reworded(editor: Editor, text: str, rate: float) -> str:
    """The text with other words; numbers and marks stay."""
    words = (w if not re.fullmatch(r"[\u4e00-\u9fff]{2,}", w) or editor.rng.random() >= rate else editor.word(w)
             for w in editor.cut(text))  # fmt: skip
    return "".join(words)


def read(path: Path) -> list[dict[str, Any]]:
    """Filings that have what an adapted copy changes."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [r for r in rows if r["fiscal_year"] and r["applicant"] and r["project_name"] and r["budget"].get("total")]


def make(path: Path, n_drafts: int, seed: int) -> Iterator[Adapted]:
    """Adapted copies of the filings of a file."""
    import rjieba

    rng = random.Random(seed)
    rows = read(path)
    text = "".join("".join(row["sections"].values()) for row in rows)
    editor = Editor(rng, sorted({w for w in rjieba.cut(text) if re.fullmatch(r"[\u4e00-\u9fff]+", w)}), rjieba.cut)
    for _ in range(n_drafts):
        source, other = rng.sample(rows, 2)
        yield adapt(rng, source, other, editor)


def findings(adapted: Adapted) -> list[tuple[str, str, int, int, str]]:
    """(what, section, start, end, certainty) that the finder says, each place once."""
    draft, source = (Filing.model_validate({**f, "id": ""}) for f in (adapted.draft, adapted.source))
    passages = find_reuse(fold_sections(draft.sections), [fold_sections(source.sections)])
    found = {(s.what, p.section, s.start, s.end, s.certainty) for p in passages for s in find_stale(draft, source, p)}
    return sorted(found)


def score(
    every: Sequence[tuple[Sequence[Left], Sequence[tuple[str, str, int, int, str]]]],
) -> dict[str, dict[str, float]]:
    """Precision and recall by kind, and of all together; precision also of what is called sure."""
    counts: Counter[tuple[str, str]] = Counter()
    for left, found in every:
        for what, section, start, end, certainty in found:
            right = any(
                one.what == what and one.section == section and one.start < end and start < one.end for one in left
            )
            for kind in (what, "all", certainty):
                counts[kind, "found"] += 1
                counts[kind, "right"] += right
        for one in left:
            hit = any(f[0] == one.what and f[1] == one.section and one.start < f[3] and f[2] < one.end for f in found)
            for kind in (one.what, "all"):
                counts[kind, "left"] += 1
                counts[kind, "hit"] += hit
    kinds = sorted({kind for kind, _ in counts})
    return {
        kind: {
            "precision": round(counts[kind, "right"] / max(1, counts[kind, "found"]), 4),
            **({"recall": round(counts[kind, "hit"] / counts[kind, "left"], 4)} if counts[kind, "left"] else {}),
            "planted": counts[kind, "left"],
        }
        for kind in kinds
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filings", nargs="?", type=Path, default=REPOSITORY / "tests" / "data" / "corpus_gold.jsonl")
    parser.add_argument("--drafts", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    figures = score([(a.left, findings(a)) for a in make(options.filings, options.drafts, options.seed)])
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
