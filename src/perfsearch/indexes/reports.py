"""What the library says of itself."""

from __future__ import annotations

from perfsearch.model import Value


class VerifyReport(Value):
    """What a check of everything found: `problems` in sentences, and which damaged indexes were made again."""

    problems: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong now."""
        return len(self.problems) == len(self.repaired)


class LibraryStats(Value):
    """Counts and sizes; `seq` grows with every change and so names the library's state."""

    filings: int
    chunks: int
    vectors: int
    terms: int
    mean_chunk_words: float
    changes: int
    records_bytes: int
    indexes_bytes: dict[str, int]
    encoder: str | None
    dim: int | None
    segmenter: str
    schema_version: int
    created: str


class OwnWords(Value):
    """Words that a library cuts as one (`words`) and words that it drops (`stops`), beside the package's."""

    words: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
