from __future__ import annotations

from benchmarks import paraphrases


def test_the_pairs_are_sixty_and_each_sentence_is_one() -> None:
    pairs = paraphrases.read_pairs()
    assert len({official for official, _ in pairs}) == len({everyday for _, everyday in pairs}) == 60
    for pair in pairs:
        assert all(text.endswith("。") and text.count("。") == 1 for text in pair)


def test_most_sentences_in_everyday_words_are_joined_to_their_source_and_few_to_another() -> None:
    figures = paraphrases.measure(seed=3)
    assert figures["planted"] == 30
    assert figures["precision"] >= 0.85
    assert figures["recall"] >= 0.65
