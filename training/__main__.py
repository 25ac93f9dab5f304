"""`python -m training COMMAND`: all (data to model folder), evaluate (the built-in model), thesaurus."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
MODEL_FOLDER = REPOSITORY / "src" / "perfsearch" / "encoding" / "models" / "static"
THESAURUS = REPOSITORY / "src" / "perfsearch" / "text" / "thesaurus.tsv"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def make_model(arguments: argparse.Namespace) -> None:
    """Train from the data, write the model folder, measure it and write its card."""
    import torch

    from training import card, export, pipeline

    torch.set_num_threads(1)  # more is slower wherever the machine is shared: OpenMP spins
    started = time.monotonic()
    ground = pipeline.prepare(arguments.shared, arguments.wordnet, arguments.work, say)
    trained = pipeline.train(ground, arguments.work, say, arguments.jobs)
    minutes = (time.monotonic() - started) / 60
    shutil.rmtree(arguments.out, ignore_errors=True)
    fingerprint = export.write_model(arguments.out, ground.tokenizer, trained)
    scores = measure(arguments)
    (arguments.out / "README.md").write_text(card.write(fingerprint, ground.counts, scores, arguments.out, minutes))
    say(f"wrote {arguments.out} ({fingerprint}) after {minutes:.0f} minutes")


def measure(arguments: argparse.Namespace) -> dict[str, float]:
    """The scores of the model in `out`, printed as one JSON object."""
    from perfsearch.encoding.static import StaticEncoder
    from training import evaluate

    encoder = StaticEncoder(arguments.out, "perfsearch-static")
    scores = evaluate.Evaluation(arguments.shared, arguments.work).run(encoder.encode)
    passages = evaluate.distractor_passages(arguments.shared, arguments.work)
    scores["passages a processor second"] = evaluate.speed(encoder.encode, passages)
    print(json.dumps({name: round(value, 2) for name, value in scores.items()}, indent=1))
    return scores


def make_thesaurus(arguments: argparse.Namespace) -> None:
    """Write the thesaurus from the register, both wordings and wordnet."""
    from perfsearch.encoding.static import StaticEncoder
    from training import sources, thesaurus

    encoder = StaticEncoder(arguments.out, "perfsearch-static")
    rows = thesaurus.build(arguments.shared, encoder.encode, sources.read_register(arguments.shared / "data"))
    thesaurus.write(THESAURUS, rows)
    say(f"wrote {len(rows)} terms with {sum(len(words) for _, words in rows)} words to {THESAURUS}")


COMMANDS = {"all": make_model, "evaluate": measure, "thesaurus": make_thesaurus}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared", help="folder with data/ and gold/")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "build" / "training", help="cache, not committed")
    parser.add_argument(
        "--wordnet",
        type=Path,
        default=Path("/usr/share/wordnet"),
        help="data files of Princeton WordNet 3.0 (Debian: wordnet-base)",
    )
    parser.add_argument("--out", type=Path, default=MODEL_FOLDER, help="the model folder")
    parser.add_argument("--jobs", type=int, default=2, help="training runs at a time, one thread each")
    arguments = parser.parse_args()
    if not (arguments.shared / "data").is_dir():
        parser.error(f"{arguments.shared} has no data folder; give --shared")
    COMMANDS[arguments.command](arguments)


if __name__ == "__main__":
    main()
