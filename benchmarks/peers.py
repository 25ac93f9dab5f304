"""The peers, each on the same chunks, the same words and the same vectors.

rank-bm25 and bm25s score words alone; txtai and Milvus Lite search words and vectors together (hybrid).
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import filings, memory_mb, queries, size_bytes, text_bytes, time_queries

Search = Callable[[str], object]


def main() -> None:
    """Build one peer, search it, print one JSON line."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    if len(sys.argv) > 3:
        limit = int(float(sys.argv[3]) * 1e9)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    n_filings, texts = _chunks(folder)
    directory = folder / f"peer-{name}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    before = memory_mb()
    started = time.perf_counter()
    search = {"rank-bm25": _rank_bm25, "bm25s": _bm25s, "txtai": _txtai, "milvus-lite": _milvus}[name](texts, directory)
    built = time.perf_counter() - started
    row = time_queries(search, queries(folder))
    print(
        json.dumps(
            {
                "name": name,
                **row,
                "filings_per_s": n_filings / built,
                "memory_mb": memory_mb() - before,
                "disk_per_text": size_bytes(directory) / text_bytes(folder),
            }
        )
    )


def _chunks(folder: Path) -> tuple[int, list[str]]:
    from perfsearch.model import Filing
    from perfsearch.text.chunk import chunk_filing

    texts: list[str] = []
    count = 0
    for filing in filings(folder):
        count += 1
        texts += [chunk.text for chunk in chunk_filing(Filing.model_validate(filing))]
    return count, texts


def _encode(texts: list[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
    from perfsearch.encoding import load_encoder

    return load_encoder().encode(texts)


def _rank_bm25(texts: list[str], directory: Path) -> Search:
    from rank_bm25 import BM25Okapi

    from perfsearch.text.segment import tokens

    index = BM25Okapi([tokens(text) for text in texts])

    def search(query: str) -> object:
        scores = index.get_scores(tokens(query))
        return np.argpartition(scores, -10)[-10:]

    return search


def _bm25s(texts: list[str], directory: Path) -> Search:
    import bm25s

    from perfsearch.text.segment import tokens

    index = bm25s.BM25(backend="numba")
    index.index([tokens(text) for text in texts], show_progress=False)
    index.save(str(directory))

    def search(query: str) -> object:
        return index.retrieve([tokens(query)], k=10, show_progress=False)

    return search


def _txtai(texts: list[str], directory: Path) -> Search:
    from txtai import Embeddings

    from perfsearch.encoding import load_encoder
    from perfsearch.text.segment import tokens

    encoder = load_encoder()
    index = Embeddings(
        {"method": "external", "transform": lambda batch: encoder.encode([str(t) for t in batch]), "hybrid": True,
         "content": True, "tokenizer": None}
    )  # fmt: skip
    # txtai parts words at white space; it gets the words that we search by.
    index.index([(number, " ".join(tokens(text)), None) for number, text in enumerate(texts)])
    index.save(str(directory / "index"))

    def search(query: str) -> object:
        return index.search(" ".join(tokens(query)), 10)

    return search


def _milvus(texts: list[str], directory: Path) -> Search:
    from pymilvus import AnnSearchRequest, DataType, Function, FunctionType, MilvusClient, RRFRanker

    from perfsearch.encoding import load_encoder

    client = MilvusClient(str(directory / "milvus.db"))
    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field(
        "text", DataType.VARCHAR, max_length=8192, enable_analyzer=True, analyzer_params={"type": "chinese"}
    )
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=load_encoder().dim)
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(
        Function(
            name="bm25", function_type=FunctionType.BM25, input_field_names=["text"], output_field_names=["sparse"]
        )
    )
    parameters = client.prepare_index_params()
    parameters.add_index(field_name="dense", index_type="FLAT", metric_type="IP")
    parameters.add_index(field_name="sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection("chunks", schema=schema, index_params=parameters)
    vectors = _encode(texts)
    for start in range(0, len(texts), 2_000):
        rows = [
            {"id": number, "text": texts[number][:2_000], "dense": vectors[number].tolist()}
            for number in range(start, min(start + 2_000, len(texts)))
        ]
        client.insert("chunks", rows)
    encoder = load_encoder()

    def search(query: str) -> object:
        dense = AnnSearchRequest(encoder.encode([query]).tolist(), "dense", {"metric_type": "IP"}, 10)
        sparse = AnnSearchRequest([query], "sparse", {"metric_type": "BM25"}, 10)
        return client.hybrid_search("chunks", [dense, sparse], RRFRanker(), 10, output_fields=["text"])

    return search


if __name__ == "__main__":
    main()
