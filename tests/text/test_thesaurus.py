"""Everyday words lead to the official terms that the shipped thesaurus sets beside them."""

from __future__ import annotations

from perfsearch.text.segment import Segmenter
from perfsearch.text.thesaurus import official_terms, widen


def widened(text: str) -> list[str]:
    return widen(Segmenter().token_spans(text), text)


def test_every_everyday_word_stands_for_a_few_official_terms() -> None:
    known = official_terms()
    assert len(known) > 5_000
    assert all(1 <= len(terms) <= 30 and word not in terms for word, terms in known.items())


def test_a_word_leads_to_its_official_term() -> None:
    assert "屋面" in widened("楼顶要修")


def test_terms_come_once_in_the_order_of_the_words() -> None:
    found = widened("楼顶渗水，楼顶要修")
    assert found.count("屋面") == 1
    assert found.index("屋面") < found.index("渗漏")


def test_the_longest_word_at_a_place_counts_alone_and_may_be_of_several_tokens() -> None:
    known = official_terms()
    spans = [(word, start, end) for word, start, end in Segmenter().token_spans("一回给清")]
    assert len(spans) > 1
    assert widen(spans, "一回给清") == list(known["一回给清"])


def test_a_word_inside_another_is_not_meant() -> None:
    assert widen([("楼顶层", 0, 3)], "楼顶层") == []


def test_official_words_and_empty_texts_widen_to_nothing() -> None:
    assert widened("") == []
    assert "屋面" not in widened("屋面防水")
