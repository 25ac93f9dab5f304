from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from perfsearch.encoding import Encoder, load_encoder
from perfsearch.indexes import preparation as preparation_module
from perfsearch.indexes.passages import Passages, read_passages, with_vectors
from perfsearch.indexes.preparation import BATCH_FILINGS, Preparation
from perfsearch.library import Library
from perfsearch.model import Filing
from perfsearch.text.segment import Segmenter, default_segmenter
from tests.indexes.samples import HashingEncoder, make_filing

FILINGS = [make_filing(number) for number in range(6 * BATCH_FILINGS)]


def assert_same(found: Passages, expected: Passages) -> None:
    assert (found.content_hash, found.chunks, found.texts) == (expected.content_hash, expected.chunks, expected.texts)
    for mine, other in ((found.words, expected.words),):
        assert [mine.different[place] for place in mine.places] == [other.different[place] for place in other.places]
        np.testing.assert_array_equal(mine.lengths, other.lengths)
    np.testing.assert_array_equal(found.fingerprints, expected.fingerprints)


def read_ahead(segmenter: Segmenter, encoder: Encoder) -> Iterator[tuple[Filing, Passages | None]]:
    """Everything in order, once the second process is ready."""
    with Preparation(segmenter, lambda: encoder, large=0) as preparation:
        preparation._offer(FILINGS[:1])
        assert preparation._second is not None
        preparation._second._ready.result(timeout=60)
        for filing in preparation.ahead(FILINGS):
            yield filing, preparation.taken(filing)
            preparation.done([filing])
        assert not preparation._given or list(preparation._given) == [id(FILINGS[0])]


def test_the_second_process_reads_what_this_one_would() -> None:
    segmenter = Segmenter(["白玉兰杯"], ["采购"])
    encoder = load_encoder()
    seen = list(read_ahead(segmenter, encoder))
    assert [filing for filing, _ in seen] == FILINGS
    taken = [(filing, found) for filing, found in seen if found is not None]
    assert len(taken) >= 2 * BATCH_FILINGS
    for filing, found in taken[:: BATCH_FILINGS // 4]:
        expected = with_vectors(read_passages([filing], segmenter), encoder)[0]
        assert_same(found, expected)
        assert found.vectors is not None
        np.testing.assert_allclose(found.vectors, expected.vectors, atol=1e-6)


def test_an_encoder_of_the_caller_stays_with_the_caller() -> None:
    taken = [found for _, found in read_ahead(default_segmenter(), HashingEncoder()) if found is not None]
    assert taken
    assert all(found.vectors is None for found in taken)


def test_a_library_is_the_same_with_a_second_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    for large in (0, 10_000):
        monkeypatch.setattr(Preparation.__init__, "__defaults__", (large,))
        with Library.open(tmp_path / str(large)) as library:
            for start in (0, 200):  # the first begins while the second process is not ready
                library.add_filings(FILINGS[start : start + 200])
            assert library.verify().problems == ()
            found = library.search("购置乡村科普馆体验与参观", limit=20)
            answers.append([(hit.filing_id, hit.score) for hit in found.hits])
    assert answers[0] == answers[1]


def test_a_second_process_that_dies_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Preparation.__init__, "__defaults__", (0,))

    def killing(progress: int, _: int | None) -> None:
        for second in processes:
            second._ready.result(timeout=60)
            if progress >= 2 * BATCH_FILINGS and second._process is not None and second._process.poll() is None:
                os.kill(second._process.pid, signal.SIGKILL)

    processes: list[preparation_module.SecondProcess] = []
    real = preparation_module.SecondProcess.__init__

    def noting(self: preparation_module.SecondProcess, *arguments: object) -> None:
        real(self, *arguments)  # type: ignore[arg-type]
        processes.append(self)

    monkeypatch.setattr(preparation_module.SecondProcess, "__init__", noting)
    with Library.open(tmp_path / "library") as library, caplog.at_level(logging.WARNING, "perfsearch"):
        assert library.add_filings(FILINGS, killing).added == len(FILINGS)
        assert library.verify().problems == ()
    assert "the second process has ended" in caplog.text
    assert len(processes) == 1
    assert processes[0]._process is not None
    assert processes[0]._process.returncode == -signal.SIGKILL


def test_a_slow_source_is_not_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation_module, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(preparation_module, "BATCH_FILINGS", 4)
    read: list[int] = []

    def source() -> Iterator[Filing]:
        for number, filing in enumerate(FILINGS[:12]):
            time.sleep(0.001)
            read.append(number)
            yield filing

    with Preparation(default_segmenter(), HashingEncoder, large=0) as preparation:
        gaps = [len(read) - given for given, _ in enumerate(preparation.ahead(source()))]
    assert max(gaps) <= 4
