"""The pages of an original beside the filing: drawn, marked where its sections and rows stand, and absent where there is none."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from PIL import Image
from starlette.testclient import TestClient

from perfsearch.errors import UnreadableFile
from perfsearch.library import Library
from perfsearch.readers.rendering import render_page
from perfsearch.service.app import create_app
from perfsearch.settings import Settings
from tests.rendering.printed import forms, pages
from tests.rendering.records import load_records
from tests.service.conftest import BASE

RECORD = load_records()[0]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("originals") / "表.pdf"
    path.write_bytes(pages.as_pdf([forms.shanghai_2023(RECORD, Random(5))], Random(5)))
    return path


@pytest.fixture(scope="module")
def kept(original: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A library with the filing of the original, and its id."""
    directory = tmp_path_factory.mktemp("kept") / "library"
    with Library.open(directory) as library:
        (filing_id,) = library.add([original]).filings
    return directory, filing_id


@pytest.fixture
def browser(kept: tuple[Path, str]) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(library=kept[0])), base_url=BASE) as client:
        yield client


def test_places_are_kept_with_the_filing(kept: tuple[Path, str]) -> None:
    with Library.open(kept[0], create=False, readonly=True) as library:
        filing = library.get(kept[1])
    assert filing.places is not None
    goals, annual = filing.places["goals"][0].box, filing.places["annual_goals"][0].box
    assert goals is not None
    assert annual is not None
    rows = [row.place.box for row in filing.indicators if row.place and row.place.box]
    assert len(rows) == len(filing.indicators)
    assert all(upper[3] <= lower[1] + 1 for upper, lower in pairwise(rows) if lower[1] > upper[1])


def test_a_page_is_drawn_and_every_section_and_row_is_marked_on_it(browser: TestClient, kept: tuple[Path, str]) -> None:
    filing_id = kept[1]
    page = browser.get(f"/filings/{filing_id}").text
    assert f'data-part="/filings/{filing_id}/leaves"' in page
    part = browser.get(f"/filings/{filing_id}/leaves")
    filing = browser.get(f"/api/v1/filings/{filing_id}").json()
    marks = re.findall(r'class="(row|text)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', part.text)
    assert [kind for kind, *_ in marks].count("row") == len(filing["indicators"])
    assert [kind for kind, *_ in marks].count("text") >= len(filing["sections"])
    for name in filing["sections"]:
        number = filing["places"][name][0]["page"]
        assert f'href="#on-{number}-{name}"' in page
        assert f'id="on-{number}-{name}"' in part.text
    (width, height) = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', part.text)[0]
    assert all(float(x) + float(w) <= float(width) and float(y) + float(h) <= float(height) for _, x, y, w, h in marks)
    answer = browser.get(f"/filings/{filing_id}/leaves/1.png")
    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert abs(picture.width / picture.height - float(width) / float(height)) < 0.01
    assert browser.get(f"/filings/{filing_id}/leaves/99.png").status_code == 404


def test_where_the_original_is_gone_its_pages_are_not_offered(tmp_path: Path, original: Path) -> None:
    moved = tmp_path / "表.pdf"
    moved.write_bytes(original.read_bytes())
    with Library.open(tmp_path / "library") as library:
        (filing_id,) = library.add([moved]).filings
    moved.unlink()
    with TestClient(create_app(Settings(library=tmp_path / "library")), base_url=BASE) as client:
        assert "leaves" not in client.get(f"/filings/{filing_id}").text
        assert client.get(f"/filings/{filing_id}/leaves/1.png").status_code == 404
        assert client.get(f"/filings/{filing_id}/leaves").status_code == 200


def test_a_page_that_can_not_be_drawn_costs_no_more_than_itself(tmp_path: Path) -> None:
    broken = tmp_path / "a.pdf"
    broken.write_bytes(b"%PDF-1.7\n" + b"\x00" * 300)
    with pytest.raises(UnreadableFile, match="can't be drawn"):
        render_page(broken, 1)


def test_a_page_of_an_image_of_several_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    first, second = Image.new("L", (300, 400), 255), Image.new("L", (600, 200), 255)
    first.save(path, "TIFF", save_all=True, append_images=[second], dpi=(100, 100))
    picture = render_page(path, 2)
    assert (picture.width, picture.height) == (432.0, 144.0)
