"""Measure the paraphrase matches: sentences planted in everyday words, and the thresholds that suit the encoder.

Half of the sentences of `paraphrases.tsv` stand in a library, among the sample filings; every draft holds some of their
paraphrases, paraphrases of sentences that no filing has, and sentences of a sample filing on another subject. A match is
right if it joins a paraphrase to the sentence that it was made from. Run again for another encoder:

    python -m benchmarks.paraphrases [--seed 1] [--model NAME_OR_PATH]
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path
from typing import Any

from perfsearch import load_encoder
from perfsearch.library import Library
from perfsearch.model import Filing
from perfsearch.queries import duplicates_paraphrase
from perfsearch.queries.duplicates import duplicates

PAIRS = Path(__file__).with_name("paraphrases.tsv")
GOLD = Path(__file__).resolve().parent.parent / "tests" / "data" / "corpus_gold.jsonl"
SECTIONS = ("overview", "necessity", "plan", "goals")
A_SECTION = 3
"""Pairs in a section, of a filing of the library as of a draft."""


def read_pairs(path: Path = PAIRS) -> list[tuple[str, str]]:
    """(sentence as a filing has it, the same in everyday words)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(official, everyday) for official, everyday in (line.split("\t") for line in lines)]


def _filing(number: int, sections: dict[str, str]) -> Filing:
    return Filing.model_validate(
        {
            "id": "", "source": {"file": f"{number}.txt", "index": 0}, "form": "shanghai-2020", "fiscal_year": 2020,
            "applicant": f"第{number}单位", "project_name": f"第{number}项", "budget": {}, "sections": sections,
        }
    )  # fmt: skip


def make(seed: int) -> tuple[list[Filing], list[tuple[Filing, dict[str, str]]]]:
    """(library, (draft, the source sentence of each paraphrase in it that has one))."""
    rng = random.Random(seed)
    pairs = read_pairs()
    rng.shuffle(pairs)
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    rng.shuffle(rows)
    known, unknown = pairs[: len(pairs) // 2], pairs[len(pairs) // 2 :]
    library = [Filing.model_validate({**row, "id": "", "citations": []}) for row in rows[10:]]
    groups = [known[i : i + A_SECTION] for i in range(0, len(known), A_SECTION)]
    for number, group in enumerate(groups):
        library.append(_filing(number, {rng.choice(SECTIONS): "".join(official for official, _ in group)}))
    drafts = []
    rng.shuffle(known)
    for number, start in enumerate(range(0, len(known), A_SECTION)):
        planted, others = known[start : start + A_SECTION], unknown[start : start + A_SECTION]
        texts = [everyday for _, everyday in planted + others]
        rng.shuffle(texts)
        sections = {**rows[number % 10]["sections"], rng.choice(SECTIONS): "".join(texts)}
        sources = {everyday: official for official, everyday in planted}
        drafts.append((_filing(1_000 + number, sections), sources))
    return library, drafts


def measure(seed: int, model: str | None = None) -> dict[str, Any]:
    """Precision and recall of the paraphrase matches with the thresholds as they are."""
    library_rows, drafts = make(seed)
    right = found = planted = 0
    with tempfile.TemporaryDirectory() as folder:
        encoder = load_encoder(model) if model else None
        with Library.open(folder, encoder=encoder) as library:
            library.add_filings(library_rows)
            view = library.view()
            for draft, sources in drafts:
                matches = [m for m in duplicates(view, draft).matches if m.kind == "paraphrase"]
                pairs = {(m.text, m.source_text) for m in matches}
                found += len(pairs)
                right += len(pairs & set(sources.items()))
                planted += len(sources)
    return {"precision": right / found if found else 1.0, "recall": right / planted, "found": found, "planted": planted}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default=None)
    parser.add_argument("--steps", action="store_true", help="also with other thresholds")
    options = parser.parse_args()
    print(json.dumps(measure(options.seed, options.model)))
    for above in (0.25, 0.35, 0.4, 0.45, 0.5, 0.55, 0.65) if options.steps else ():
        duplicates_paraphrase.ABOVE_OTHERS = above
        print(above, json.dumps(measure(options.seed, options.model)), flush=True)


if __name__ == "__main__":
    main()
