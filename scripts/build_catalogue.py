#!/usr/bin/env python3
"""Build the catalogue of policy documents that ships with the package.

    build_catalogue.py POLICIES.tsv [OUT.tsv.gz]

POLICIES.tsv has the columns title, document_number, issuer_or_level, published, effective, status, source. What was mined
from running text by a pattern is filtered: a number that several titles of one collection carry was quoted by them, and
is nobody's. `catalogue_supplement.tsv` beside this script adds dates of repeal, short names and widely cited documents.
Only facts are kept: title, number, issuer, kind, dates, status.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "src"))

from perfsearch.extract.catalogue import COLUMNS, identity_key, keys_of  # noqa: E402
from perfsearch.extract.folding import fold_title, number_lookup_key, policy_id_of  # noqa: E402
from perfsearch.extract.genres import genre_of, kind_of  # noqa: E402
from perfsearch.extract.numbers import normalize_document_number, number_year  # noqa: E402

OUT = HERE.parent / "src" / "perfsearch" / "extract" / "catalogue.tsv.gz"
LAW_LEVELS = ("法律", "宪法", "民法典", "行政法规", "司法解释", "地方性法规", "部门规章")
ISSUERS = {"法律": "全国人民代表大会常务委员会", "宪法": "全国人民代表大会", "行政法规": "国务院"}


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a table with a header line."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def issuer_of(level: str, title: str) -> str:
    """Return the issuer that a level of the table stands for, empty where it says none."""
    if level.startswith(("生态环境部", "国务院/")):
        return level.split(" ")[0].split("/")[0]
    if "地方性法规" in level:
        return level.rsplit("/", 1)[-1]
    if level.startswith("司法解释"):
        return "、".join(body for body in ("最高人民法院", "最高人民检察院") if body in title)
    return ISSUERS.get(level.split("/")[0], "")


def number_of(row: dict[str, str], shared: Counter[str]) -> str:
    """Return the row's number in normal form, empty where it looks quoted and not the document's own."""
    printed = row["document_number"]
    if not printed:
        return ""
    normal = normalize_document_number(printed) or printed
    year = number_year(normal)
    if row["source"] == "GCCMPD":
        body = "环" if row["issuer_or_level"].startswith("生态环境部") else "国"
        published = int(row["published"][:4] or 0)
        if shared[printed] > 1 or (body not in normal.partition("〔")[0] and "核" not in normal):
            return ""
        if body == "环" and year and published and abs(year - published) > 1:
            return ""
    return normal


def read_policies(path: Path) -> list[dict[str, str]]:
    """Read POLICIES.tsv as rows of the catalogue; cases and what names no document are left out."""
    rows = [row for row in rows_of(path) if row["issuer_or_level"] != "案例" and row["title"]]
    shared = Counter(row["document_number"] for row in rows if row["source"] == "GCCMPD")
    result = []
    for row in rows:
        level = row["issuer_or_level"]
        title = re.sub(r"\s+", " ", row["title"]).strip()
        law = level.startswith(LAW_LEVELS) or "地方性法规" in level
        if not law and genre_of(title) is None:
            continue
        number = number_of(row, shared)
        result.append(
            {
                "title": title,
                "document_number": number,
                "issuer": issuer_of(level, title),
                "kind": "law" if law else kind_of(title, number or None),
                "published": row["published"],
                "effective": row["effective"],
                "repealed": "",
                "replaced_by": "",
                "aliases": "",
                "status": "repealed or superseded" if row["status"] else "",
            }
        )
    return result


def merge(rows: list[dict[str, str]], extra: list[dict[str, str]]) -> list[dict[str, str]]:
    """Fold rows of one title and number together, and lay the supplement over them.

    A law is one policy with its amendments: earliest and latest dates of publication are kept, it counts as repealed only
    where every version does.
    """
    groups: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        law = row["kind"] == "law"
        groups[fold_title(row["title"]).full, "" if law else row["document_number"]].append(row)
    merged: dict[tuple[str, str], dict[str, str]] = {}
    for key, versions in groups.items():
        versions.sort(key=lambda r: (r["published"], r["document_number"]))
        last = dict(versions[-1])
        last["document_number"] = next((v["document_number"] for v in versions if v["document_number"]), "")
        last["amended"] = "、".join(sorted({v["published"] for v in versions if len(v["published"]) == 10}))
        newest = [v for v in versions if v["published"] == last["published"]]
        last["status"] = "repealed or superseded" if all(v["status"] for v in newest) else ""
        merged[key] = last
    by_title: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key in merged:
        by_title[key[0]].append(key)
    for row in extra:
        number = normalize_document_number(row["document_number"]) or row["document_number"]
        full = fold_title(row["title"]).full
        law = kind_of(row["title"], None) == "law"
        key = (full, "" if law else number)
        target = merged.get(key) or (merged.get((full, "")) if len(by_title[full]) == 1 else None)
        if target is None:
            target = {"title": row["title"], "kind": kind_of(row["title"], number or None), "status": "", "amended": ""}
            merged[key] = target
        for field in ("issuer", "published", "effective", "repealed", "replaced_by", "aliases"):
            if row[field] and (field != "published" or not target.get("published")):
                target[field] = row[field]
        target["document_number"] = number or target.get("document_number", "")
        if row["repealed"]:
            target["status"] = "repealed or superseded"
    return list(merged.values())


def finish(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Drop a number that several papers claim, and rows without number beside their like with one; add ids and keys."""
    numbers = Counter(number_lookup_key(row["document_number"]) for row in rows if row.get("document_number"))
    numbered = {fold_title(row["title"]).full for row in rows if row.get("document_number")}
    result: dict[str, dict[str, str]] = {}
    for row in sorted(rows, key=lambda r: (r["title"], r.get("document_number", ""))):
        number = row.get("document_number", "")
        if number and numbers[number_lookup_key(number)] > 1 and row["kind"] != "law" and not row.get("issuer"):
            number = row["document_number"] = ""
        if not number and row["kind"] != "law" and fold_title(row["title"]).full in numbered:
            continue
        row["policy_id"] = policy_id_of(identity_key(row["title"], number, row["kind"]))
        row["keys"] = " ".join(keys_of(row["title"], number, filter(None, row.get("aliases", "").split("、"))))
        result.setdefault(row["policy_id"], row)
    return list(result.values())


def main() -> None:
    """Write the catalogue; deterministic for its inputs."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else OUT
    rows = merge(read_policies(Path(sys.argv[1])), rows_of(HERE / "catalogue_supplement.tsv"))
    rows = finish(rows)
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, escapechar="\\")
    writer.writerow(COLUMNS)
    writer.writerows([row.get(column, "") for column in COLUMNS] for row in rows)
    with out.open("wb") as target, gzip.GzipFile(fileobj=target, mode="wb", mtime=0, filename="") as packed:
        packed.write(text.getvalue().encode("utf-8"))
    print(
        f"{len(rows)} documents, {sum(1 for r in rows if r.get('document_number'))} numbers, {out.stat().st_size} bytes: {out.name}"
    )


if __name__ == "__main__":
    main()
