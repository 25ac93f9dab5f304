from __future__ import annotations

import hashlib
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.errors import LibraryDamaged
from perfsearch.indexes import bodies
from perfsearch.indexes.bodies import content_of, decode_body, decode_leaf, decode_sections, encode_body
from perfsearch.indexes.phrases import KNOWN, learn
from perfsearch.model import Filing, Place, Source, TargetValue, Warning
from perfsearch.text.chunk import chunk_filing, section_text
from tests.indexes.samples import make_filing


@given(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60), st.floats(allow_nan=False, allow_infinity=False)
)
def test_a_filing_comes_back_as_it_was(text: str, amount: float) -> None:
    form = make_filing(1, sections={"overview": text, "其他": ""}, project_name=text)
    form = form.model_copy(update={"budget": form.budget.model_copy(update={"carried_over": amount})})
    assert decode_body(encode_body(form)) == form
    assert decode_sections(encode_body(form)) == form.sections


def test_everything_that_a_filing_can_hold_comes_back() -> None:
    form = make_filing(1)
    row = form.indicators[0].model_copy(update={"value": TargetValue(op=">=", number=1.5), "place": Place(page=2)})
    form = form.model_copy(
        update={
            "indicators": (row,),
            "warnings": (Warning(code="a", message="b", field="c"),),
            "places": {"overview": (Place(page=1, box=(0.0, 1.0, 2.0, 3.0)),)},
            "source": Source(file="a.pdf", index=2, pages=(1, 2), path="/x/a.pdf"),
        }
    )
    assert decode_body(encode_body(form), "/x/a.pdf") == form
    assert decode_body(encode_body(form)).source.path is None  # a column of its own


def test_what_a_hit_shows_of_a_filing_is_what_its_chunks_were_cut_from() -> None:
    form = make_filing(1, sections={"overview": "概况。", "其他": "别的。"})
    form = form.model_copy(update={"source": Source(file="a.pdf", index=2, pages=(1, 2), path="/x/a.pdf")})
    leaf = decode_leaf(encode_body(form), "/x/a.pdf")
    assert leaf.source() == form.source
    assert {chunk.section for chunk in chunk_filing(form)} == {"header", "overview", "其他", "indicators"}
    for section in ("header", "overview", "其他", "indicators", "plan"):
        assert leaf.section_text(section) == section_text(form, section)
    assert decode_leaf(encode_body(Filing(source=Source(file="b.txt")))).section_text("header") == ""


@pytest.mark.parametrize(
    "harm", [lambda b: b[:-9], lambda b: b"\x07" + b[1:], lambda b: b"", lambda b: b[:9] + b"xx" + b[11:]]
)
def test_bytes_that_are_no_filing_are_damage(harm: object) -> None:
    broken = harm(encode_body(make_filing(1)))  # type: ignore[operator]
    for decode in (decode_body, decode_leaf, decode_sections):
        with pytest.raises(LibraryDamaged, match="can't be read"):
            decode(broken)
    with pytest.raises(LibraryDamaged):
        decode_body(None)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def learnt() -> int:
    found = learn([content_of(encode_body(make_filing(number))) for number in range(300)])
    assert found is not None
    return KNOWN.know(found)


def test_a_filing_written_against_learnt_phrases_comes_back_smaller(learnt: int) -> None:
    forms = [make_filing(number) for number in range(300, 330)]
    bodies = [encode_body(form, learnt) for form in forms]
    assert [decode_body(body) for body in bodies] == forms
    assert sum(map(len, bodies)) < 0.7 * sum(len(encode_body(form)) for form in forms)


@pytest.mark.parametrize("harm", [lambda b: b[:-9], lambda b: b[:3], lambda b: b[:1] + b"none" + b[5:]])
def test_bytes_that_are_no_filing_of_learnt_phrases_are_damage(learnt: int, harm: object) -> None:
    broken = harm(encode_body(make_filing(1), learnt))  # type: ignore[operator]
    with pytest.raises(LibraryDamaged, match="can't be read"):
        decode_body(broken)


def test_too_few_texts_teach_no_phrases() -> None:
    assert learn([b"a", b"b"]) is None


def test_the_phrases_that_bodies_were_written_against_never_change() -> None:
    assert hashlib.sha256(bodies._phrases()).hexdigest()[:16] == "69000295c4ada61a"
    assert len(bodies._phrases()) < 32_768  # deflate looks no further back


@pytest.mark.real
def test_the_phrases_are_worth_their_while(shared: Path) -> None:
    lines = (shared / "gold" / "filings.jsonl").read_text(encoding="utf-8").splitlines()
    forms = [Filing(**json.loads(line)) for line in lines]
    plain = sum(len(zlib.compress(form.model_dump_json(exclude_defaults=True).encode(), 6)) for form in forms)
    assert sum(len(encode_body(form)) for form in forms) < 0.75 * plain
