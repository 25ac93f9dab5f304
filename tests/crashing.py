"""Kill writers at random moments and see what the library says afterwards: `python -m tests.crashing DIR KILLS SEED`.

Children are forked from this process, which has imported everything, so that a kill costs milliseconds and not an
interpreter's start. A child writes a line to the journal before each change and one after it was acknowledged; both
reach the file at once, whatever becomes of the child. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from perfsearch.library import Library
from perfsearch.model import Filing, Filters
from tests.indexes.samples import HashingEncoder, make_filing

ENCODER = HashingEncoder()
# Text of no other filing, so that a word finds exactly one.
MARK = "独一无二的标记"


def form(number: int, version: int) -> Filing:
    sections = {"overview": f"{MARK}甲{number}乙。科普教育基地建设。第{version}稿。", "goals": "社区养老服务。"}
    return make_filing(number, sections=sections, project_name=f"甲{number}乙")


def write_on(directory: Path, journal: Path, seed: int) -> None:
    """Add, change and remove until killed."""
    rng = random.Random(seed)
    log = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def say(word: str, *entries: tuple[str, int]) -> None:
        os.write(log, "".join(json.dumps([word, *entry]) + "\n" for entry in entries).encode())

    with Library.open(directory, encoder=ENCODER) as library:
        while True:
            if rng.random() < 0.5:  # one at a time
                number, version = rng.randrange(300), rng.randrange(1, 10**6)
                filing = form(number, version)
                say("begin", (filing.id, version))
                library.add_filings([filing])
                say("done", (filing.id, version))
            elif rng.random() < 0.7:  # many, acknowledged by commits
                chosen = [(form(n, v), v) for n in rng.sample(range(300), 150) for v in [rng.randrange(1, 10**6)]]
                said = 0

                def acknowledge(done: int, _: int | None, chosen: list[tuple[Filing, int]] = chosen) -> None:
                    nonlocal said
                    say("done", *((filing.id, version) for filing, version in chosen[said:done]))
                    said = done

                say("begin", *((filing.id, version) for filing, version in chosen))
                library.add_filings((filing for filing, _ in chosen), acknowledge)
            elif standing := library.list(limit=3, offset=rng.randrange(5)):
                gone = standing[0].id
                say("begin", (gone, 0))
                library.remove([gone])
                say("done", (gone, 0))


def allowed_versions(journal: Path) -> dict[str, set[int]]:
    """For each id the versions that may stand (0: none): the last acknowledged one, and whatever was begun after it."""
    versions: dict[str, set[int]] = {}
    acknowledged: dict[str, int] = {}
    for line in journal.read_text(encoding="utf-8").splitlines() if journal.exists() else ():
        word, filing_id, version = json.loads(line)
        if word == "done":
            acknowledged[filing_id] = version
            versions[filing_id] = {version}
        else:
            versions.setdefault(filing_id, {acknowledged.get(filing_id, 0)}).add(version)
    return versions


def check(directory: Path, journal: Path, thorough: bool) -> Iterator[str]:
    """What is wrong with the library, if anything."""
    with Library.open(directory, encoder=ENCODER, readonly=True) as library:
        standing = {summary.id for summary in library.list()}
        for filing_id, allowed in allowed_versions(journal).items():
            found = 0
            if filing_id in standing:
                text = library.get(filing_id).sections["overview"]
                found = int(text.split("第")[-1].split("稿")[0])
            if found not in allowed:
                yield f"{filing_id}: stands as {found}, where {sorted(allowed)} may"
        view = library.view()
        if view.seq != view.store.seq() or view.filing_nos(Filters()).tolist() != view.store.numbers():
            yield "the catalog is not what the records say"
        for filing_id in random.Random(1).sample(sorted(standing), min(5, len(standing))):
            number = view.filing_no(filing_id)
            word = library.get(filing_id).project_name or ""
            ids, _ = view.lexical.search(view.tokens(word), 200)
            if number not in view.filing_of(ids).tolist():
                yield f"{filing_id}: is not found by its words"
            ids, _ = view.vectors.search(ENCODER.encode([f"{word}。{MARK}{word}。"])[0], 2_000)
            if number not in view.filing_of(ids).tolist():
                yield f"{filing_id}: is not found by its vector"
        if thorough:
            yield from library.verify().problems


def in_child(work: object) -> int:
    """Run something in a forked process that never returns from it; its number."""
    child = os.fork()
    if child:
        return child
    try:
        work()  # type: ignore[operator]
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main(directory: Path, kills: int, seed: int) -> dict[str, object]:
    rng = random.Random(seed)
    journal = directory.parent / "journal"
    problems: list[str] = []
    killed = 0
    while killed < kills and not problems:
        child = in_child(lambda: write_on(directory, journal, rng.randrange(10**9)))
        time.sleep(rng.random() ** 2 * 0.8 + 0.01)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            problems.append("the writer failed before it was killed")
        killed += 1
        problems.extend(check(directory, journal, thorough=killed % 10 == 0))
    lines = journal.read_text(encoding="utf-8").count('"done"')
    return {"kills": killed, "acknowledged": lines, "problems": problems}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])), ensure_ascii=False))
