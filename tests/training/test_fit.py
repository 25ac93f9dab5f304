"""The arithmetic of training: pooling, the optimiser, reduction and eight bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from perfsearch.encoding.static import StaticEncoder
from training import evaluate, export, pipeline, tasks, vocabulary
from training.bags import Bags, pool, tokenise
from training.fit import Mix, Table, fit, soup
from training.losses import Kept, Pairs, Questions, Register, Task
from training.sources import QuestionItem


@pytest.fixture
def tokenizer() -> Tokenizer:
    return vocabulary.build_tokenizer({"屋面": -5.0, "楼顶": -5.0, "漏": -7.0, "水": -7.0, "漏水": -6.0, "a": -8.0})


def test_the_longest_likely_words_are_the_tokens(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("屋面 漏水Ａ", add_special_tokens=False).tokens == ["屋面", "漏水", "a"]


def test_bags_give_back_the_chosen_texts(tokenizer: Tokenizer) -> None:
    bags = tokenise(tokenizer, ["屋面漏水", "", "楼顶"])
    ids, offsets = bags.select(np.array([2, 0]))
    assert [tokenizer.id_to_token(int(token)) for token in ids] == ["楼顶", "屋面", "漏水"]
    assert offsets.tolist() == [0, 1]


def test_a_bag_is_the_normalised_sum_of_its_rows_and_an_empty_one_zero() -> None:
    table = np.array([[0, 0], [3, 0], [0, 4]], dtype=np.float32)
    bags = Bags(np.array([1, 2, 1], dtype=np.int32), np.array([0, 2, 2, 3]))
    assert np.allclose(pool(bags, table), [[0.6, 0.8], [0, 0], [1, 0]])
    read = Table(table, np.random.default_rng(1)).read(bags, np.array([0, 2]))
    assert np.allclose(read.detach().numpy(), [[0.6, 0.8], [1, 0]])


def test_the_row_optimiser_steps_as_sparse_adam_does() -> None:
    rng = np.random.default_rng(3)
    start = rng.standard_normal((6, 4)).astype(np.float32)
    bags = Bags(np.array([1, 2, 2, 4], dtype=np.int32), np.array([0, 2, 4]))
    ours = Table(start, rng)
    module = torch.nn.EmbeddingBag.from_pretrained(
        torch.from_numpy(start.copy()), freeze=False, mode="sum", sparse=True
    )
    theirs = torch.optim.SparseAdam(list(module.parameters()), lr=0.01)
    target = torch.from_numpy(rng.standard_normal((2, 4)).astype(np.float32))
    for number in (1, 2, 3):
        (ours.read(bags, np.array([0, 1])) * target).sum().backward()
        ours.step(0.01, number)
        theirs.zero_grad()
        sums = module(torch.tensor([1, 2, 2, 4]), torch.tensor([0, 2]))
        (torch.nn.functional.normalize(sums, dim=1, eps=1e-9) * target).sum().backward()
        theirs.step()
    assert np.allclose(ours.values.numpy(), module.weight.detach().numpy(), atol=1e-5)


def test_training_brings_pairs_together_and_is_the_same_for_a_seed(tokenizer: Tokenizer) -> None:
    start = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), 16)).astype(np.float32)
    task = Pairs(tokenise(tokenizer, ["屋面", "a"]), tokenise(tokenizer, ["楼顶", "水"]))
    mix = Mix(steps=60, rate=0.05, tasks={"pairs": (2, 1.0)})
    trained = fit(start, {"pairs": task}, mix, report=False)
    left, right = pool(task.left, trained), pool(task.right, trained)
    before = pool(task.left, start) @ pool(task.right, start).T
    after = left @ right.T
    # The loss asks for a lead over the others of the batch: 0.3 of a cosine is six at scale 20.
    assert np.all(np.diag(after) > after[[0, 1], [1, 0]] + 0.3)
    assert not np.all(np.diag(before) > before[[0, 1], [1, 0]] + 0.3)
    assert np.array_equal(trained, fit(start, {"pairs": task}, mix, report=False))
    assert np.allclose(soup([trained, trained]), trained)


def test_questions_that_ask_something_else_move_away(tokenizer: Tokenizer) -> None:
    start = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), 16)).astype(np.float32)
    item = QuestionItem("a", ("屋面漏", "楼顶漏"), ("屋面水",))
    task = tasks.question_task(tokenizer, [item])
    trained = fit(start, {"questions": task}, Mix(steps=60, rate=0.05, tasks={"questions": (1, 1.0)}), report=False)
    first, same, other = pool(tokenise(tokenizer, [*item.asked, *item.different]), trained)
    assert first @ same > first @ other + 0.2
    assert isinstance(task, Questions)


def test_kept_pairs_hold_their_cosine_against_another_task(tokenizer: Tokenizer) -> None:
    start = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), 16)).astype(np.float32)
    left, right = tokenise(tokenizer, ["屋面", "漏水"]), tokenise(tokenizer, ["楼顶", "a"])
    pulled = Pairs(left, right)
    before = (pool(left, start) * pool(right, start)).sum(axis=1)
    kept = Kept(left, right, before)
    alone = fit(start, {"pulled": pulled}, Mix(40, 0.05, {"pulled": (2, 1.0)}), report=False)
    held = fit(start, {"pulled": pulled, "kept": kept}, Mix(40, 0.05, {"pulled": (2, 1.0), "kept": (2, 5.0)}), False)

    def moved(table: np.ndarray) -> float:
        return float(np.abs((pool(left, table) * pool(right, table)).sum(axis=1) - before).max())

    assert moved(held) < 0.1 < moved(alone)


def test_officials_that_say_the_same_are_not_held_against_each_other(tokenizer: Tokenizer) -> None:
    start = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), 16)).astype(np.float32)
    everyday, official = tokenise(tokenizer, ["漏", "水"]), tokenise(tokenizer, ["屋面", "屋面"])
    loose = tokenise(tokenizer, ["a"])

    def loss(near: float, hard: np.ndarray | None = None) -> float:
        table, rng = Table(start, np.random.default_rng(1)), np.random.default_rng(1)
        task = Register(everyday, np.array([0, 1]), official, loose, loose_size=1, hard=hard, near=near)
        return float(task.loss(table, rng, 2).detach())

    # Told apart, two equal sentences cost up to log 2 each way.
    assert loss(near=1.1) > loss(near=0.9) + 0.5
    # A loose sentence that is in the batch already is not counted twice.
    assert loss(near=0.9, hard=np.array([[0], [-1]])) == pytest.approx(loss(near=0.9))


def test_mined_sentences_are_the_nearest_that_stay_behind_the_official_one(tokenizer: Tokenizer) -> None:
    table = np.zeros((tokenizer.get_vocab_size(), 3), dtype=np.float32)
    for token, vector in {
        "屋面": (1, 0, 0),
        "楼顶": (1, 0.3, 0),
        "漏水": (1, 0.9, 0),
        "水": (1, 0.1, 0),
        "a": (0, 0, 1),
    }.items():
        table[tokenizer.token_to_id(token)] = vector
    loose = tokenise(tokenizer, ["漏水", "水", "a"])
    task = Register(tokenise(tokenizer, ["屋面"]), np.array([0]), tokenise(tokenizer, ["楼顶"]), loose)
    hard = tasks.mined(task, table, sample=3, seed=1, kept=2, among=2).hard
    # 水 lies nearer than the official 楼顶, so it is taken to say the same; 漏水 is the nearest that doesn't.
    assert hard is not None
    assert hard.tolist() == [[0, 0]]


def test_a_run_that_was_made_is_read_and_another_is_made(tokenizer: Tokenizer, tmp_path: Path) -> None:
    start = np.random.default_rng(0).standard_normal((tokenizer.get_vocab_size(), 8)).astype(np.float32)
    built: dict[str, Task] = {"pairs": Pairs(tokenise(tokenizer, ["屋面", "a"]), tokenise(tokenizer, ["楼顶", "水"]))}
    mixes = [Mix(5, 0.05, {"pairs": (2, 1.0)}, seed) for seed in (1, 2)]
    first = pipeline.fit_all(start, built, mixes, tmp_path, jobs=1)
    made = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = pipeline.fit_all(start, built, mixes, tmp_path, jobs=1)
    assert len(made) == 2
    assert made == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    pipeline.fit_all(start * 2, built, mixes[:1], tmp_path, jobs=1)
    assert len(list(tmp_path.iterdir())) == 3


def test_fewer_axes_keep_what_texts_differ_by() -> None:
    rng = np.random.default_rng(5)
    table = rng.standard_normal((50, 3)).astype(np.float32) @ rng.standard_normal((3, 12)).astype(np.float32)
    texts = table / np.linalg.norm(table, axis=1, keepdims=True)
    reduced = table @ export.strongest_axes(texts, 3, power=0.0)
    assert reduced.shape == (50, 3)
    assert np.allclose(reduced @ reduced.T, table @ table.T, atol=1e-3)


def test_flattened_rows_point_where_they_did_and_differ_less_in_length() -> None:
    table = np.array([[0, 0], [3, 4], [0, 1], [20, 0]], dtype=np.float32)
    flat = export.flatten(table, 0.5)
    assert np.allclose(np.linalg.norm(flat, axis=1), [0, 5, 5**0.5, 10], atol=1e-5)
    assert np.allclose(flat[1] / 5, table[1] / 5)
    assert np.allclose(export.flatten(table, 1.0), table)


def test_eight_bits_keep_a_row_within_a_hundredth() -> None:
    table = np.random.default_rng(6).standard_normal((20, 32)).astype(np.float32)
    table[0] = 0
    codes, weights = export.quantise(table)
    assert np.abs(codes * weights[:, None] - table).max() <= weights.max() / 2 + 1e-7


def test_a_written_folder_is_read_by_the_encoder(tmp_path: Path, tokenizer: Tokenizer) -> None:
    table = np.eye(tokenizer.get_vocab_size(), 8, dtype=np.float32)
    table[0] = 0
    fingerprint = export.write_model(tmp_path / "model", tokenizer, table)
    encoder = StaticEncoder(tmp_path / "model", "tiny")
    assert encoder.name == f"tiny@{fingerprint}"
    texts = ["屋面漏水", "楼顶", ""]
    assert np.allclose(encoder.encode(texts), pool(tokenise(tokenizer, texts), table), atol=1e-6)


def test_ndcg_by_hand() -> None:
    # Gains 3 and 1, found in places 2 and 1: (1 + 3 / log2 3) / (3 + 1 / log2 3).
    assert evaluate.ndcg_at_10([7, 4, 9], {4: 2.0, 7: 1.0}) == pytest.approx(
        (1 + 3 / 1.58496) / (3 + 1 / 1.58496), 1e-4
    )
    ranks = evaluate.rank_scores(np.array([[0.1, 0.9] + [0.0] * 18], dtype=np.float32), [{0: 1.0}])
    assert ranks["log_rank"] == pytest.approx(np.log10(2))
    assert ranks["ndcg"] == pytest.approx(100 / np.log2(3))
