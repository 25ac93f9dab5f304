"""The pages: what each shows, that everything from a filing is escaped, and that nothing comes from elsewhere."""

from __future__ import annotations

import csv
import io
import itertools
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from docx import Document
from starlette.testclient import TestClient

from perfsearch.library import Library
from perfsearch.model import Citation, Filing, Indicator, Source
from perfsearch.service.drafts import KEPT_MAX
from perfsearch.service.web.differences import side_by_side
from perfsearch.service.web.marking import Copied, copied_runs, linked, mark

PAGE_BYTES_MAX = 200_000
ATTACK = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.example","x")'


@pytest.fixture(scope="module")
def addresses(sample: Library) -> list[str]:
    hits = sample.search("河道养护", limit=3).hits
    policy = sample.policies(limit=1).policies[0].policy_id
    one, two = hits[0].filing_id, hits[1].filing_id
    return [
        "/", "/?q=河道养护", "/?q=河道&by=passage&year=2019..2021&budget=10万..1000万", "/?applicant=水务局", "/?q=zzzz",
        f"/filings/{one}", f"/filings/{one}?version=1", f"/filings/{one}/duplicates", f"/filings/{one}/duplicates?stock=true",
        f"/filings/{one}/review", "/compare", f"/compare?a={one}&b={two}", "/policies", "/policies?q=科普法",
        f"/policies/{policy}", "/analysis", f"/analysis?cites={policy}", "/analysis?applicant=云江市残疾人联合会", "/indicators",
        "/indicators?q=满意度", "/review", "/add", "/login", "/docs", "/draft", "/draft?q=给社区老人办助餐点", "/duplicates", "/audit",
        f"/filings/{one}?copied=true&q=河道养护", f"/compare?f={one}", f"/compare?f={one}&f={two}", f"/compare?a={one}@1&b={two}",
        "/?year=2018..2025&page=2", "/analysis?indicator=满意度&year=2019..2024",
    ]  # fmt: skip


def test_every_page_is_whole_small_and_self_contained(client: TestClient, addresses: list[str]) -> None:
    for address in addresses:
        page = client.get(address)
        assert page.status_code == 200, (address, page.text[:300])
        assert len(page.content) < PAGE_BYTES_MAX, address
        assert '<html lang="zh-CN">' in page.text
        assert "<h1" in page.text
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page.text) == []
        scripts = re.findall(r"<script\b[^>]*>(.*?)</script>", page.text, re.DOTALL)
        assert [text for text in scripts if text.strip()] == []
        assert re.findall(r"\son[a-z]+=|\sstyle=", re.sub(r'"[^"]*"', '""', page.text)) == []


def test_every_link_of_the_pages_leads_somewhere(client: TestClient, addresses: list[str]) -> None:
    seen: set[str] = set()
    for address in addresses:
        page = client.get(address).text
        links = re.findall(r'href="(/[^"#]*)', page)
        seen.update(link.replace("&amp;", "&") for link in links[:60])
    bad = {link: code for link in sorted(seen)[:150] if (code := client.get(link).status_code) != 200}
    assert bad == {}


def test_a_facet_narrows_to_as_many_as_it_says(client: TestClient) -> None:
    page = client.get("/", params={"year": "2018..2025"}).text
    found = re.findall(r'<li><a href="([^"]+)"[^>]*><span>[^<]*</span> <span class="n">(\d+)</span>', page)
    assert len(found) > 8
    for href, count in found:
        narrowed = client.get(href.replace("&amp;", "&")).text
        shown = int(re.search(r"(\d+) 份申报表的分布", narrowed)[1])  # type: ignore[index]
        if "year=" in href.replace("year=2018..2025", "") or "budget=" in href:
            assert shown == int(count), href
        assert shown >= int(count), href  # a name also finds longer names that it is part of


def test_the_facets_beside_hits_come_as_a_part_of_their_own(client: TestClient) -> None:
    page = client.get("/", params={"q": "河道养护", "year": "2019..2022"}).text
    address = re.search(r'data-part="([^"]+)"', page)[1].replace("&amp;", "&")  # type: ignore[index]
    part = client.get(address)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "份申报表的分布" in part.text
    assert "q=%E6%B2%B3" in part.text


def test_facets_of_a_query_count_every_filing_that_answers(client: TestClient, sample: Library) -> None:
    for query in ("河道养护", "社区 老人", "国办发〔2016〕10号"):
        facets = client.get("/api/v1/facets", params={"q": query}).json()
        assert facets["total"] == sample.search(query, limit=1000).total
        assert sum(one["filings"] for one in facets["years"]) == facets["total"]


@pytest.fixture(scope="module")
def hostile(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An application over one filing in which every field is an attack."""
    from perfsearch.service.app import create_app
    from perfsearch.settings import Settings

    directory = tmp_path_factory.mktemp("hostile") / "library"
    text = f"{ATTACK}根据《{ATTACK}管理办法》（国办发〔2016〕10号）和《{ATTACK}》实施。{FORMULA}"
    filings = [
        Filing(
            source=Source(file=f"{ATTACK}{n}.txt"),
            id=f"2020-{n}",
            form="shanghai-2020",
            fiscal_year=2020,
            applicant=f'"><img src=x onerror=alert({n})>',
            project_name=f"{ATTACK} 项目 {n}" if n else FORMULA,
            category=ATTACK,
            sections={"basis": text, "overview": f"{ATTACK}河道养护{FORMULA}" * 3},
            indicators=(Indicator(level1=ATTACK, level2=ATTACK, name=f"{ATTACK}率", target=FORMULA),),
            citations=(
                Citation(
                    section="basis",
                    start=len(ATTACK) + 2,
                    end=len(ATTACK) + 40,
                    text="x",
                    title=ATTACK,
                    policy_id="p-0123456789ab",
                ),
            ),
        )
        for n in range(3)
    ]
    with Library.open(directory) as library:
        assert library.add_filings(filings).added == 3
    with TestClient(create_app(Settings(library=directory)), base_url="http://127.0.0.1") as found:
        yield found


def test_what_a_filing_says_is_never_markup(hostile: TestClient) -> None:
    pages = ["/", "/?q=河道养护", "/?applicant=" + quote('"><img'), "/?q=" + quote(ATTACK), "/filings/2020-1", "/filings/2020-1/duplicates",
             "/filings/2020-1/review", "/filings/2020-1/like", "/draft?q=" + quote("河道养护" + ATTACK), "/duplicates",
             "/filings/2020-1?copied=true&q=" + quote("河道养护 script"), "/compare?a=" + quote(ATTACK) + "&b=1", "/facets?q=河道养护",
             "/compare?a=2020-1&b=2020-2", "/policies",
             "/policies?q=" + quote(ATTACK), "/analysis",
             "/analysis?applicant=img", "/indicators", "/indicators?q=率", "/login?next=" + quote('"><script>'), "/nothing" + quote(ATTACK)]  # fmt: skip
    for address in pages:
        page = hostile.get(address, headers={"accept": "text/html"})
        assert page.status_code in (200, 404), (address, page.text[:200])
        assert ATTACK not in page.text, address
        assert "<img" not in page.text, address
        assert "javascript:" not in page.text, address
    policy = hostile.get("/api/v1/policies").json()["policies"][0]["policy_id"]
    assert ATTACK not in hostile.get(f"/policies/{policy}").text
    for chart in ("years", "applicants", "graph"):
        drawn = hostile.get(f"/policies/{policy}/{chart}.svg").text
        assert "<script" not in drawn
        ElementTree.fromstring(drawn)


def test_no_cell_of_an_export_is_a_formula(hostile: TestClient) -> None:
    for address in (
        "/api/v1/filings?format=csv", "/api/v1/search?q=河道养护&format=csv", "/api/v1/policies?format=csv",
        "/api/v1/indicators?format=csv", "/analysis/applicants.csv", "/analysis/categories.csv",
    ):  # fmt: skip
        text = hostile.get(address).content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        assert len(rows) > 1, address
        for row in rows:
            for value in row:
                assert not value.startswith(("=", "+", "-", "@", "\t", "\r")) or re.fullmatch(r"-?[\d.e-]+", value), (
                    value
                )


@pytest.mark.parametrize("chart", ["years", "applicants", "sections", "graph"])
def test_charts_of_a_policy_are_svg_and_csv_files(client: TestClient, sample: Library, chart: str) -> None:
    policy = sample.policies(limit=1).policies[0]
    drawn = client.get(f"/policies/{policy.policy_id}/{chart}.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    root = ElementTree.fromstring(drawn.text)
    assert root.tag.endswith("svg")
    rows = list(
        csv.reader(io.StringIO(client.get(f"/policies/{policy.policy_id}/{chart}.csv").content.decode("utf-8-sig")))
    )
    assert len(rows) > 1
    if chart == "years":
        assert {row[0]: int(row[1]) for row in rows[1:]} == sample.policy(policy.policy_id).by_year


def test_the_targets_of_an_indicator_are_drawn_and_taken_away(client: TestClient, sample: Library) -> None:
    page = client.get("/analysis", params={"indicator": "满意度", "year": "2019..2024"}).text
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/indicators/targets\.[^"]+)"', page)]
    assert len(links) >= 2
    for link in links:
        found = client.get(link)
        assert found.status_code == 200, link
    table = next(client.get(link).content.decode("utf-8-sig") for link in links if ".csv" in link)
    name = re.search(r"name=([^&]+)", next(link for link in links if ".csv" in link))[1]  # type: ignore[index]
    use = sample.indicators(unquote(name), limit=1, year_from=2019, year_to=2024).indicators[0]
    rows = list(csv.reader(io.StringIO(table)))[1:]
    assert {row[0].lstrip("'"): int(row[1]) for row in rows} == {one.target: one.filings for one in use.targets}


def test_an_analysis_without_filings_says_so_instead_of_failing(client: TestClient) -> None:
    page = client.get("/analysis", params={"applicant": "没有这个单位"})
    assert page.status_code == 200
    assert "0 份申报表" in page.text
    assert client.get("/analysis/filings.svg", params={"applicant": "没有这个单位"}).status_code in (200, 404)


def test_errors_are_pages_in_the_language_of_the_reader(make_client: Any) -> None:
    client = make_client(body_size_bytes_max=1_000, rate_per_minute=2)
    browser = {"accept": "text/html"}
    missing = client.get("/filings/none", headers=browser)
    assert "没有这一页" in missing.text
    assert missing.headers["x-request-id"] in missing.text
    too_many = client.get("/", headers=browser)
    assert (too_many.status_code, "请求太频繁" in too_many.text) == (429, True)
    assert int(too_many.headers["retry-after"]) > 0
    wide = make_client(body_size_bytes_max=1_000)
    assert "文件太大" in wide.post("/login", content=b"x" * 2_000, headers=browser).text
    assert "没有权限" in wide.post("/review", files={"file": ("a", b"x")}, headers=browser).text


def test_a_browser_gets_an_error_as_a_page_and_a_program_as_a_problem(client: TestClient) -> None:
    page = client.get("/filings/none", headers={"accept": "text/html"})
    assert page.status_code == 404
    assert 'role="alert"' in page.text
    assert client.get("/filings/none").headers["content-type"] == "application/problem+json"


def test_a_description_gets_projects_indicators_legal_bases_and_wording_with_their_sources(
    client: TestClient, sample: Library
) -> None:
    page = client.get("/draft", params={"q": "给社区里的老人办助餐点，补贴饭钱"}).text
    passages = re.findall(r'<div class="model" id="w-overview-\d">.*?href="/filings/([^#"]+)#', page, re.DOTALL)
    assert len(passages) == 3
    assert "老年人权益保障法" in page
    assert "日均就餐人次" in page
    assert all(sample.get(one).sections["overview"][:300] in page for one in passages)
    assert "助餐" in str(sample.get(passages[0]).project_name)
    for copied in re.findall(r'data-(?:copy|cite)="([^"]*)"', page):
        assert re.search(r"（.*《.+》\d{4}，.*\d{4}-[0-9a-f]{10}）", copied), copied


def test_a_draft_is_kept_for_its_author_and_compared_with_filings(
    client: TestClient, sample: Library, draft_file: Path
) -> None:
    token = re.search(r'name="csrf" content="([^"]+)"', client.get("/").text)[1]  # type: ignore[index]
    page = client.post("/similar", files={"file": ("草稿.txt", draft_file.read_bytes())}, data={"csrf": token})
    draft = re.fullmatch(r"/drafts/([0-9a-f]{20})", page.url.path)[1]  # type: ignore[index]
    assert client.get(f"/reviews/{draft}").status_code == 200
    assert "并排对照" in client.get(f"/drafts/{draft}/duplicates").text
    other = sample.search("河道保洁", limit=1).hits[0].filing_id
    assert "对照两份申报表" in client.get("/compare", params={"a": f"draft:{draft}", "b": other}).text
    for start in ("/draft", "/review"):
        assert "草稿.txt" in client.get(start).text
    client.post(f"/drafts/{draft}/remove", data={"csrf": token})
    assert client.get(f"/drafts/{draft}", headers={"accept": "text/html"}).status_code == 404
    assert draft not in client.get("/draft").text


def test_no_owner_keeps_more_drafts_than_allowed(client: TestClient, draft_file: Path) -> None:
    drafts = client.app.state.service.drafts  # type: ignore[attr-defined]
    made = [drafts.put("someone", f"{n}.txt", b"x").id for n in range(KEPT_MAX + 3)]
    assert [one.id for one in drafts.listed("someone")] == made[:2:-1]
    assert drafts.listed("another") == []


def test_a_draft_gets_projects_legal_bases_and_indicators(client: TestClient, draft_file: Path) -> None:
    token = re.search(r'name="csrf" content="([^"]+)"', client.get("/").text)[1]  # type: ignore[index]
    page = client.post("/similar", files={"file": (draft_file.name, draft_file.read_bytes())}, data={"csrf": token})
    assert page.status_code == 200
    assert "相似的项目" in page.text
    assert "草稿没有的依据" in page.text
    assert "草稿没有的指标" in page.text
    bad = client.post("/similar", files={"file": ("x.txt", b"\x00\x01")}, data={"csrf": token})
    assert bad.status_code == 422


def test_a_dismissed_finding_is_left_out_of_the_download(client: TestClient, draft_file: Path) -> None:
    token = re.search(r'name="csrf" content="([^"]+)"', client.get("/").text)[1]  # type: ignore[index]
    text = draft_file.read_text(encoding="utf-8").replace("2018-12-31", "2017-12-31")
    page = client.post("/review", files={"file": ("draft.txt", text.encode())}, data={"csrf": token})
    assert page.status_code == 200
    keys = re.findall(r'id="f-([0-9a-f]{16})"', page.text)
    titles = re.findall(r'class="finding[^"]*"[^>]*>\s*<h3>([^<]+?) <span', page.text)
    assert keys, "the end before the start is a finding"
    before = client.get(f"{page.url.path}/report.html").text
    assert titles[0] in before
    decided = client.post(f"{page.url.path}/decisions", data={"csrf": token, "key": keys[0], "decision": "dismissed"})
    assert 'data-chosen="dismissed"' in decided.text
    after = client.get(f"{page.url.path}/report.html").text
    assert after.count("finding") < before.count("finding") or titles[0] not in after
    assert client.get(f"{page.url.path}/report.docx").content[:2] == b"PK"


def test_an_accepted_finding_is_marked_in_every_download(client: TestClient, draft_file: Path) -> None:
    token = re.search(r'name="csrf" content="([^"]+)"', client.get("/").text)[1]  # type: ignore[index]
    text = draft_file.read_text(encoding="utf-8").replace("2018-12-31", "2017-12-31")
    page = client.post("/review", files={"file": ("draft.txt", text.encode())}, data={"csrf": token})
    keys = re.findall(r'id="f-([0-9a-f]{16})"', page.text)
    base = page.url.path
    assert "已采纳" not in client.get(f"{base}/report.html").text
    client.post(f"{base}/decisions", data={"csrf": token, "key": keys[0], "decision": "accepted"})
    assert client.get(f"{base}/report.html").text.count("已采纳") == 1
    rows = list(csv.DictReader(io.StringIO(client.get(f"{base}/report.csv").content.decode("utf-8-sig"))))
    assert [row["采纳"] for row in rows].count("是") == 1
    document = Document(io.BytesIO(client.get(f"{base}/report.docx").content))
    assert sum("已采纳" in one.text for one in document.paragraphs) == 1
    undone = client.post(f"{base}/decisions", data={"csrf": token, "key": keys[0], "decision": ""})
    assert 'data-chosen="accepted"' not in undone.text


def test_what_was_looked_for_and_what_was_copied_is_marked_in_a_filing(client: TestClient, sample: Library) -> None:
    one = sample.search("河道养护", limit=1).hits[0].filing_id
    page = client.get(f"/filings/{one}", params={"q": "河道养护", "copied": True}).text
    prose = "".join(re.findall(r'<p class="prose">(.*?)</p>', page, re.DOTALL))
    assert prose.count("<mark>") > 5
    report = sample.duplicates(one)
    runs = copied_runs(report)
    shown = sum(len(text) for text in re.findall(r'<span class="copied"[^>]*>(?:<mark>)?([^<]*)', prose))
    assert shown == sum(run.end - run.start for found in runs.values() for run in found) > 500
    for found in runs.values():
        for a, b in itertools.pairwise(sorted(found, key=lambda run: run.start)):
            assert a.end <= b.start


def test_two_versions_of_a_filing_are_compared(make_client: Any, draft_file: Path) -> None:
    client = make_client()
    text = draft_file.read_text(encoding="utf-8")
    added = client.post("/api/v1/filings", files={"file": ("a.txt", text.replace("河道是", "河流是").encode())}).json()
    one = added["filings"][0]
    page = client.get(f"/filings/{one}").text
    assert f"/compare?a={one}@1&amp;b={one}@2" in page
    compared = client.get("/compare", params={"a": f"{one}@1", "b": f"{one}@2"}).text
    assert "<mark>河道</mark>" in compared
    assert "<mark>河流</mark>" in compared
    assert client.get("/compare", params={"a": f"{one}@9", "b": one}).status_code == 404


# -- the pieces


def test_marks_and_links_keep_the_text_and_escape_it() -> None:
    text = "a<b>根据《办法》执行&"
    citations = [Citation(section="basis", start=6, end=10, text="《办法》", policy_id='p"x')]
    for made in (mark(text, ((1, 4), (6, 10))), linked(text, citations)):
        plain = re.sub(r"<[^>]+>", "", made)
        assert plain == "a&lt;b&gt;根据《办法》执行&amp;"
    assert "/policies/p&#34;x" in linked(text, citations)
    crossing = linked(text, citations, ((3, 8),), (Copied(5, 9, "x", '又见"'),))
    assert re.sub(r"<[^>]+>", "", crossing) == "a&lt;b&gt;根据《办法》执行&amp;"
    ElementTree.fromstring(f"<p>{crossing}</p>")


def test_two_texts_side_by_side_lose_nothing() -> None:
    left, right = "甲。乙。丙；丁", "甲。戊。丙；己。庚"
    pairs = side_by_side(left, right)
    assert "".join(p.left for p in pairs) == left
    assert "".join(p.right for p in pairs) == right
    assert [p.left for p in pairs if p.same] == ["甲。", "丙；"]


def test_what_differs_within_a_sentence_is_marked_and_a_number_as_a_whole() -> None:
    (pair,) = side_by_side("养护河道118.4公里，水面保洁率98%", "养护河道124.0公里，水面保洁率98%")
    assert [pair.left[a:b] for a, b in pair.left_marks] == ["118.4"]
    assert [pair.right[a:b] for a, b in pair.right_marks] == ["124.0"]
    (strange,) = side_by_side("甲乙丙丁戊", "子丑寅卯辰巳")
    assert strange.left_marks == ((0, 5),)
    (added,) = side_by_side("", "只有一边")
    assert (added.left_marks, added.right_marks) == ((), ((0, 4),))
