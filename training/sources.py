"""Readers of the training data: each function reads one source and yields plain values in file order."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REGISTER_DIRECTORY = Path(__file__).resolve().parent / "register"
QUESTIONS_DIRECTORY = Path(__file__).resolve().parent / "questions"


@dataclass(frozen=True)
class RegisterItem:
    """One need told twice: the official sentence, everyday wordings of it, and groups of equal words."""

    topic: str
    official: str
    everyday: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class QuestionItem:
    """One everyday question: wordings of it, the first one included, and questions of another intent in like words."""

    topic: str
    asked: tuple[str, ...]
    different: tuple[str, ...]


def read_lines(path: Path) -> Iterator[str]:
    """Lines of a text file without their line end; `.xz` files are unpacked on the way."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\n")


def read_cedict(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(simplified word, traditional word, raw senses) of each CC-CEDICT entry."""
    entry = re.compile(r"^(\S+) (\S+) \[[^\]]*\] /(.*)/\s*$")
    for line in read_lines(data / "semantics" / "cedict.u8.xz"):
        found = entry.match(line)
        if found:
            yield found[2], found[1], found[3].split("/")


def read_wordnet_lemmas(data: Path) -> Iterator[tuple[str, str]]:
    """(synset id as `offset-pos`, Chinese lemma) of the Chinese Open Wordnet."""
    for line in read_lines(data / "semantics" / "cow.tab.xz"):
        parts = line.split("\t")
        if len(parts) >= 3 and parts[1] == "cmn:lemma":
            yield parts[0], parts[2].replace("+", "").replace("_", "").replace(" ", "").strip()


def read_wordnet_glosses(folder: Path) -> dict[str, tuple[list[str], str]]:
    """Synset id -> (English lemmas, definition) from the data files of Princeton WordNet 3.0; empty where absent."""
    glosses: dict[str, tuple[list[str], str]] = {}
    for kind, letter in (("noun", "n"), ("verb", "v"), ("adj", "a"), ("adv", "r")):
        path = folder / f"data.{kind}"
        if not path.exists():
            return {}
        for line in read_lines(path):
            if line.startswith("  ") or "|" not in line:
                continue
            head, gloss = line.split("|", 1)
            fields = head.split()
            count = int(fields[3], 16)
            lemmas = [re.sub(r"\(\w+\)$", "", fields[4 + 2 * index]).replace("_", " ") for index in range(count)]
            definition = gloss.split('; "')[0].strip()
            glosses[f"{fields[0]}-{letter}"] = (lemmas, definition)
    return glosses


def read_parallel(data: Path) -> Iterator[tuple[str, str, str]]:
    """(Chinese, English, source) sentence pairs."""
    for line in read_lines(data / "semantics" / "parallel.tsv.xz"):
        parts = line.split("\t")
        if len(parts) == 3:
            yield parts[0], parts[1], parts[2]


def read_prose(data: Path, name: str) -> Iterator[tuple[str, str]]:
    """(title or "", text) of each document of one prose collection."""
    for line in read_lines(data / "prose" / f"{name}.jsonl.xz"):
        document = json.loads(line)
        yield document.get("title") or "", document["text"]


def read_pairs(data: Path, name: str) -> Iterator[tuple[str, str, str]]:
    """(sentence, sentence, label) of one set of labelled pairs."""
    for line in read_lines(data / "benchmarks" / f"{name}.tsv"):
        parts = line.split("\t")
        if len(parts) == 3:
            yield parts[0], parts[1], parts[2]


def read_register_file(path: Path) -> Iterator[RegisterItem]:
    """Items of one register file; lines that are not whole items (a file being written) are passed over."""
    for line in read_lines(path):
        try:
            item = json.loads(line)
            official, everyday = item["official"].strip(), [text.strip() for text in item["everyday"]]
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        terms = item.get("terms") or []
        groups = tuple(tuple(str(word).strip() for word in group if str(word).strip()) for group in terms)
        everyday = [text for text in everyday if text]
        if official and everyday:
            yield RegisterItem(str(item.get("topic", "")), official, tuple(everyday), groups)


def read_register(data: Path, own: Path = REGISTER_DIRECTORY) -> list[RegisterItem]:
    """Every register item, the shared ones and the project's own, without repeats of an official sentence."""
    items: dict[str, RegisterItem] = {}
    for path in [data / "semantics" / "register.jsonl", *sorted(own.glob("*.jsonl"))]:
        if path.exists():
            for item in read_register_file(path):
                items.setdefault(item.official, item)
    return list(items.values())


def read_question_file(path: Path) -> Iterator[QuestionItem]:
    """Items of one file of questions; lines that are not whole items (a file being written) are passed over."""
    for line in read_lines(path):
        try:
            item = json.loads(line)
            asked = [text.strip() for text in (item["question"], *item["same"])]
            different = [text.strip() for text in item["different"]]
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        asked = list(dict.fromkeys(text for text in asked if text))
        different = list(dict.fromkeys(text for text in different if text and text not in asked))
        if len(asked) >= 2 and different:
            yield QuestionItem(str(item.get("topic", "")), tuple(asked), tuple(different))


def read_questions(own: Path = QUESTIONS_DIRECTORY) -> list[QuestionItem]:
    """Every question item of the project, without repeats of a first wording."""
    items: dict[str, QuestionItem] = {}
    for path in sorted(own.glob("*.jsonl")):
        for item in read_question_file(path):
            items.setdefault(item.asked[0], item)
    return list(items.values())
