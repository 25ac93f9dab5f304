"""The index of indicator rows follows the records, finds names by words, and lets like sets meet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsearch.encoding import load_encoder
from perfsearch.errors import LibraryDamaged
from perfsearch.extract.targets import parse_target
from perfsearch.indexes.indicators import IndicatorIndex, bands, set_hash
from perfsearch.indexes.store import Stored
from perfsearch.library import Library
from perfsearch.model import Filing, Indicator, Source

encoder = load_encoder()


def filing(number: int, *rows: tuple[str, str, str, str]) -> Stored:
    indicators = tuple(
        Indicator(level1=a, level2=b, name=name, target=target, value=parse_target(target, name))
        for a, b, name, target in rows
    )
    return Stored(number, 0, 0, Filing(id=f"f{number}", source=Source(file="a.txt"), indicators=indicators))


def opened(directory: Path) -> IndicatorIndex:
    return IndicatorIndex(directory, "encoder-1", encoder.dim, lambda: encoder)


RATE = ("产出目标", "质量", "水面保洁率", ">=95%")
COUNT = ("产出目标", "数量", "受益人次（万人次）", ">=5")


def test_rows_are_kept_with_level_target_number_and_unit_in_their_base(tmp_path: Path) -> None:
    index = opened(tmp_path)
    index.append([filing(1, RATE, COUNT), filing(2, RATE)])
    index.publish(2)
    code = index.code_of_fold("受益人次")
    assert code is not None
    (row,) = index.rows_of_folds([code], None)
    assert index.level(int(index["row_level"][row])) == ("产出目标", "数量")
    assert index.text("targets", int(index["row_target"][row])) == ">=5"
    assert index["row_number"][row] == 50_000
    assert index.text("units", int(index["row_unit"][row])) == "人次"
    assert index.counts(None).sum() == 3


def test_an_index_that_is_opened_again_knows_what_was_published_and_nothing_else(tmp_path: Path) -> None:
    index = opened(tmp_path)
    index.append([filing(1, RATE)])
    index.publish(1)
    index.append([filing(2, COUNT)])
    index.discard()
    again = opened(tmp_path)
    assert (again.seq, again.n_rows, again.n_folds) == (1, 1, 1)
    again.append([filing(1, RATE), filing(2, RATE)])  # what it knows already does no harm
    again.publish(2)
    assert again.n_rows == 2
    assert index.renewed().n_rows == 2
    assert index.n_rows == 1


def test_one_name_printed_in_two_ways_is_one_fold(tmp_path: Path) -> None:
    index = opened(tmp_path)
    index.append([filing(1, RATE), filing(2, ("产出目标", "质量", "水面保洁率（%）", "=98"))])
    index.publish(2)
    assert index.n_folds == 1
    assert sorted(index["row_number"]) == [95, 98]


def test_rows_of_filings_that_do_not_stand_are_left_out(tmp_path: Path) -> None:
    index = opened(tmp_path)
    index.append([filing(1, RATE), filing(2, RATE)])
    index.publish(2)
    standing = np.asarray([False, False, True])
    assert index["row_filing"][index.rows_of_folds([0], standing)].tolist() == [2]
    assert index.counts(standing).tolist() == [1]


def test_words_find_the_names_that_share_their_rare_characters(tmp_path: Path) -> None:
    index = opened(tmp_path)
    index.append([filing(1, RATE, COUNT, ("产出目标", "质量", "设备合格率", "=100%"))])
    index.publish(1)
    folds, scores = index.words("保洁率")
    best = int(folds[np.argmax(scores)])
    assert index.text("folds", best) == "水面保洁率"
    assert scores.max() == pytest.approx(1.0)


def test_another_encoder_s_index_counts_as_damaged(tmp_path: Path) -> None:
    index = opened(tmp_path)
    index.append([filing(1, RATE)])
    index.publish(1)
    with pytest.raises(LibraryDamaged):
        IndicatorIndex(tmp_path, "encoder-2", encoder.dim, lambda: encoder)


def test_the_library_s_index_follows_added_replaced_and_removed_filings(tmp_path: Path, corpus: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        report = library.add(corpus / "linjiang-hedao-yanghu-2018.txt")
        assert {use.name for use in library.indicators("水面保洁率").indicators} >= {"水面保洁率"}
        stored = library.get(report.filings[0])
        changed = stored.model_copy(update={"indicators": stored.indicators[:1]})
        library.add_filings([changed])
        assert [use.name for use in library.indicators().indicators] == [stored.indicators[0].name]
        library.remove(report.filings)
        assert library.indicators().indicators == ()


def test_a_rebuilt_index_answers_as_before(tmp_path: Path, corpus: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        library.add([corpus / "linjiang-hedao-yanghu-2018.txt", corpus / "linjiang-hedao-yanghu-2019.txt"])
        before = library.indicators().model_copy(update={"took_ms": 0.0})
        library.rebuild()
        assert library.indicators().model_copy(update={"took_ms": 0.0}) == before


@given(st.sets(st.text("甲乙丙丁戊己庚辛", min_size=1, max_size=4), max_size=12))
def test_a_set_has_one_fingerprint_whatever_its_order(folds: set[str]) -> None:
    ordered = sorted(folds)
    assert set_hash(ordered) == set_hash(reversed(ordered))
    assert bands(ordered) == bands(list(reversed(ordered)))


def test_like_sets_share_a_band_and_unlike_sets_do_not() -> None:
    # 200 pairs with a Jaccard of 0.8 and 200 with 0.2; the probabilities are 0.985 and 0.013 by band design.
    near = far = 0
    for number in range(200):
        common = [f"指标{number}-{i}" for i in range(16)]
        near += _share([*common, "甲", "乙"], [*common, "丙", "丁"])
        far += _share(
            [f"一{number}-{i}" for i in range(12)] + common[:6], [f"二{number}-{i}" for i in range(12)] + common[:6]
        )
    assert near >= 185
    assert far <= 15


def _share(a: list[str], b: list[str]) -> bool:
    return bool(set(bands(a)) & set(bands(b)))
