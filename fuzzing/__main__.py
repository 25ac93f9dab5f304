"""Run `python -m fuzzing SECONDS [READER ...]`: each reader in a process of its own, for its share of the time.

What breaks a reader is left in `fuzzing/found/READER/`, and the exit code is 1. Whoever mends it gives it a test.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from fuzzing.seeds import FORMATS, SHEET_PART, WORD_PART, part_of, seeds

FOUND = Path(__file__).parent / "found"
INPUT_SECONDS_MAX = 20
"""An input that takes longer is a finding: the largest seed takes 0.3 s under instrumentation."""
INPUT_BYTES_MAX = 40_000
MEMORY_MB_MAX = 2_048


def main(arguments: list[str]) -> int:
    """Fuzz the readers named, or all, one after the other."""
    seconds = int(arguments[0])
    readers = arguments[1:] or list(FORMATS)
    found = 0
    for reader in readers:
        deadline = time.monotonic() + seconds / len(readers)
        folder = FOUND / reader
        corpus = FOUND / "corpus" / reader
        folder.mkdir(parents=True, exist_ok=True)
        _write_seeds(reader, corpus)
        before = _count(folder)
        while (left := int(deadline - time.monotonic())) > 1:
            # libFuzzer ends with the first finding; it begins again until the time is up.
            code = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "fuzzing.harness",
                    reader,
                    f"-max_total_time={left}",
                    f"-timeout={INPUT_SECONDS_MAX}",
                    f"-max_len={INPUT_BYTES_MAX}",
                    f"-rss_limit_mb={MEMORY_MB_MAX}",
                    f"-artifact_prefix={folder}/",
                    "-print_final_stats=1",
                    "-verbosity=1",
                    str(corpus),
                ],
                check=False,
            ).returncode
            if code == 0:
                break
        new = _count(folder) - before
        found += new
        print(f"{reader}: {new} findings", flush=True)
    return 1 if found else 0


def _count(folder: Path) -> int:
    """Findings; a unit that was slow because the machine was busy is none."""
    return sum(1 for path in folder.iterdir() if not path.name.startswith("slow-unit"))


def _write_seeds(reader: str, corpus: Path) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(reader)):
        (corpus / f"seed-{number}").write_bytes(seed)
        part = {"docx": WORD_PART, "xlsx": SHEET_PART}.get(reader)
        if part is not None:
            (corpus / f"part-{number}").write_bytes(part_of(seed, part))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
