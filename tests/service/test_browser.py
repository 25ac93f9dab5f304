"""The pages in a real browser: each user's way through them, by keyboard too, and what axe-core says of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perfsearch.library import Library
from tests.conftest import served

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
FIRST_PAINT_MS_MAX = 1_000
"""Of a browser that shares two cores with other tests; benchmarks/load.py measures it on a quiet machine."""


@pytest.fixture(scope="module")
def address(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = Path(shutil.copytree(pristine, tmp_path_factory.mktemp("browsed") / "library"))
    with served(directory) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A page that fails the test where a script fails or the policy of the page is broken."""
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900}, locale="zh-CN")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(10_000)
    found = context.new_page()
    complaints: list[str] = []
    found.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    yield found
    context.close()
    assert [text for text in complaints if "404" not in text and "422" not in text] == []


def test_a_drafter_finds_a_project_and_copies_a_passage_with_its_source(page: Any) -> None:
    page.goto("/")
    page.get_by_role("searchbox", name="检索内容").fill("河道养护")
    page.get_by_role("button", name="检索").click()
    page.get_by_role("button", name="复制带出处").first.click()
    page.get_by_role("button", name="已复制").wait_for()
    assert "区管河道日常养护" in page.evaluate("navigator.clipboard.readText()")
    page.locator(".hit h3 a").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "区管河道日常养护"
    page.locator("#basis").get_by_role("button", name="复制").click()
    page.locator("#basis").get_by_role("button", name="已复制").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("1.《中华人民共和国水法》")
    page.get_by_role("link", name="与").first.click()
    assert "对照两份申报表" in page.get_by_role("heading", level=1).inner_text()


def test_a_drafter_describes_a_project_and_copies_indicators_with_their_source(page: Any) -> None:
    page.goto("/draft")
    page.get_by_role("textbox", name="项目要做什么").fill("给社区里的老人办助餐点，补贴饭钱")
    page.get_by_role("button", name="找可参考的").first.click()
    page.get_by_role("button", name="复制整套带出处").click()
    page.get_by_role("button", name="已复制").wait_for()
    rows = page.evaluate("navigator.clipboard.readText()").strip().splitlines()
    assert len(rows) > 5
    assert all(row.count("\t") == 4 and "》20" in row for row in rows)
    for box in page.locator('input[name="f"]').all()[:2]:
        box.check()
    page.get_by_role("button", name="对照所选两份").first.click()
    assert page.locator(".sides.head a").count() == 2


def test_a_search_is_kept_in_the_browser_and_found_at_home(page: Any) -> None:
    page.goto("/?q=河道养护&year=2018..2022")
    page.get_by_role("button", name="保存这次检索").click()
    page.goto("/")
    page.locator("#saved a").click()
    assert "year=2018..2022" in page.url
    page.goto("/")
    page.get_by_role("button", name="删除保存的检索").click()
    assert page.locator("#saved").is_hidden()


def test_copied_text_of_the_whole_library_is_looked_for_and_shown(page: Any) -> None:
    page.goto("/duplicates")
    page.get_by_role("button", name="开始查重").click()
    page.get_by_role("link", name="看结果").click()
    page.get_by_label("单位").select_option("2")
    page.get_by_role("button", name="筛选").click()
    page.locator(".hit h3 a").first.click()
    page.locator(".chart a").first.click()
    assert "对照两份申报表" in page.get_by_role("heading", level=1).inner_text()


def test_every_page_works_without_script(browser: Any, address: str, draft_file: Path) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto("/?q=河道养护")
    page.locator(".hit h3 a").first.click()
    page.get_by_role("link", name="列出相似的项目").click()
    assert page.locator(".hit").count() > 2
    page.goto("/review")
    page.locator('input[type="file"]').set_input_files(str(draft_file))
    page.get_by_role("main").get_by_role("button", name="审核").click()
    assert "审核报告" in page.get_by_role("heading", level=1).inner_text()
    page.goto("/add")
    page.locator('input[type="file"]').set_input_files(str(draft_file))
    page.get_by_role("main").get_by_role("button", name="读入").click()
    page.get_by_text("未变 1 份").wait_for()  # the page asks again by itself
    context.close()


def test_a_drafter_drops_a_draft(page: Any, draft_file: Path) -> None:
    page.goto("/")
    form = page.locator('form[action="/similar"]')
    form.locator('input[type="file"]').set_input_files(str(draft_file))
    form.get_by_role("button", name="查找").click()
    page.get_by_role("heading", name="相似的项目", exact=False).first.wait_for()
    assert page.locator(".hit").count() > 3


def test_a_reviewer_drops_a_draft_dismisses_a_finding_and_downloads_the_report(
    page: Any, draft_file: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "草稿.txt"
    bad.write_text(draft_file.read_text(encoding="utf-8").replace("2018-12-31", "2017-12-31"), encoding="utf-8")
    page.goto("/review")
    page.locator('input[type="file"]').set_input_files(str(bad))
    page.get_by_role("main").get_by_role("button", name="审核").click()
    finding = page.locator(".finding").first
    address = page.url
    finding.get_by_role("button", name="采纳").click()
    page.locator('.finding[data-chosen="accepted"]').wait_for()
    finding.get_by_role("button", name="忽略").click()
    page.locator('.finding[data-chosen="dismissed"]').wait_for()
    assert page.url == address, "without leaving the place"
    assert page.locator('[data-count="dismissed"]').inner_text() == "1"
    page.reload()
    assert page.locator('[data-count="dismissed"]').inner_text() == "1"
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 DOCX").click()
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"


def test_an_analyst_goes_from_a_policy_to_its_filings_and_takes_a_chart_away(page: Any) -> None:
    page.goto("/policies?q=科普法")
    page.locator("table a").first.click()
    assert page.locator("svg.chart").count() >= 3
    with page.expect_download() as download:
        page.get_by_role("link", name="SVG").first.click()
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith("<svg")
    page.get_by_role("link", name="列出这些申报表").click()
    assert page.locator(".listing a").count() > 2
    page.locator(".facets a").first.click()
    assert "year=" in page.url


def test_an_upload_shows_its_progress_and_what_came_of_it(page: Any, draft_file: Path, tmp_path: Path) -> None:
    new = tmp_path / "新项目.txt"
    text = draft_file.read_text(encoding="utf-8").replace("区管河道日常养护", "北横河除险加固")
    new.write_text(text, encoding="utf-8")
    page.goto("/add")
    page.locator('input[type="file"]').set_input_files(str(new))
    page.get_by_role("button", name="读入").click()
    page.get_by_text("新增 1 份").wait_for()
    page.locator(".card .list a").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "北横河除险加固"


def test_everything_is_reached_by_keyboard(page: Any) -> None:
    page.goto("/policies")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto("/?q=河道养护")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("社区科普大学")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "%E7%A4%BE" in url)
    page.wait_for_load_state()
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('.hit, .facets, nav, form')?.className ?? ''"))
        seen = "document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        assert page.evaluate(seen)
    assert {"hit", "facets", "search"} <= reached


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "light"), (1280, "dark")])
def test_axe_finds_nothing_and_no_page_is_wider_than_the_screen(
    browser: Any, address: str, sample: Library, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    hits = sample.search("河道养护", limit=2).hits
    one, two = (hit.filing_id for hit in hits)
    policy = sample.policies(limit=1).policies[0].policy_id
    addresses = ["/", "/?q=河道养护", f"/filings/{one}", f"/compare?a={one}&b={two}", "/policies", f"/policies/{policy}", "/analysis",
                 "/indicators?q=满意度", f"/filings/{one}/duplicates", f"/filings/{one}/review", "/add", "/docs", "/login",
                 "/draft", "/draft?q=给社区老人办助餐点", "/duplicates", "/audit", f"/filings/{one}?copied=true&q=河道", "/?year=2020",
                 "/analysis?indicator=满意度", "/nothing"]  # fmt: skip
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    folder = os.environ.get("PERFSEARCH_SCREENSHOTS")
    found: list[str] = []
    for i, target in enumerate(addresses):
        page.goto(target)
        page.wait_for_selector("[aria-busy]", state="detached")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{target}: wider than the screen")
        for violation in Axe().run(page).response["violations"]:
            nodes = [node["html"][:120] for node in violation["nodes"][:2]]
            found.append(f"{target}: {violation['id']} {nodes}")
        if folder:
            page.screenshot(path=f"{folder}/{i:02d}-{width}-{scheme}.png", full_page=True)
    context.close()
    assert found == []


def test_a_search_page_is_painted_at_once(page: Any) -> None:
    page.goto("/?q=河道养护")
    page.goto("/?q=社区科普")
    page.wait_for_selector("[aria-busy]", state="detached")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    assert painted < FIRST_PAINT_MS_MAX
