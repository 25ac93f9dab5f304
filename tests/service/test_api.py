"""REST: the answers are those of the library, and every refusal is a problem with a stable type."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from perfsearch.library import Library
from perfsearch.model import Filters


def same(answer: Any, expected: Any) -> None:
    """Equal but for the time taken."""
    plain = expected.model_dump(mode="json")
    assert {k: v for k, v in answer.items() if k != "took_ms"} == {k: v for k, v in plain.items() if k != "took_ms"}


def problem(response: Any, status: int, kind: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["type"] == f"urn:perfsearch:problem:{kind}"
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    return found


@pytest.fixture(scope="module")
def some_id(sample: Library) -> str:
    return sample.search("河道养护", limit=1).hits[0].filing_id


@pytest.fixture(scope="module")
def policy_id(sample: Library) -> str:
    return sample.policies(limit=1).policies[0].policy_id


# -- the same answers


@pytest.mark.parametrize("query", ["河道养护", "国办发〔2016〕10号", "54万元", "老人摔倒没人知道怎么办", "zzzz"])
def test_search_answers_what_the_library_answers(client: TestClient, sample: Library, query: str) -> None:
    same(client.get("/api/v1/search", params={"q": query}).json(), sample.search(query))


def test_search_takes_every_filter(client: TestClient, sample: Library) -> None:
    params = {
        "q": "项目",
        "year": "2019..2021",
        "budget": "10万..1000万",
        "section": "basis",
        "limit": 5,
        "by": "passage",
    }
    expected = sample.search(
        "项目", by="passage", limit=5,
        filters=Filters(year_from=2019, year_to=2021, budget_min=1e5, budget_max=1e7, section="basis"),
    )  # fmt: skip
    assert expected.hits
    same(client.get("/api/v1/search", params=params).json(), expected)


def test_similar_facets_policies_and_filings_answer_what_the_library_answers(
    client: TestClient, sample: Library, some_id: str, policy_id: str
) -> None:
    same(client.get(f"/api/v1/similar/{some_id}").json(), sample.similar(some_id))
    same(client.get("/api/v1/facets", params={"q": "河道"}).json(), sample.facets("河道"))
    same(client.get("/api/v1/policies").json(), sample.policies())
    same(client.get(f"/api/v1/policies/{policy_id}").json(), sample.policy(policy_id))
    same(client.get(f"/api/v1/policies/{policy_id}/graph").json(), sample.citation_graph(policy=policy_id))
    same(client.get(f"/api/v1/filings/{some_id}").json(), sample.get(some_id))
    same(client.get(f"/api/v1/filings/{some_id}/duplicates").json(), sample.duplicates(some_id))
    same(client.get(f"/api/v1/filings/{some_id}/missing-policies").json(), sample.missing_policies(some_id))
    same(client.get("/api/v1/indicators", params={"q": "满意度"}).json(), sample.indicators("满意度"))
    assert client.get("/api/v1/stats").json()["filings"] == sample.stats().filings


def test_a_draft_is_parsed_compared_and_reviewed_without_being_stored(
    client: TestClient, sample: Library, draft_file: Path
) -> None:
    files = {"file": (draft_file.name, draft_file.read_bytes())}
    before = client.get("/api/v1/stats").json()["filings"]
    parsed = client.post("/api/v1/parse", files=files).json()
    assert parsed[0]["project_name"]
    hits = client.post("/api/v1/similar", files=files).json()["hits"]
    assert hits[0]["project_name"] == parsed[0]["project_name"]
    review = client.post("/api/v1/review", files=files).json()
    assert review["path"] == draft_file.name
    assert client.post("/api/v1/duplicates", files=files).json()["coverage"] > 0.5
    assert client.post("/api/v1/indicators", files=files).status_code == 200
    assert client.get("/api/v1/stats").json()["filings"] == before


@pytest.mark.parametrize(("form", "media_type"), [("html", "text/html"), ("docx", "application/vnd.openxml")])
def test_a_review_is_downloaded_as_a_file(client: TestClient, some_id: str, form: str, media_type: str) -> None:
    found = client.get(f"/api/v1/filings/{some_id}/review", params={"format": form})
    assert found.status_code == 200
    assert found.headers["content-type"].startswith(media_type)
    assert "attachment" in found.headers["content-disposition"]


def test_citations_are_read_out_of_a_text_with_their_policies(client: TestClient) -> None:
    text = "根据《中华人民共和国预算法》和国办发[2016]10 号文件。"
    items = client.post("/api/v1/citations:extract", json={"text": text}).json()["items"]
    assert [text[i["citation"]["start"] : i["citation"]["end"]] for i in items] == [
        i["citation"]["text"] for i in items
    ]
    assert items[0]["status"] == "resolved"
    assert items[1]["citation"]["document_number"] == "国办发〔2016〕10号"


# -- pages of a list


def test_cursors_walk_a_list_whole_and_once(client: TestClient, sample: Library) -> None:
    seen: list[str] = []
    address = "/api/v1/filings?limit=30&year=2019..2022"
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        seen += [one["id"] for one in answer.json()["filings"]]
        address = answer.links["next"]["url"] if "next" in answer.links else ""
    assert seen == [one.id for one in sample.list(year_from=2019, year_to=2022)]


def test_a_list_under_a_chinese_name_goes_on_too(client: TestClient, sample: Library) -> None:
    first = client.get("/api/v1/policies/预算法", params={"limit": 3})
    assert first.status_code == 200
    second = client.get(first.links["next"]["url"])
    got = [one["filing_id"] for part in (first, second) for one in part.json()["citations"]]
    assert got == [one.filing_id for one in sample.policy("预算法", 6).citations]


def test_a_cursor_of_another_query_is_refused(client: TestClient) -> None:
    cursor = client.get("/api/v1/filings?limit=5").headers["x-next-cursor"]
    found = problem(
        client.get("/api/v1/filings", params={"limit": 5, "year": "2020", "cursor": cursor}), 422, "invalid-request"
    )
    assert found["field"] == "cursor"
    problem(client.get("/api/v1/filings", params={"cursor": "A" * 40}), 422, "invalid-request")


def test_a_cursor_expires_when_the_library_changes(make_client: Any) -> None:
    client = make_client()
    first = client.get("/api/v1/filings?limit=5")
    assert client.delete(f"/api/v1/filings/{first.json()['filings'][0]['id']}").status_code == 204
    problem(
        client.get("/api/v1/filings", params={"limit": 5, "cursor": first.headers["x-next-cursor"]}),
        410,
        "cursor-expired",
    )


def test_an_unchanged_answer_is_not_sent_again(make_client: Any) -> None:
    client = make_client()
    first = client.get("/api/v1/search", params={"q": "河道"})
    tag = {"If-None-Match": first.headers["etag"]}
    again = client.get("/api/v1/search", params={"q": "河道"}, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/api/v1/search", params={"q": "河"}, headers=tag).status_code == 200
    client.delete(f"/api/v1/filings/{first.json()['hits'][0]['filing_id']}")
    assert client.get("/api/v1/search", params={"q": "河道"}, headers=tag).status_code == 200


# -- export


def test_lists_are_exported_as_csv_and_json_lines(client: TestClient, sample: Library) -> None:
    answer = client.get("/api/v1/filings", params={"format": "csv", "limit": 1000})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == [one.id for one in sample.list()]
    lines = client.get("/api/v1/policies", params={"format": "jsonl", "limit": 20}).text.splitlines()
    assert [json.loads(line)["policy_id"] for line in lines] == [one.policy_id for one in sample.policies().policies]


def test_an_export_without_a_limit_is_whole(
    client: TestClient, sample: Library, some_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perfsearch.service.api.parameters.EXPORT_BATCH", 20)
    for address, expected in (
        ("filings", sample.count()),
        ("policies", sample.policies().total),
        ("indicators", sample.indicators().total),
        ("search?q=项目", len(sample.search("项目", limit=1000).hits)),
        (f"similar/{some_id}", len(sample.similar(some_id, limit=1000).hits)),
        ("policies/预算法", sample.policy("预算法").mentions),
    ):
        joint = "&" if "?" in address else "?"
        lines = client.get(f"/api/v1/{address}{joint}format=jsonl").text.splitlines()
        assert len(lines) == len({*lines}) == expected > 8, address
        table = client.get(f"/api/v1/{address}{joint}format=csv").content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(table)))
        assert {len(row) for row in rows} == {len(rows[0])}, address
        assert len(rows) == expected + 1, address
        assert len(client.get(f"/api/v1/{address}{joint}format=jsonl&limit=3").text.splitlines()) == 3


def test_every_other_list_is_exported_too(client: TestClient, sample: Library, some_id: str, policy_id: str) -> None:
    client.post("/api/v1/jobs", json={"kind": "verify"})
    for address, least in (
        (f"filings/{some_id}/duplicates", 10), (f"filings/{some_id}/missing-policies", 1), (f"filings/{some_id}/versions", 1),
        ("facets?q=河道", 10), (f"policies/{policy_id}/graph", 3), ("applicants/云江市残疾人联合会/graph", 3), ("jobs", 1),
        ("audit", 1),
    ):  # fmt: skip
        joint = "&" if "?" in address else "?"
        lines = client.get(f"/api/v1/{address}{joint}format=jsonl").text.splitlines()
        assert len(lines) >= least, address
        assert all(isinstance(json.loads(line), dict) for line in lines)
        answer = client.get(f"/api/v1/{address}{joint}format=csv")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert len(list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))) >= least + 1, address


def test_the_whole_library_is_exported_in_the_shape_that_add_reads(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "all.jsonl").write_bytes(client.get("/api/v1/export", params={"year": "2018"}).content)
    with Library.open(tmp_path / "copy") as library:
        report = library.add([tmp_path / "all.jsonl"])
    assert report.added == client.get("/api/v1/filings", params={"year": "2018"}).json()["total"]


# -- adding and removing


def test_an_upload_is_added_once_and_its_file_is_given_back(make_client: Any, draft_file: Path) -> None:
    client = make_client()
    data = draft_file.read_text(encoding="utf-8").replace("区管河道日常养护", "北横河除险加固").encode()
    first = client.post("/api/v1/filings", files={"file": ("新.txt", data)})
    assert first.status_code == 201, first.text
    assert first.json()["added"] == 1
    assert client.get(first.headers["location"]).json()["project_name"] == "北横河除险加固"
    assert client.get(first.headers["location"] + "/original").content == data
    assert client.post("/api/v1/filings", files={"file": ("新.txt", data)}).status_code == 200
    assert (
        client.get("/api/v1/search", params={"q": "北横河除险加固"}).json()["hits"][0]["filing_id"]
        == first.json()["filings"][0]
    )


def test_the_same_idempotency_key_is_answered_the_same(make_client: Any, draft_file: Path) -> None:
    client = make_client()
    data = draft_file.read_text(encoding="utf-8").replace("区管河道日常养护", "北横河除险加固").encode()
    key = {"Idempotency-Key": "k1"}
    first = client.post("/api/v1/filings", files={"file": ("a.txt", data)}, headers=key)
    again = client.post("/api/v1/filings", files={"file": ("a.txt", data)}, headers=key)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = client.post("/api/v1/filings", files={"file": ("a.txt", b"other")}, headers=key)
    problem(other, 409, "idempotency-key-reused")


def test_the_same_idempotency_key_starts_one_job(make_client: Any, draft_file: Path) -> None:
    client = make_client()
    data = draft_file.read_text(encoding="utf-8").replace("区管河道日常养护", "北横河除险加固").encode()
    headers = {"Idempotency-Key": "k1", "Prefer": "respond-async"}
    answers = [client.post("/api/v1/filings", files={"file": ("a.txt", data)}, headers=headers) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(client.get("/api/v1/jobs").json()["jobs"]) == 1
    other = client.post("/api/v1/filings", files={"file": ("a.txt", b"other")}, headers=headers)
    problem(other, 409, "idempotency-key-reused")


def test_head_is_answered_as_get_without_a_body(client: TestClient) -> None:
    for address in ("/", "/api/v1/search?q=河道", "/static/app.js", "/healthz"):
        head, got = client.head(address), client.get(address)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]


def test_an_upload_runs_as_a_job_that_can_be_followed(make_client: Any, draft_file: Path) -> None:
    client = make_client()
    data = draft_file.read_text(encoding="utf-8").replace("区管河道日常养护", "北横河除险加固").encode()
    started = client.post("/api/v1/filings", files={"file": ("a.txt", data)}, headers={"Prefer": "respond-async"})
    assert started.status_code == 202
    for _ in range(200):
        job = client.get(started.headers["location"]).json()
        if job["state"] not in ("waiting", "running"):
            break
    assert job["state"] == "done", job
    assert job["result"]["added"] == 1
    assert client.get("/api/v1/jobs").json()["jobs"][0]["id"] == job["id"]


def test_removing_a_filing_takes_it_out_of_every_answer(make_client: Any, some_id: str) -> None:
    client = make_client()
    assert client.delete(f"/api/v1/filings/{some_id}").status_code == 204
    problem(client.get(f"/api/v1/filings/{some_id}"), 404, "not-found")
    problem(client.delete(f"/api/v1/filings/{some_id}"), 404, "not-found")
    actions = [entry["action"] for entry in client.get("/api/v1/audit").json()["entries"]]
    assert actions == ["remove"]


def test_the_library_is_rebuilt_and_checked_as_jobs(make_client: Any) -> None:
    client = make_client()
    for kind in ("verify", "rebuild"):
        started = client.post("/api/v1/jobs", json={"kind": kind})
        assert started.status_code == 202, started.text
        for _ in range(2000):
            job = client.get(started.headers["location"]).json()
            if job["state"] not in ("waiting", "running"):
                break
        assert job["state"] == "done", job
    assert client.get("/api/v1/search", params={"q": "河道养护"}).json()["hits"]


# -- refusals


def test_what_is_not_there_is_a_404(client: TestClient) -> None:
    problem(client.get("/api/v1/filings/2020-nothing"), 404, "not-found")
    problem(client.get("/api/v1/policies/没有这个文件的名称"), 404, "not-found")
    problem(client.get("/api/v1/nothing"), 404, "not-found")
    problem(client.get("/api/v1/jobs/0123456789abcdef"), 404, "not-found")


def test_a_method_that_is_not_served_is_a_405(client: TestClient) -> None:
    answer = client.put("/api/v1/search")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": " "}, "query"),
        ({"q": "x" * 2001}, "q"),
        ({"q": "x", "limit": 0}, "limit"),
        ({"q": "x", "limit": 1001}, "limit"),
        ({"q": "x", "offset": -1}, "offset"),
        ({"q": "x", "mode": "best"}, "mode"),
        ({"q": "x", "year": "MMXX"}, "year"),
        ({"q": "x", "year": "2021..2020"}, "year"),
        ({"q": "x", "budget": "many"}, "budget"),
        ({"q": "x", "format": "xml"}, "format"),
        ({"q": "x", "yeer": "2020"}, "yeer"),
    ],
)
def test_bad_input_names_the_field_at_fault(client: TestClient, params: dict[str, Any], field: str) -> None:
    assert problem(client.get("/api/v1/search", params=params), 422, "invalid-request")["field"] == field


def test_an_unreadable_upload_says_why(client: TestClient) -> None:
    for data in (b"", b"\x00\x01\x02" * 50, "没有表格".encode()):
        found = problem(client.post("/api/v1/filings", files={"file": ("a.txt", data)}), 422, "unreadable-input")
        assert "/" not in found["detail"].replace("a.txt", "")


def test_a_body_of_the_wrong_kind_is_a_415(client: TestClient) -> None:
    problem(client.post("/api/v1/filings", json={"file": "x"}), 415, "unsupported-media-type")
    problem(client.post("/api/v1/citations:extract", content="text"), 415, "unsupported-media-type")


def test_a_large_body_is_a_413_whether_or_not_it_is_announced(make_client: Any) -> None:
    client = make_client(upload_size_bytes_max=5_000, body_size_bytes_max=2_000)
    problem(client.post("/api/v1/filings", files={"file": ("a.txt", b"x" * 6_000)}), 413, "too-large")
    headers = {"content-type": "application/json"}
    parts = (b"x" * 500 for _ in range(10))
    answer = client.post("/api/v1/citations:extract", content=parts, headers=headers)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_too_many_requests_are_a_429_that_says_when_to_come_again(make_client: Any) -> None:
    client = make_client(rate_per_minute=20)
    answers = [client.get("/api/v1/stats") for _ in range(12)]
    assert answers[0].status_code == 200
    refused = answers[-1]
    problem(refused, 429, "too-many-requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_a_library_that_another_process_writes_to_is_a_503(
    make_client: Any, library_copy: Path, draft_file: Path
) -> None:
    from perfsearch.indexes.lock import write_lock

    client = make_client(settings={"lock_wait_seconds": 0.05})
    data = draft_file.read_bytes() + b"\n"
    with write_lock(library_copy, 0.0):
        answer = client.post("/api/v1/filings", files={"file": ("b.txt", data)})
    problem(answer, 503, "library-locked")
    assert answer.headers["retry-after"]


def test_every_answer_has_the_id_of_its_request(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"
    made = client.get("/nothing", headers={"X-Request-ID": "bad id\t"}).headers["x-request-id"]
    assert len(made) == 16


def test_metrics_count_by_route_and_show_the_library(client: TestClient) -> None:
    client.get("/api/v1/search", params={"q": "秘密的查询"})
    page = client.get("/metrics").text
    assert 'perfsearch_requests_total{method="GET",route="/api/v1/search",status="200"}' in page
    assert 'perfsearch_stage_seconds_count{stage="query"}' in page
    assert 'perfsearch_library{what="filings"}' in page
    assert "秘密" not in page


def test_health_and_readiness(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json()["seq"] > 0
