"""The second process of a large `add`: reads what it is given, until nobody can write to it any more."""

from __future__ import annotations

import os
import pickle
import signal
import sys

from perfsearch.encoding import Encoder, load_encoder
from perfsearch.indexes.passages import read_passages, with_vectors
from perfsearch.model import Filing
from perfsearch.text.segment import Segmenter


def main() -> None:
    """Answer every list of filings with what is read of them."""
    # An interrupt from the keyboard goes to both processes; the first decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not come between the answers
    words, stops, identity, model = pickle.load(source)
    segmenter = Segmenter(words, stops)
    if segmenter.identity != identity:
        raise SystemExit("another segmenter")
    encoder: Encoder | None = load_encoder(model) if model is not None else None
    _answer(answers, True)
    while True:
        try:
            texts = pickle.load(source)
        except EOFError:
            return
        passages = read_passages([Filing.model_validate_json(text) for text in texts], segmenter)
        _answer(answers, with_vectors(passages, encoder) if encoder is not None else passages)


def _answer(answers: object, value: object) -> None:
    pickle.dump(value, answers, protocol=pickle.HIGHEST_PROTOCOL)  # type: ignore[arg-type]
    answers.flush()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
