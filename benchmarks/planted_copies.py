"""Filings with planted copies whose places are known, and plagdet (Potthast et al., PAN 2010) over what was found.

A draft is a filing of public prose into which passages of library filings were put: verbatim, edited (5 to 30 % of
the words, numbers, years, clauses, punctuation), with the sentences in another order, or from two sources in turns.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS = ("verbatim", "edited", "reordered", "merged")

SYNONYMS = (
    ("加强", "强化", "增强"), ("开展", "组织", "进行", "实施"), ("推进", "推动", "促进"), ("提高", "提升", "改善"),
    ("建设", "打造", "构建"), ("完善", "健全", "优化"), ("保障", "确保", "保证"), ("重要", "关键", "重大"),
    ("全面", "全方位", "整体"), ("工作", "任务", "事务"), ("企业", "公司", "厂商"), ("群众", "百姓", "居民", "市民"),
    ("发展", "进步", "成长"), ("服务", "保障", "帮助"), ("管理", "治理", "管控"), ("活动", "行动", "项目"),
    ("问题", "难题", "困难"), ("需要", "必须", "须"), ("进一步", "更加", "持续"), ("积极", "主动", "大力"),
    ("围绕", "聚焦", "针对"), ("通过", "借助", "利用"), ("根据", "依据", "按照"), ("目前", "现在", "当前"),
    ("同时", "此外", "并且"), ("以及", "和", "与"), ("机制", "制度", "体系"), ("实现", "达到", "完成"),
    ("支持", "扶持", "支撑"), ("深入", "扎实", "深化"), ("有效", "切实", "有力"), ("部门", "单位", "机构"),
    ("方式", "办法", "途径"), ("标准", "规范", "准则"), ("情况", "状况", "形势"), ("提供", "给予", "供给"),
)  # fmt: skip
PLACES = ("上海市", "杭州市", "成都市", "武汉市", "西安市", "南京市", "长沙市", "合肥市", "济南市", "郑州市", "昆明市")
_SENTENCE = re.compile(r"[^。！？；]+[。！？；]?")
_CLAUSE = re.compile(r"[^，,]+[，,]?")


@dataclass(frozen=True)
class Copy:
    """A planted copy: span of the draft's section, span of the source's section."""

    kind: str
    section: str
    start: int
    end: int
    source: str
    source_section: str
    source_start: int
    source_end: int


@dataclass
class Draft:
    """A filing as JSON, and what was planted in it."""

    filing: dict[str, Any]
    copies: list[Copy] = field(default_factory=list)


class Editor:
    """Changes a text as people do who do not want to be found; `vocabulary` gives words where it knows no synonym."""

    def __init__(self, rng: random.Random, vocabulary: Sequence[str], cut: Callable[[str], Iterable[str]]) -> None:
        self.rng = rng
        self.cut = cut
        self.by_length: dict[int, list[str]] = defaultdict(list)
        for word in vocabulary:
            self.by_length[len(word)].append(word)
        self.synonyms: dict[str, tuple[str, ...]] = {}
        for group in SYNONYMS:
            for word in group:
                self.synonyms.setdefault(word, tuple(w for w in group if w != word))

    def word(self, word: str) -> str:
        if word in self.synonyms:
            return self.rng.choice(self.synonyms[word])
        return self.rng.choice(self.by_length.get(len(word)) or [word])

    def edit(self, text: str, rate: float) -> str:
        rng = self.rng
        out: list[str] = []
        for word in self.cut(text):
            if re.fullmatch(r"\d+", word):
                if rng.random() < 0.5:
                    word = str(int(word) + rng.randint(1, 5)) if len(word) < 9 else word
            elif re.fullmatch(r"\w+", word) and rng.random() < rate:
                choice = rng.random()
                if choice < 0.7:
                    word = self.word(word)
                elif choice < 0.85:
                    word = ""
                else:
                    word += self.rng.choice(self.by_length[2])
            elif word in "，。、；" and rng.random() < rate / 2:
                word = {"，": ",", "。": "；", "、": "，", "；": "。"}[word]
            out.append(word)
        text = "".join(out)
        for place in PLACES:
            if place in text and rng.random() < 0.5:
                text = text.replace(place, rng.choice(PLACES))
        if rng.random() < 0.4:
            text = "".join(self.swap_clauses(s) for s in _SENTENCE.findall(text))
        return text

    def swap_clauses(self, sentence: str) -> str:
        end = sentence[-1] if sentence[-1] in "。！？；" else ""
        clauses = [c.rstrip("，,") for c in _CLAUSE.findall(sentence[: len(sentence) - len(end)])]
        if len(clauses) > 2 and self.rng.random() < 0.5:
            at = self.rng.randrange(1, len(clauses) - 1)
            clauses[at], clauses[at + 1] = clauses[at + 1], clauses[at]
        return "，".join(clauses) + end


def sentences(text: str) -> list[tuple[int, int]]:
    return [m.span() for m in _SENTENCE.finditer(text)]


def pick(rng: random.Random, filing: dict[str, Any], low: int, high: int) -> tuple[str, int, int] | None:
    """A stretch of whole sentences, or one cut anywhere, of a section long enough."""
    names = [n for n, t in filing["sections"].items() if len(t) >= low]
    if not names:
        return None
    name = rng.choice(names)
    text = filing["sections"][name]
    length = rng.randint(low, min(high, len(text)))
    if rng.random() < 0.3:
        start = rng.randint(0, len(text) - length)
        return name, start, start + length
    spans = sentences(text)
    first = rng.randrange(len(spans))
    last = first
    while last + 1 < len(spans) and spans[last][1] - spans[first][0] < length:
        last += 1
    if spans[last][1] - spans[first][0] < low:
        return None
    return name, spans[first][0], spans[last][1]


def plant(
    rng: random.Random, kind: str, editor: Editor, library: Sequence[dict[str, Any]], low: int, high: int
) -> tuple[str, list[tuple[int, int, str, str, int, int]]] | None:
    """The text to put in, and (start, end in it, source id, section, start, end) of the copies that it holds."""
    source = rng.choice(library)
    if kind in ("verbatim", "edited"):
        found = pick(rng, source, low, high)
        if found is None:
            return None
        name, start, end = found
        text = source["sections"][name][start:end]
        if kind == "edited":
            text = editor.edit(text, rng.uniform(0.05, 0.3))
        return text, [(0, len(text), source["id"], name, start, end)]
    found = pick(rng, source, max(low, 100), high)
    if found is None:
        return None
    name, start, end = found
    text = source["sections"][name][start:end]
    parts = [text[a:b] for a, b in sentences(text)]
    if len(parts) < 3:
        return None
    if kind == "reordered":
        order = list(range(len(parts)))
        while order == sorted(order):
            rng.shuffle(order)
        rate = rng.choice((0.0, 0.0, 0.1))
        text = "".join(editor.edit(parts[i], rate) if rate else parts[i] for i in order)
        return text, [(0, len(text), source["id"], name, start, end)]
    other = rng.choice([f for f in library if f["id"] != source["id"]])
    second = pick(rng, other, max(low, 100), high)
    if second is None:
        return None
    other_parts = [other["sections"][second[0]][second[1] : second[2]][a:b] for a, b in
                   sentences(other["sections"][second[0]][second[1] : second[2]])]  # fmt: skip
    out, copies, at_a, at_b = "", [], start, second[1]
    for a, b in zip(parts, other_parts, strict=False):
        copies.append((len(out), len(out) + len(a), source["id"], name, at_a, at_a + len(a)))
        out, at_a = out + a, at_a + len(a)
        copies.append((len(out), len(out) + len(b), other["id"], second[0], at_b, at_b + len(b)))
        out, at_b = out + b, at_b + len(b)
    return out, [c for c in copies if c[1] - c[0] >= 15]


def make_drafts(
    hosts: Sequence[dict[str, Any]], library: Sequence[dict[str, Any]], editor: Editor, rng: random.Random,
    clean_share: float = 0.2, low: int = 40, high: int = 400,
) -> list[Draft]:  # fmt: skip
    """A draft of every host, one to three passages planted in each but `clean_share` of them."""
    drafts = []
    for host in hosts:
        filing = json.loads(json.dumps(host, ensure_ascii=False))
        draft = Draft(filing)
        if rng.random() >= clean_share:
            for name in rng.sample(sorted(filing["sections"]), min(len(filing["sections"]), rng.randint(1, 3))):
                kind = rng.choice(KINDS)
                planted = None
                while planted is None:
                    planted = plant(rng, kind, editor, library, low, high)
                text, copies = planted
                host_text = filing["sections"][name]
                spans = sentences(host_text)
                at = rng.choice([0, *(b for _, b in spans)]) if spans else 0
                filing["sections"][name] = host_text[:at] + text + host_text[at:]
                draft.copies += [
                    Copy(kind, name, at + a, at + b, source, section, c, d) for a, b, source, section, c, d in copies
                ]
        drafts.append(draft)
    return drafts


@dataclass(frozen=True)
class Found:
    """A detection, in the words of `Copy`."""

    section: str
    start: int
    end: int
    source: str
    source_section: str
    source_start: int
    source_end: int


def _overlap(a: int, b: int, c: int, d: int) -> int:
    return max(0, min(b, d) - max(a, c))


def _detects(found: Found, copy: Copy) -> bool:
    return (
        found.section == copy.section and found.source == copy.source and found.source_section == copy.source_section
        and _overlap(found.start, found.end, copy.start, copy.end) > 0
        and _overlap(found.source_start, found.source_end, copy.source_start, copy.source_end) > 0
    )  # fmt: skip


def _union(spans: list[tuple[int, int]]) -> int:
    total, reach = 0, -1
    for start, end in sorted(spans):
        total += max(0, end - max(start, reach))
        reach = max(reach, end)
    return total


def _share(item: Any, others: Sequence[Any]) -> float:
    """The share of an item's characters, on both sides, that the others have."""
    spans_a = [(max(item.start, o.start), min(item.end, o.end)) for o in others]
    spans_b = [(max(item.source_start, o.source_start), min(item.source_end, o.source_end)) for o in others]
    size = item.end - item.start + item.source_end - item.source_start
    spans_a, spans_b = [s for s in spans_a if s[1] > s[0]], [s for s in spans_b if s[1] > s[0]]
    return (_union(spans_a) + _union(spans_b)) / size if size else 0.0


def score(results: Iterable[tuple[Sequence[Copy], Sequence[Found]]]) -> dict[str, float]:
    """plagdet, macro precision and recall in characters, granularity, and the recall of each kind."""
    precisions: list[float] = []
    sizes: list[int] = []
    recalls: dict[str, list[float]] = defaultdict(list)
    detections: list[int] = []
    for copies, found in results:
        for f in found:
            precisions.append(_share(f, [c for c in copies if _detects(f, c)]))
            sizes.append(f.end - f.start)
        for c in copies:
            mine = [f for f in found if _detects(f, c)]
            recalls[c.kind].append(_share(c, mine))
            if mine:
                detections.append(len(mine))
    every = [r for kind in recalls.values() for r in kind]
    precision = sum(precisions) / len(precisions) if precisions else 0.0
    recall = sum(every) / len(every) if every else 0.0
    granularity = sum(detections) / len(detections) if detections else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    micro = sum(p * s for p, s in zip(precisions, sizes, strict=True)) / max(1, sum(sizes))
    return {
        "plagdet": f1 / math.log2(1 + granularity), "precision": precision, "precision_micro": micro, "recall": recall,
        "granularity": granularity, **{f"recall_{k}": sum(v) / len(v) for k, v in sorted(recalls.items())},
    }  # fmt: skip


def read(path: Path) -> list[dict[str, Any]]:
    """Filings of a JSON-lines file, each with an id."""
    filings = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            filing = json.loads(line)
            filing["id"] = filing.get("id") or f"{path.stem}-{number:06d}"
            filings.append(filing)
    return filings


def make(paths: Sequence[Path], n_drafts: int, seed: int) -> tuple[list[dict[str, Any]], list[Draft]]:
    """(library, drafts) of the filings in these files."""
    import rjieba

    rng = random.Random(seed)
    filings = [f for path in paths for f in read(path)]
    rng.shuffle(filings)
    hosts, library = filings[:n_drafts], filings[n_drafts:]
    text = "".join("".join(f["sections"].values()) for f in library[:200])
    vocabulary = sorted({w for w in rjieba.cut(text) if re.fullmatch(r"[\u4e00-\u9fff]+", w)})
    return library, make_drafts(hosts, library, Editor(rng, vocabulary, rjieba.cut), rng)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("filings", nargs="+", type=Path, help="JSON-lines files of filings")
    parser.add_argument("--drafts", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder for library.jsonl, drafts.jsonl, copies.jsonl")
    options = parser.parse_args()
    library, drafts = make(options.filings, options.drafts, options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, rows in (
        ("library", library),
        ("drafts", [d.filing for d in drafts]),
        ("copies", [{"filing": d.filing["id"], **vars(c)} for d in drafts for c in d.copies]),
    ):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (options.out / f"{name}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
