"""Print the sample corpus: `python -m tests.rendering.write_corpus` writes `corpus/*.txt` from `tests/data`.

The print is deterministic: the style of a file is drawn from its name, so that a new filing changes no other file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from zlib import crc32

from tests.rendering.files import encode, render_file
from tests.rendering.records import Record, by_file, load_records
from tests.rendering.style import Style, random_style

CORPUS = Path(__file__).resolve().parent.parent.parent / "corpus"


@dataclass(frozen=True)
class Bytes:
    """How a file is stored: its encoding, byte order mark and line ends."""

    encoding: str = "utf-8"
    bom: bool = False
    newline: str = "\n"


STORED: dict[str, Bytes] = {
    "danganguan-shuzihua-2020-2022.txt": Bytes(encoding="gb18030", newline="\r\n"),
    "yingji-fengxian-pucha-2021.txt": Bytes(encoding="gb18030"),
    "jiguan-wuye-2023.txt": Bytes(bom=True, newline="\r\n"),
    "tushuguan-liudong-2023.txt": Bytes(bom=True),
}
"""The files that are not plain UTF-8."""

AROUND: dict[str, tuple[str, str]] = {
    "jiguan-shiwu-2020-2021.txt": (
        "云江市机关事务管理局\n部门预算项目绩效目标公开材料\n\n",
        "\n填报人：陈工　　联系电话：略\n",
    ),
    "kexie-kepu-zhuanxiang-2023.txt": ("附件3\n2023年市级部门预算项目支出绩效目标公开表\n\n", "\n第 12 页 共 12 页\n"),
    "linjiang-chengguan-gongce-2022.txt": ("附件：\n\n", "\n注：本表由项目实施单位填报，主管部门审核后报财政部门。\n"),
}
"""Text that stands before and after the filings of a file."""


def style_of(name: str) -> Style:
    """The style of a corpus file: any of the real layouts, none of the rarest variants."""
    style = random_style(Random(crc32(name.encode())))
    style = replace(style, centred=False, fullwidth_digits=False, separator="\t", page_numbers=False)
    return replace(style, wide_spaces=False, spaced_labels=False, spans=False, entities=False)


def print_file(name: str, records: Sequence[Record]) -> bytes:
    """The bytes of one corpus file."""
    style = style_of(name)
    styles = [replace(style, seed=style.seed + number) for number in range(len(records))]
    before = "\n\n" if style.layout == "tabular" else f"{style.seed % 80 + 2}\n\n"
    between = "\n" if style.layout == "tabular" else " "
    stored = STORED.get(name, Bytes())
    before, after = AROUND.get(name, (before, ""))
    text = render_file(records, styles, before=before, between=between, after=after)
    return encode(text, stored.encoding, bom=stored.bom, newline=stored.newline)


def main() -> None:
    """Write every file of the corpus, and remove those that no filing names any more."""
    files = by_file(load_records())
    CORPUS.mkdir(exist_ok=True)
    for path in CORPUS.glob("*.txt"):
        if path.name not in files:
            path.unlink()
    for name, records in files.items():
        (CORPUS / name).write_bytes(print_file(name, records))


if __name__ == "__main__":
    main()
