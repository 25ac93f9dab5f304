"""Which encoder a name means, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from perfsearch.encoding import load_encoder
from perfsearch.encoding.loading import BUILT_IN_FOLDER
from perfsearch.errors import EncoderError


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model with a query prompt, small enough to make here."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "query": 1, "roof": 2, "leak": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    weights = torch.tensor([[0.0, 0, 0], [5, 0, 0], [0, 1, 0], [0, 0, 2]])
    model = SentenceTransformer(
        modules=[StaticEmbedding(tokenizer, embedding_weights=weights)],
        prompts={"query": "query ", "document": ""},
        device="cpu",
    )
    folder = tmp_path_factory.mktemp("prompted")
    model.save(str(folder))
    return folder


def test_no_name_and_static_mean_the_built_in_model_opened_once() -> None:
    assert load_encoder() is load_encoder("static")


def test_an_encoders_own_name_opens_it_again() -> None:
    encoder = load_encoder()
    assert load_encoder(encoder.name) is encoder


def test_another_fingerprint_is_refused_with_the_way_out() -> None:
    with pytest.raises(EncoderError, match="rebuild --model static"):
        load_encoder("perfsearch-static@000000000000")


def test_a_folder_is_read_through_sentence_transformers(prompted: Path) -> None:
    encoder = load_encoder(str(prompted))
    assert encoder.dim == 3
    assert encoder.name.startswith(f"{prompted}@")
    vectors = encoder.encode(["roof leak", "leak"])
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, [[0, 1 / 5**0.5, 2 / 5**0.5], [0, 0, 1]], atol=1e-6)
    assert encoder.encode([]).shape == (0, 3)
    assert load_encoder(encoder.name).name == encoder.name


def test_a_query_gets_the_models_query_prompt(prompted: Path) -> None:
    encoder = load_encoder(str(prompted))
    assert np.allclose(encoder.encode(["leak"], kind="query"), [[5 / 29**0.5, 0, 2 / 29**0.5]], atol=1e-6)


def test_many_texts_are_read_in_batches_with_a_bar_on_stderr(
    prompted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = load_encoder(str(prompted))
    texts = ["roof leak", "leak", "roof"] * 50
    vectors = encoder.encode(texts, progress=True)
    assert np.allclose(vectors, np.tile(encoder.encode(texts[:3]), (50, 1)), atol=1e-6)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Batches" in captured.err


def test_a_model_runs_where_torch_has_a_gpu(prompted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    asked: list[object] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(SentenceTransformer, "to", lambda self, device: asked.append(device) or self)
    load_encoder(str(prompted))
    assert [torch.device(str(device)).type for device in asked] == ["cuda"]


def test_the_built_in_folder_named_as_a_path_gives_the_same_vectors() -> None:
    texts = ["屋面漏水", "聘用司机"]
    assert np.allclose(load_encoder(str(BUILT_IN_FOLDER)).encode(texts), load_encoder().encode(texts), atol=1e-5)


@pytest.mark.parametrize("name", ["/no/such/folder", "./none"])
def test_a_missing_folder_is_named(name: str) -> None:
    with pytest.raises(EncoderError, match="no model folder"):
        load_encoder(name)


def test_an_unknown_model_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match=r"nobody/no-such-model.*path of its folder.*built-in"):
        load_encoder("nobody/no-such-model")
