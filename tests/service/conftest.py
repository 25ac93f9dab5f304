"""Applications over a copy of the sample library."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from perfsearch.service.app import create_app
from perfsearch.service.options import ServiceOptions
from perfsearch.settings import Settings

BASE = "http://127.0.0.1"
MakeClient = Callable[..., TestClient]


@pytest.fixture(scope="session")
def pristine(sample_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that no test changes, to be copied."""
    target = tmp_path_factory.mktemp("served") / "library"
    shutil.copytree(sample_directory, target)
    return target


@pytest.fixture
def library_copy(pristine: Path, tmp_path: Path) -> Path:
    """A library of the test's own."""
    return Path(shutil.copytree(pristine, tmp_path / "library"))


@pytest.fixture(scope="module")
def client(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An application for reading, without keys."""
    directory = Path(shutil.copytree(pristine, tmp_path_factory.mktemp("reading") / "library"))
    with TestClient(create_app(Settings(library=directory)), base_url=BASE) as found:
        yield found


@pytest.fixture
def make_client(library_copy: Path) -> Iterator[MakeClient]:
    """Makes applications over the test's own library, with the given options."""
    with ExitStack() as stack:

        def make(settings: dict[str, Any] | None = None, **options: Any) -> TestClient:
            app = create_app(Settings(library=library_copy, **(settings or {})), ServiceOptions(**options))
            return stack.enter_context(TestClient(app, base_url=BASE))

        yield make


@pytest.fixture
def draft_file(corpus: Path) -> Path:
    """One of the sample filings, as a file to upload."""
    return corpus / "linjiang-hedao-yanghu-2018.txt"
