"""Large corpora of filings, deterministic for a seed: ten chunks a filing, with the word statistics of real prose.

    python -m benchmarks.generate FILINGS OUT.jsonl [SEED]

Sentences of the sample corpus are recombined, and in every sentence some words are replaced: common words by words of
similar frequency drawn from a Zipf distribution over jieba's dictionary (so that the vocabulary grows with the corpus
as it does in prose), and names, years and amounts by fresh ones. Titles in 《》 and document numbers stay: filings cite
the same documents.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
SECTIONS = ("overview", "basis", "necessity", "safeguards", "plan", "goals")
SECTION_LENGTH = 240
"""Characters: one chunk a section, so that with the header and three groups of indicators a filing has ten chunks."""

_SENTENCE = re.compile(r"[^。；\n]{6,}[。；]")
_CITIES = [
    "云江",
    "临川",
    "望海",
    "青岭",
    "白沙",
    "平湖",
    "安澜",
    "长宁",
    "定远",
    "东岭",
    "西泽",
    "南屿",
    "北原",
    "新渡",
    "石门",
    "清河",
    "广陵",
    "永安",
    "嘉禾",
    "丰泽",
]
_BODIES = [
    "科学技术协会",
    "教育局",
    "水务局",
    "卫生健康委员会",
    "交通运输局",
    "文化和旅游局",
    "民政局",
    "应急管理局",
    "体育局",
    "农业农村局",
    "公安局",
    "档案馆",
]
_WORD = re.compile(r"[一-鿿]{2,4}")
_CHANGING = re.compile(
    r"(?P<cited>《[^《》]{2,60}》|[一-鿿]{0,10}[〔﹝\[(（]\s?\d{4}\s?[〕﹞\])）]\s?第?\d{1,5}\s?号?)"
    r"|(?P<number>(?<!\d)\d{2,6}(?!\d))"
    r"|[一-鿿]{2,4}"
)


def generate(filings: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Filings in the shape that `perfsearch add` takes from a `.jsonl` file."""
    rng = random.Random(seed)
    samples = _samples()
    sentences = [s for sample in samples for text in sample["sections"].values() for s in _SENTENCE.findall(text)]
    indicators = [sample["indicators"] for sample in samples if len(sample["indicators"]) >= 8]
    words = _dictionary()
    for number in range(filings):
        year = rng.randint(2012, 2026)
        amount = rng.randint(5, 90_000) * 1_000
        sections = {section: _passage(rng, sentences, words) for section in SECTIONS}
        yield {
            "source": {"file": f"generated-{number:07d}.txt", "index": 0},
            "form": "shanghai-2020",
            "fiscal_year": year,
            "applicant": f"{rng.choice(_CITIES)}市{_draw(rng, words)}区{rng.choice(_BODIES)}",
            "project_name": f"{_draw(rng, words)}{_draw(rng, words)}{rng.choice(('项目', '工程', '服务', '经费'))}{number}",
            "category": rng.choice(("其他一次性项目", "经常性项目", "基本建设项目")),
            "performance_type": "其他类",
            "start_date": f"{year}-01-01",
            "end_date": f"{year}-12-31",
            "government_procurement": rng.random() < 0.3,
            "budget": {"total": amount, "current_year": amount, "previous_year": None, "previous_year_executed": None},
            "sections": sections,
            "indicators": rng.choice(indicators),
        }


def _samples() -> list[dict[str, Any]]:
    lines = (REPOSITORY / "tests" / "data" / "corpus_gold.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _dictionary() -> list[str]:
    """jieba's words of two to four characters, most frequent first."""
    import jieba

    path = Path(jieba.__file__).with_name("dict.txt")
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    chosen = [
        (int(row[1]), row[0]) for row in rows if len(row) >= 2 and 2 <= len(row[0]) <= 4 and _WORD.fullmatch(row[0])
    ]
    return [word for _, word in sorted(chosen, reverse=True)]


def _draw(rng: random.Random, words: list[str]) -> str:
    """A word by Zipf's law: rank r with a probability in proportion to 1/r."""
    return words[int(len(words) ** rng.random()) - 1]


def _passage(rng: random.Random, sentences: list[str], words: list[str]) -> str:
    parts: list[str] = []
    length = 0
    while length < SECTION_LENGTH - 30:
        # One word in four is another, so that no two passages share a sentence.
        sentence = _CHANGING.sub(lambda match: _changed(match, rng, words), rng.choice(sentences))
        parts.append(sentence[: SECTION_LENGTH - length])
        length += len(parts[-1])
    return "".join(parts)


def _changed(match: re.Match[str], rng: random.Random, words: list[str]) -> str:
    if match["cited"]:
        return match[0]
    if match["number"]:
        return str(rng.randint(1, 10 ** len(match[0])))
    return match[0] if rng.random() >= 0.25 else _draw(rng, words)


def main() -> None:
    """Write a corpus as the command line says."""
    count, out = int(sys.argv[1]), Path(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    with out.open("w", encoding="utf-8") as target:
        for filing in generate(count, seed):
            target.write(json.dumps(filing, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
