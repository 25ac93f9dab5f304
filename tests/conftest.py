"""Fixtures that every test may use."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from perfsearch.library import Library

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real filings and their hand-read gold."""
    if not (SHARED / "gold" / "filings.jsonl").exists():
        pytest.skip("../shared is absent: the real filings can't be read here")
    return SHARED


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of sample filings that ships with the project."""
    return REPOSITORY / "corpus"


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    """What the sample filings hold on purpose: lineages, shared passages, policies, problems, everyday queries."""
    found: dict[str, Any] = json.loads(
        (REPOSITORY / "tests" / "data" / "corpus_facts.json").read_text(encoding="utf-8")
    )
    return found


@pytest.fixture(scope="session")
def sample_directory(tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Path:
    """A library of the sample filings; for reading only."""
    from perfsearch.library import Library

    directory = tmp_path_factory.mktemp("sample") / "library"
    with Library.open(directory) as library:
        library.add(sorted(corpus.glob("*.txt")))
    return directory


@pytest.fixture(scope="session")
def sample(sample_directory: Path) -> Iterator[Library]:
    """The library of the sample filings, open for reading."""
    from perfsearch.library import Library

    with Library.open(sample_directory, create=False, readonly=True) as library:
        yield library


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """The address of a real service over the library, in a thread of its own."""
    import uvicorn

    from perfsearch.service.app import create_app
    from perfsearch.settings import Settings

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(Settings(library=directory)), port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def sample_ids(sample: Library) -> dict[tuple[str, int], str]:
    """Ids of the sample filings by file and index."""
    return {(summary.source.file, summary.source.index): summary.id for summary in sample.list()}
