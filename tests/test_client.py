"""The client: the same values as the library, and the service's refusals as errors."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pytest

from perfsearch.client import Client, ProblemError
from perfsearch.library import Library
from perfsearch.model import Value
from tests.conftest import served


@pytest.fixture(scope="module")
def address(sample_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = Path(shutil.copytree(sample_directory, tmp_path_factory.mktemp("client") / "library"))
    with served(directory) as found:
        yield found


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[Client]:
    with Client(address) as found:
        yield found


def plain(values: Iterable[Value]) -> list[object]:
    """Without the path on the service's disk, which is no part of the public JSON."""
    return [value.model_dump(mode="json") for value in values]


def test_questions_are_answered_as_by_the_library(client: Client, sample: Library, corpus: Path) -> None:
    hits = client.search("河道养护", limit=3).hits
    assert plain(hits) == plain(sample.search("河道养护", limit=3).hits)
    assert [hit.filing_id for hit in client.search_all("河道养护", limit=2)] == [
        hit.filing_id for hit in sample.search("河道养护", limit=100).hits
    ]
    one = hits[0].filing_id
    draft = corpus / "linjiang-hedao-yanghu-2018.txt"
    assert plain([client.get(one)]) == plain([sample.get(one)])
    assert plain(client.similar(one).hits) == plain(sample.similar(one).hits)
    assert client.similar(draft).hits
    assert client.parse(draft)[0].project_name == "区管河道日常养护"
    assert client.facets("河道").total == sample.facets("河道").total
    assert client.indicators(like=one).recommended == sample.indicators(like=one).recommended
    assert plain(client.duplicates(one).matches) == plain(sample.duplicates(one).matches)
    assert client.review(one).findings == sample.review(one).findings
    assert client.read_citations("按照《预算法》").items[0].status == "resolved"
    assert [policy.policy_id for policy in client.all_policies()] == [
        policy.policy_id for policy in sample.policies(limit=1000).policies
    ]
    assert [summary.id for summary in client.list()] == [summary.id for summary in sample.list()]


def test_a_refusal_is_an_error_with_its_type_and_field(client: Client) -> None:
    with pytest.raises(ProblemError, match="404") as none:
        client.get("2020-none")
    assert none.value.type == "urn:perfsearch:problem:not-found"
    with pytest.raises(ProblemError) as wrong:
        client.search("x", year="MMXX")
    assert (wrong.value.status, wrong.value.field) == (422, "year")


def test_filings_are_added_and_removed(client: Client, corpus: Path, tmp_path: Path) -> None:
    text = (corpus / "linjiang-hedao-yanghu-2018.txt").read_text(encoding="utf-8")
    file = tmp_path / "新.txt"
    file.write_text(text.replace("区管河道日常养护", "北横河除险加固"), encoding="utf-8")
    report = client.add(file, idempotency_key="one")
    assert report.added == 1
    assert client.add(file, idempotency_key="one") == report
    client.remove(report.filings[0])
    with pytest.raises(ProblemError):
        client.get(report.filings[0])


def test_a_busy_service_is_asked_again_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    answers = iter([httpx.Response(503, headers={"retry-after": "2"}), httpx.Response(200, json={"policies": []})])
    with Client(transport=httpx.MockTransport(lambda request: next(answers))) as client:
        assert client.policies().policies == ()
    assert waits == [2.0]


def test_every_route_of_the_api_has_its_question(client: Client, sample: Library, corpus: Path, tmp_path: Path) -> None:
    one, two = (hit.filing_id for hit in sample.search("河道养护", limit=2).hits)
    draft = corpus / "linjiang-hedao-yanghu-2018.txt"
    policy = sample.policies(limit=1).policies[0].policy_id
    assert client.diff(one, two).counts == sample.diff(one, two).counts
    assert len(client.history(one).years) == len(sample.history(one).years)
    assert plain(client.versions(one)) == plain(sample.versions(one))
    assert client.original(one) == draft.read_bytes()
    assert plain(client.missing_policies(one).missing) == plain(sample.missing_policies(one).missing)
    assert client.missing_policies(draft).compared
    assert plain(client.graph(policy=policy).nodes) == plain(sample.citation_graph(policy=policy).nodes)
    assert client.graph(applicant="云江市残疾人联合会").edges
    assert client.report(one, "docx")[:2] == b"PK"
    assert "审核" in client.report(draft).decode()
    assert client.stats()["filings"] == sample.count()
    assert client.export(tmp_path / "all.jsonl", year="2020") == len(sample.list(year_from=2020, year_to=2020))
    assert len(client.table("/filings").splitlines()) == sample.count() + 1
    assert len(client.table("/policies", "jsonl").splitlines()) == sample.policies().total
    done = client.wait(client.start("clusters", threshold=0.3).id)
    assert (done.state, done.result and done.result["clusters"]) == ("done", client.clusters().total)
    assert client.jobs()[0].id == done.id
    assert client.wait(client.start_adding(draft, "k").id).result["unchanged"] == 1  # type: ignore[index]
    assert client.cancel(done.id).state == "done"
    assert client.audit()
    with pytest.raises(ProblemError, match="422"):
        client.export(tmp_path / "none.jsonl", year="MMXX")
