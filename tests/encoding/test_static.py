"""What the built-in encoder promises."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfsearch.encoding import Encoder, load_encoder
from perfsearch.encoding.loading import BUILT_IN_FOLDER
from perfsearch.encoding.static import StaticEncoder
from perfsearch.errors import EncoderError

TEXTS = [
    "对办公楼屋面及外墙渗漏部位实施防水修缮。",
    "楼顶渗水，墙皮返潮长毛了要修",
    "2018-2021年 PM2.5 监测 ABC def",
    "國務院關於深化預算管理制度改革的決定",
    "",
    "   ",
    "\u3000㎡〔2016〕10号",
    "維" * 3000,
    "\x00\x01\u200b",
    "👍🏽",
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


def test_the_built_in_model_is_an_encoder_with_a_fingerprint(encoder: Encoder) -> None:
    assert isinstance(encoder, Encoder)
    label, fingerprint = encoder.name.split("@")
    assert label == "perfsearch-static"
    assert len(fingerprint) == 12
    assert encoder.dim == encoder.encode(["预算"]).shape[1]


def test_rows_have_unit_length_or_are_zero_where_no_token_is_known(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.dim)
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.allclose(lengths[:4], 1, atol=1e-5)
    assert np.all(vectors[4:6] == 0)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))


def test_no_texts_give_no_rows(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dim)


def test_the_vectors_are_those_of_sentence_transformers(encoder: Encoder) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(BUILT_IN_FOLDER), device="cpu")
    theirs = model.encode(TEXTS, convert_to_numpy=True)
    assert theirs.dtype == np.float32
    assert np.abs(theirs - encoder.encode(TEXTS)).max() < 1e-5


def test_a_text_has_the_same_vector_alone_and_in_a_large_batch(encoder: Encoder) -> None:
    many = TEXTS[:4] * 1_500
    together = encoder.encode(many)
    alone = encoder.encode(TEXTS[:4])
    assert np.abs(together[:4] - alone).max() < 1e-5
    assert np.abs(together[-4:] - alone).max() < 1e-5
    assert np.array_equal(together, StaticEncoder(BUILT_IN_FOLDER, "again").encode(many))


def test_queries_and_passages_are_read_alike(encoder: Encoder) -> None:
    assert np.array_equal(encoder.encode(["屋面漏水"], kind="query"), encoder.encode(["屋面漏水"], kind="passage"))


def test_case_width_and_spaces_do_not_matter(encoder: Encoder) -> None:
    vectors = encoder.encode(["PM2.5 监测", "ｐｍ２．５监测", "pm2.5\n监 测"])
    assert float(vectors[0] @ vectors[1]) > 0.999
    assert float(vectors[0] @ vectors[2]) > 0.5


def test_a_lone_surrogate_is_no_error(encoder: Encoder) -> None:
    assert encoder.encode(["预算\ud800绩效"]).shape == (1, encoder.dim)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_text_gives_finite_rows_of_length_one_or_zero(texts: list[str]) -> None:
    vectors = load_encoder().encode(texts)
    assert np.all(np.isfinite(vectors))
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-4) | (lengths == 0))


def test_a_need_in_everyday_words_is_nearest_to_its_official_sentence(encoder: Encoder) -> None:
    official = encoder.encode(
        [
            "对办公楼屋面及外墙渗漏部位实施防水修缮，更换破损保温层。",
            "为困难老年人家庭实施居家适老化改造，安装扶手等辅助设施。",
            "开展中小学教师信息技术应用能力提升培训。",
            "购置便携式环境空气监测设备，提升应急监测能力。",
        ]
    )
    everyday = encoder.encode(
        ["楼顶漏雨墙皮发霉要修", "给家里有老人的装个把手防摔", "教老师怎么用电脑上课", "买几台测空气脏不脏的机器"]
    )
    assert (everyday @ official.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_the_progress_bar_goes_to_stderr_only(encoder: Encoder, capsys: pytest.CaptureFixture[str]) -> None:
    encoder.encode(["预算"] * 10, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "encoding" in captured.err


def test_a_cold_start_takes_under_a_second_of_processor_time_and_no_heavy_import() -> None:
    code = (
        "import time, sys; started = time.process_time(); from perfsearch import load_encoder; "
        "load_encoder().encode(['屋面漏水']); seconds = time.process_time() - started; "
        "heavy = {'torch', 'scipy', 'sentence_transformers', 'transformers', 'faiss'} & set(sys.modules); "
        "import json; print(json.dumps([seconds, sorted(heavy)]))"
    )
    runs = [json.loads(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    assert all(heavy == [] for _, heavy in runs)
    # 0.22 s on an idle core, half of it numpy's import; the best of three, with room for a busy machine.
    assert min(seconds for seconds, _ in runs) < 1.0


def test_two_thousand_passages_are_read_in_under_a_second(encoder: Encoder) -> None:
    passages = [("为加强预算绩效管理，提高财政资金使用效益，按照项目支出绩效评价管理办法开展工作。" * 6)[:200]] * 2_000
    encoder.encode(passages)
    started = time.process_time()
    encoder.encode(passages)
    # 10,000 a second on two idle cores; five times slower is a defect on any machine.
    assert time.process_time() - started < 1.5


def test_the_model_folder_stays_under_forty_megabytes() -> None:
    assert sum(path.stat().st_size for path in BUILT_IN_FOLDER.rglob("*") if path.is_file()) < 40_000_000


@pytest.mark.parametrize("damage", ["missing", "cut", "junk"])
def test_a_damaged_model_folder_is_named_in_the_error(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(BUILT_IN_FOLDER, folder)
    weights = folder / "model.safetensors"
    if damage == "missing":
        weights.unlink()
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:5_000])
    else:
        weights.write_bytes(b"not a model")
    with pytest.raises(EncoderError, match="model"):
        StaticEncoder(folder, "copy")
