"""Filings with planted copies whose places are known, and plagdet (Potthast et al., PAN 2010) over what was found.

A draft is a filing into which passages of library filings were put: verbatim, edited (5 to 35 % of the words, numbers,
years, clauses, punctuation), updated (only years, amounts, units, places, width and punctuation are others), with the
sentences in another order, or from two sources in turns. `apart` keeps of some filings those that share nothing: where
the texts under the copies have copies of their own, precision says little.
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

from perfsearch.extract.fingerprints import fold, gram_hashes

KINDS = ("verbatim", "edited", "updated", "reordered", "merged")
EDITED_MIN = 40
"""Shorter passages are planted as they are only: with a third of the words replaced nothing of them can be known."""

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
_ORGANISATION = re.compile(r"(?<=[。，、；由向与和及])[\u4e00-\u9fff]{2,8}(?:局|委员会|协会|中心|办公室|街道)")
_ORGANISATIONS = ("民政局", "水务局", "体育局", "档案馆", "科学技术协会", "教育局", "卫生健康委员会", "应急管理局", "云山街道")  # fmt: skip
_YEAR = re.compile(r"(?<!\d)20[012]\d(?!\d)")
_NUMBER = re.compile(r"(?<![\d.])\d{1,6}(?![\d.])")
_WIDE = str.maketrans("0123456789,;:()", "０１２３４５６７８９，；：（）")
_NARROW = str.maketrans("，；：（）", ",;:()")
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


@dataclass(frozen=True)
class Recipe:
    """How drafts are made: characters of a passage, share of words changed, passages a draft, how often two touch."""

    low: int = 40
    high: int = 400
    rates: tuple[float, float] = (0.05, 0.3)
    passages_max: int = 3
    clean_share: float = 0.2
    beside_share: float = 0.0
    kinds: tuple[str, ...] = KINDS


RECIPES = {
    "usual": Recipe(),
    "short": Recipe(low=13, high=80, passages_max=5),
    "long": Recipe(low=150, high=600, rates=(0.15, 0.35)),
    "crowded": Recipe(low=30, high=250, rates=(0.05, 0.35), passages_max=6, clean_share=0.05, beside_share=0.5),
}


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

    def update(self, text: str) -> str:
        """Another year, amounts, units and places; width and marks as another editor types them."""
        rng = self.rng
        shift = rng.randint(1, 5)
        text = _YEAR.sub(lambda m: str(int(m[0]) + shift), text)
        text = _NUMBER.sub(lambda m: str(rng.randint(1, 10 ** len(m[0]))) if rng.random() < 0.6 else m[0], text)
        text = _ORGANISATION.sub(lambda m: rng.choice(_ORGANISATIONS) if rng.random() < 0.7 else m[0], text)
        for place in PLACES:
            text = text.replace(place, rng.choice(PLACES))
        choice = rng.random()
        if choice < 0.35:
            text = text.translate(_WIDE)
        elif choice < 0.7:
            text = text.translate(_NARROW)
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


Planted = tuple[str, list[tuple[int, int, str, str, int, int]]]
"""The text to put in, and (start, end in it, source id, section, start, end) of the copies that it holds."""


def plant(
    rng: random.Random, kind: str, editor: Editor, library: Sequence[dict[str, Any]], recipe: Recipe
) -> Planted | None:
    """A passage of a filing drawn from the library; None where that has none that is long enough."""
    source = rng.choice(library)
    least = {"verbatim": recipe.low, "edited": max(recipe.low, EDITED_MIN), "updated": max(recipe.low, EDITED_MIN)}
    low = least.get(kind, max(recipe.low, 100))
    found = pick(rng, source, low, max(low, recipe.high))
    if found is None:
        return None
    name, start, end = found
    text = source["sections"][name][start:end]
    rate = rng.uniform(*recipe.rates)
    if kind == "merged":
        other = rng.choice([f for f in library if f["id"] != source["id"]])
        second = pick(rng, other, low, max(low, recipe.high))
        return None if second is None else _in_turns((source, *found), (other, *second))
    if kind == "reordered":
        parts = [text[a:b] for a, b in sentences(text)]
        if len(parts) < 3:
            return None
        order = list(range(len(parts)))
        while order == sorted(order):
            rng.shuffle(order)
        rate = rng.choice((0.0, 0.0, 0.1))
        text = "".join(editor.edit(parts[i], rate) if rate else parts[i] for i in order)
    elif kind == "edited":
        text = editor.edit(text, rate)
    elif kind == "updated":
        text = editor.update(text)
    return text, [(0, len(text), source["id"], name, start, end)]


def _in_turns(*sources: tuple[dict[str, Any], str, int, int]) -> Planted | None:
    """The sentences of two passages in turns."""
    parts = []
    for filing, name, start, end in sources:
        text = filing["sections"][name][start:end]
        parts.append([(filing["id"], name, start + a, start + b, text[a:b]) for a, b in sentences(text)])
    if min(map(len, parts)) < 2:
        return None
    out, copies = "", []
    for pair in zip(*parts, strict=False):
        for source, name, start, end, text in pair:
            copies.append((len(out), len(out) + len(text), source, name, start, end))
            out += text
    return out, [c for c in copies if c[1] - c[0] >= 15]


def make_drafts(
    hosts: Sequence[dict[str, Any]],
    library: Sequence[dict[str, Any]],
    editor: Editor,
    rng: random.Random,
    recipe: Recipe = RECIPES["usual"],
) -> list[Draft]:
    """A draft of every host, passages planted in each but a share of them."""
    drafts = []
    for host in hosts:
        draft = Draft(json.loads(json.dumps(host, ensure_ascii=False)))
        names = sorted(name for name, text in host["sections"].items() if text)
        if rng.random() >= recipe.clean_share:
            for name in rng.sample(names, min(len(names), rng.randint(1, recipe.passages_max))):
                _put_in(rng, draft, name, editor, library, recipe)
        drafts.append(draft)
    return drafts


def _put_in(
    rng: random.Random, draft: Draft, name: str, editor: Editor, library: Sequence[dict[str, Any]], recipe: Recipe
) -> None:
    """Plant one passage, or two that touch, between two sentences of a section."""
    host_text = draft.filing["sections"][name]
    at = rng.choice([0, *(b for _, b in sentences(host_text))])
    put = ""
    for _ in range(2 if rng.random() < recipe.beside_share else 1):
        kind = rng.choice(recipe.kinds)
        planted = None
        while planted is None:
            planted = plant(rng, kind, editor, library, recipe)
        text, copies = planted
        offset = at + len(put)
        draft.copies += [
            Copy(kind, name, offset + a, offset + b, source, section, c, d) for a, b, source, section, c, d in copies
        ]
        put += text
    draft.filing["sections"][name] = host_text[:at] + put + host_text[at:]


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


def apart(filings: Iterable[dict[str, Any]], run: int) -> list[dict[str, Any]]:
    """The filings that share no run of so many letters, digits and ideographs with one before them."""
    seen: set[int] = set()
    kept = []
    for filing in filings:
        grams: set[int] = set()
        for text in filing["sections"].values():
            grams.update(gram_hashes(fold(text).codes, run).tolist())
        if seen.isdisjoint(grams):
            kept.append(filing)
        seen |= grams
    return kept


def make(
    paths: Sequence[Path], n_drafts: int, seed: int, recipe: Recipe = RECIPES["usual"], run: int = 0
) -> tuple[list[dict[str, Any]], list[Draft]]:
    """(library, drafts) of the filings in these files; with `run` of those that are `apart` by it."""
    import rjieba

    rng = random.Random(seed)
    filings = [f for path in paths for f in read(path)]
    rng.shuffle(filings)
    if run:
        filings = apart(filings, run)
    hosts, library = filings[:n_drafts], filings[n_drafts:]
    text = "".join("".join(f["sections"].values()) for f in library[:200])
    vocabulary = sorted({w for w in rjieba.cut(text) if re.fullmatch(r"[\u4e00-\u9fff]+", w)})
    return library, make_drafts(hosts, library, Editor(rng, vocabulary, rjieba.cut), rng, recipe)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("filings", nargs="+", type=Path, help="JSON-lines files of filings")
    parser.add_argument("--drafts", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recipe", choices=RECIPES, default="usual")
    parser.add_argument("--apart", type=int, default=0, help="characters of a run that no two base filings share")
    parser.add_argument("--out", type=Path, required=True, help="folder for library.jsonl, drafts.jsonl, copies.jsonl")
    options = parser.parse_args()
    library, drafts = make(options.filings, options.drafts, options.seed, RECIPES[options.recipe], options.apart)
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
