"""Writes src/perfsearch/text/readings.tsv: the usual reading of the 6,763 characters of GB 2312, without tones.

    pip install pypinyin
    python scripts/build_readings.py

The readings are those of pypinyin's table (MIT licence), the first one where a character has several.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src" / "perfsearch" / "text" / "readings.tsv"


def main() -> None:
    """Write the table: a syllable a line, a tab, its characters."""
    from pypinyin import lazy_pinyin

    characters: dict[str, list[str]] = defaultdict(list)
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                character = bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            characters[lazy_pinyin(character)[0]].append(character)
    lines = [f"{syllable}\t{''.join(characters[syllable])}\n" for syllable in sorted(characters)]
    TARGET.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
