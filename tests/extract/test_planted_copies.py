from __future__ import annotations

from benchmarks.planted_copies import Copy, Found, score


def _copy(start: int, end: int) -> Copy:
    return Copy("edited", "plan", start, end, "s", "plan", start, end)


def _found(start: int, end: int, source: str = "s") -> Found:
    return Found("plan", start, end, source, "plan", start, end)


def test_plagdet_of_a_perfect_detection_is_one() -> None:
    figures = score([([_copy(0, 100)], [_found(0, 100)])])
    assert figures["plagdet"] == figures["precision"] == figures["recall"] == figures["granularity"] == 1.0


def test_plagdet_falls_with_parts_and_with_wrong_detections() -> None:
    figures = score([([_copy(0, 100)], [_found(0, 50), _found(50, 100), _found(0, 100, "other")])])
    assert figures["granularity"] == 2
    assert figures["precision"] == 2 / 3
    assert figures["recall"] == 1.0
    assert round(figures["plagdet"], 4) == round(0.8 / 1.584962500721156, 4)
