"""The description of the REST API is current, and every answer is one that it describes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from perfsearch.service.app import create_app, describe
from perfsearch.service.options import ServiceOptions
from perfsearch.settings import Settings

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 6
"""An operation; with 30 once, nothing else was found."""
DESCRIBED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def test_the_committed_description_is_current(tmp_path: Path) -> None:
    current = describe(create_app(Settings(library=tmp_path / "library")))
    committed = json.loads(DESCRIBED.read_text(encoding="utf-8"))
    assert committed == json.loads(json.dumps(current)), "python -m perfsearch.service.app > docs/openapi.json"
    assert current["openapi"].startswith("3.1")


def test_every_operation_says_what_it_does_and_how_it_fails(tmp_path: Path) -> None:
    described = describe(create_app(Settings(library=tmp_path / "library")))
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (method, path)
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


@pytest.fixture(scope="module")
def api(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    directory = Path(shutil.copytree(pristine, tmp_path_factory.mktemp("fuzzed") / "library"))
    app = create_app(Settings(library=directory), ServiceOptions(allowed_hosts="*"))
    return schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.mark.filterwarnings("ignore")
def test_no_input_makes_an_answer_that_is_not_described(api: Any) -> None:
    tried = 0
    cases = ((one.ok(), mode) for one in api.get_all_operations() for mode in GenerationMode)
    for operation, mode in cases:
        try:
            strategy = operation.as_strategy(generation_mode=mode)
        except Unsatisfiable:  # nothing can be wrong about an operation without parameters
            continue

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def check(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        try:
            check()
        except (Unsatisfiable, SkipTest):
            continue
        tried += 1
    assert tried > 25
