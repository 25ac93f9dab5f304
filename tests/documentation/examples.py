"""The examples of a document: fenced blocks of `$ perfsearch …` commands and what they print.

`python -m tests.documentation.examples` runs them on the sample corpus and writes what they print into the documents.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from pathlib import Path

from click.testing import CliRunner

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = ("README.md", "README.zh-CN.md")
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_MILLISECONDS = re.compile(r"用时 \d+ 毫秒")
_SCORE = re.compile(r"(?<=  )\d\.\d{3}(?=\n)")


def commands(document: str) -> list[tuple[list[str], str]]:
    """(arguments after `perfsearch`, printed text) of every command of a document, in order."""
    found = []
    for block in _BLOCK.findall(document):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, printed = part.partition("\n")
            arguments = shlex.split(line)
            assert arguments[0] == "perfsearch", line
            found.append((arguments[1:], printed))
    return found


def run(arguments: list[str], library: Path) -> str:
    """What the command prints on stdout, with the library in `library`; times are made alike."""
    from perfsearch.service.cli import cli

    result = CliRunner().invoke(
        cli, ["--library", str(library), *arguments], catch_exceptions=False, standalone_mode=False
    )
    assert not result.return_value, f"{arguments} exited with {result.return_value}"
    printed = result.stdout
    return _MILLISECONDS.sub("用时 8 毫秒", printed)


def comparable(printed: str) -> str:
    """The text without what may differ between machines: times, and the third digit of scores."""
    return _SCORE.sub(lambda m: m[0][:3], _MILLISECONDS.sub("", printed)).strip()


def main() -> None:
    """Write what the examples print into the documents."""
    with tempfile.TemporaryDirectory() as folder:
        for name in DOCUMENTS:
            path = REPOSITORY / name
            library = Path(folder) / name

            def renewed(block: re.Match[str], library: Path = library) -> str:
                parts = re.split(r"^\$ ", block[1], flags=re.MULTILINE)[1:]
                lines = [part.partition("\n")[0] for part in parts]
                printed = [f"$ {line}\n{run(shlex.split(line)[1:], library).rstrip()}\n" for line in lines]
                return "```console\n" + "\n".join(printed) + "```"

            text = path.read_text(encoding="utf-8")
            path.write_text(_BLOCK.sub(renewed, text), encoding="utf-8")


if __name__ == "__main__":
    main()
