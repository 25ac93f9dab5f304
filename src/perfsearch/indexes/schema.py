"""The tables of the records, in SQL that SQLite and PostgreSQL share."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

SCHEMA_VERSION = 2
"""Grows with every change that an older perfsearch could not read."""

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts about the library: schema version, segmenter, chunker, encoder and its dimension, when it was made."""

HEADER_FIELDS = (
    "form",
    "fiscal_year",
    "applicant",
    "department",
    "project_name",
    "category",
    "project_nature",
    "performance_type",
    "start_date",
    "end_date",
    "government_procurement",
)
"""Columns of `filings` that hold the field of that name."""

BUDGET_FIELDS = (
    "total",
    "total_fiscal",
    "total_other",
    "current_year",
    "current_year_fiscal",
    "carried_over",
    "current_year_other",
    "previous_year",
    "previous_year_executed",
)
"""Fields of `Budget`; the columns of `filings` have `budget_` before them. Yuan."""

filings = Table(
    "filings",
    metadata,
    # One number a version, never used again: what stands under a number does not change, so an index that has read
    # it need not look again.
    Column("filing_no", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("form", Text, nullable=False),
    Column("fiscal_year", Integer),
    Column("applicant", Text),
    Column("department", Text),
    Column("project_name", Text),
    Column("category", Text),
    Column("project_nature", Text),
    Column("performance_type", Text),
    Column("start_date", Text),
    Column("end_date", Text),
    Column("government_procurement", Boolean),
    *(Column(f"budget_{name}", Float) for name in BUDGET_FIELDS),
    Column("lineage", Text),
    Column("lineage_applicant", Text),
    Column("lineage_name", Text),
    Column("content_hash", Text, nullable=False),
    Column("source_file", Text, nullable=False),
    Column("source_index", Integer, nullable=False),
    Column("source_pages", Text),
    Column("source_path", Text),
    Column("added_at", Text, nullable=False),
    Column("first_chunk", Integer, nullable=False),
    Column("n_chunks", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("filings_content", "content_hash"),
    Index("filings_source", "source_path", "source_file"),
    Index("filings_lineage", "lineage_applicant", "lineage_name"),
    Index("filings_year", "fiscal_year"),
)
"""The filings that stand, in their newest version. `first_chunk` and `n_chunks` are the ids of its passages."""

versions = Table(
    "versions",
    metadata,
    Column("filing_no", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("added_at", Text, nullable=False),
    Column("replaced_at", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What newer versions replaced."""

changes = Table(
    "changes",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("filing_no", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("first_chunk", Integer, nullable=False),
    Column("n_chunks", Integer, nullable=False),
)
"""Every `add` and `remove` of a filing number in order; the indexes follow it."""

phrases = Table(
    "phrases",
    metadata,
    # Some bits of the digest, which bodies name it by: see `phrases.py`.
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("learnt_at", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
"""Sets of phrases that bodies are written against, and the filing number at which each was learnt. Since version 2."""
