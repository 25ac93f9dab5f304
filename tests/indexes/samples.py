"""Small filings and a small encoder, for tests that do not ask how good an answer is."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from perfsearch.model import Budget, Filing, Indicator, Source

_WORDS = """
    科普 教育 基地 建设 社区 养老 服务 垃圾 分类 宣传 消防 安全 检查 道路 绿化 养护 公园 体育 设施 维修 图书 文化
    活动 志愿 培训 就业 创业 残疾 康复 食品 抽检 水质 监测 河道 整治 档案 数字 平台 运维 网络 救助 关爱 儿童
"""
WORDS = _WORDS.split()


class HashingEncoder:
    """Sums a pseudo-random vector a character pair: texts that share pairs are close."""

    def __init__(self, name: str = "hashing@1", dim: int = 32) -> None:
        self.name = name
        self.dim = dim

    def encode(
        self, texts: Sequence[str], *, kind: Literal["passage", "query"] = "passage", progress: bool = False
    ) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            for place in range(len(text) - 1):
                seed = zlib.crc32(text[place : place + 2].encode("utf-8", "replace"))
                vectors[row, seed % self.dim] += 1.0 if seed & 0x10000 else -1.0
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.divide(vectors, norms, out=vectors, where=norms > 0)


def passage(rng: random.Random, length: int = 120) -> str:
    sentences = []
    while sum(map(len, sentences)) < length:
        sentences.append("".join(rng.choice(WORDS) for _ in range(rng.randint(3, 9))) + "。")
    return "".join(sentences)


def make_filing(number: int, **fields: Any) -> Filing:
    """A filing of its own words; the same number gives the same filing."""
    rng = random.Random(number)
    values: dict[str, Any] = {
        "id": f"{2015 + number % 10}-{number:010x}",
        "source": Source(file=f"filing-{number}.txt"),
        "form": "shanghai-2020",
        "fiscal_year": 2015 + number % 10,
        "applicant": f"第{number % 7}街道办事处",
        "project_name": f"{rng.choice(WORDS)}{rng.choice(WORDS)}{rng.choice(WORDS)}项目{number}",
        "category": ("其他一次性项目", "经常性项目")[number % 2],
        "budget": Budget(total=10_000.0 * (number + 1)),
        "sections": {"overview": passage(rng), "goals": passage(rng), "basis": passage(rng, 60)},
        "indicators": (
            Indicator(level1="产出目标", level2="数量", name=f"{rng.choice(WORDS)}场次", target=f"={number}"),
            Indicator(level1="效果目标", level2="满意度", name="群众满意度", target=f"≥{80 + number % 20}%"),
        ),
    }
    return Filing(**{**values, **fields})
