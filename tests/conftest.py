"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

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
