"""Clusters over the whole library: found by a job, kept, asked for over REST and looked at as pages."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from perfsearch.library import Library
from perfsearch.service.guard.keys import key_ring
from perfsearch.service.web.charts import matrix_chart


def ended(client: TestClient, address: str, **options: Any) -> dict[str, Any]:
    for _ in range(600):
        job: dict[str, Any] = client.get(address, **options).json()
        if job["state"] not in ("waiting", "running"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


@pytest.fixture
def looked(make_client: Any) -> TestClient:
    client: TestClient = make_client()
    started = client.post("/api/v1/jobs", json={"kind": "clusters", "threshold": 0.3})
    assert started.status_code == 202, started.text
    assert ended(client, started.headers["location"])["state"] == "done"
    return client


def test_before_the_first_look_there_is_an_offer_and_no_answer(make_client: Any) -> None:
    client = make_client()
    assert client.get("/api/v1/clusters").status_code == 404
    page = client.get("/duplicates").text
    assert "开始查重" in page
    assert client.get("/duplicates/1", headers={"accept": "text/html"}).status_code == 404


def test_what_the_job_finds_is_what_the_library_finds(looked: TestClient, library_copy: Path) -> None:
    found = looked.get("/api/v1/clusters", params={"limit": 1000}).json()
    with Library.open(library_copy, create=False, readonly=True) as library:
        expected = library.duplicate_clusters(0.3)
    assert [cluster["filings"] for cluster in found["clusters"]] == [list(c.filings) for c in expected.clusters]
    assert found["histogram"] == [list(one) for one in expected.histogram]
    assert found["current"]
    assert found["total"] == len(expected.clusters) > 10


def test_clusters_are_narrowed_paged_and_exported(looked: TestClient) -> None:
    whole = looked.get("/api/v1/clusters", params={"limit": 1000}).json()["clusters"]
    across = looked.get("/api/v1/clusters", params={"applicants_min": 2, "limit": 1000}).json()
    assert [one["number"] for one in across["clusters"]] == [one["number"] for one in whole if one["applicants"] > 1]
    assert 0 < across["total"] < len(whole)
    seen, address = [], "/api/v1/clusters?limit=7"
    while address:
        answer = looked.get(address)
        seen += [one["number"] for one in answer.json()["clusters"]]
        address = answer.links["next"]["url"] if "next" in answer.links else ""
    assert seen == [one["number"] for one in whole]
    table = looked.get("/api/v1/clusters", params={"format": "csv", "limit": 1000}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["filing_id"] for row in rows] == [one for cluster in whole for one in cluster["filings"]]
    assert all(row["project_name"] for row in rows)


def test_the_pages_show_every_cluster_and_say_when_they_are_out_of_date(looked: TestClient) -> None:
    page = looked.get("/duplicates").text
    assert "成组的申报表" in page
    assert "再查一次" not in page
    one = looked.get("/api/v1/clusters").json()["clusters"][0]
    inside = looked.get("/duplicates/1").text
    assert all(f'/filings/{member}"' in inside for member in one["filings"])
    assert inside.count('class="cell"') == 2 * len(one["links"])
    for chart in ("histogram", "1"):
        ElementTree.fromstring(looked.get(f"/duplicates/{chart}.svg").text)
    assert looked.get(f"/api/v1/filings/{one['filings'][0]}").status_code == 200
    looked.delete(f"/api/v1/filings/{one['filings'][0]}")
    assert "再查一次" in looked.get("/duplicates").text
    assert not looked.get("/api/v1/clusters").json()["current"]
    assert "已移出" in looked.get("/duplicates").text
    assert looked.get("/duplicates/1").status_code == 200


def test_an_editor_may_look_and_a_reader_may_only_see(make_client: Any, library_copy: Path) -> None:
    ring = key_ring(library_copy)
    reader = {"Authorization": f"Bearer {ring.make('r', 'reader')}"}
    editor = {"Authorization": f"Bearer {ring.make('e', 'editor')}"}
    client: TestClient = make_client()
    asked = {"kind": "clusters"}
    assert client.post("/api/v1/jobs", json=asked, headers=reader).status_code == 403
    started = client.post("/api/v1/jobs", json=asked, headers=editor)
    assert started.status_code == 202
    assert client.post("/api/v1/jobs", json={"kind": "rebuild"}, headers=editor).status_code == 403
    assert ended(client, started.headers["location"], headers=reader)["state"] == "done"
    assert client.get("/api/v1/clusters", headers=reader).json()["total"] > 10
    said = [json.loads(line) for line in (library_copy / "service" / "audit.jsonl").read_text().splitlines()]
    assert [(one["who"], one["action"]) for one in said] == [("e", "clusters")]


def test_a_look_that_was_cancelled_leaves_the_last_result(looked: TestClient) -> None:
    before = looked.get("/api/v1/clusters").json()
    state = looked.app.state.service  # type: ignore[attr-defined]
    token = re.search(r'name="csrf" content="([^"]+)"', looked.get("/duplicates").text)[1]  # type: ignore[index]
    library = state.library

    def step_that_is_cancelled(step: Any) -> dict[str, Any]:
        looked.post(f"/jobs/{state.jobs.active('clusters').id}/cancel", data={"csrf": token})
        return dict(state.clusters.work(library.settings, 0.5, step))

    job = state.jobs.start("clusters", "local", step_that_is_cancelled, reads=True)
    assert ended(looked, f"/api/v1/jobs/{job.id}")["state"] == "cancelled"
    assert looked.get("/api/v1/clusters").json() == before


def test_a_matrix_has_each_pair_on_both_sides_and_one_link() -> None:
    drawn = matrix_chart("<标题>", ["甲", "乙<b>", "丙"], {(0, 1): 0.9, (1, 2): 0.4}, {(0, 1): "/compare?a=1&b=2"})
    root = ElementTree.fromstring(str(drawn))
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f".//{space}rect")) == 4
    assert [one.get("href") for one in root.findall(f".//{space}a")] == ["/compare?a=1&b=2"]
