"""The tables of the citator: policies, the keys they are found by, their mentions."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from perfsearch.indexes.schema import metadata

policies = Table(
    "policies",
    metadata,
    Column("policy_no", Integer, primary_key=True, autoincrement=False),
    Column("policy_id", Text, nullable=False, unique=True),
    Column("title", Text),
    Column("document_number", Text),
    Column("issuer", Text),
    Column("year", Integer),
    Column("kind", Text, nullable=False),
    Column("status", Text),
    Column("known", Boolean, nullable=False),
    Column("filings", Integer, nullable=False),
    Column("mentions", Integer, nullable=False),
    Index("policies_ranking", "filings", "mentions"),
)
"""Every document that a filing of this library cites or has cited; `known` says that the catalogue has it."""

policy_keys = Table(
    "policy_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("policy_no", Integer, primary_key=True, autoincrement=False),
    Column("mentions", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""What a policy is looked up by: `n:` number, `t:` folded title, `b:` title without its period, `i:` an id. `mentions`
counts how often a number and a title were printed together in the filings that were added."""

policy_terms = Table(
    "policy_terms",
    metadata,
    Column("term", Text, primary_key=True),
    Column("policy_no", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Pairs of characters of the folded titles and short names."""

policy_applicants = Table(
    "policy_applicants",
    metadata,
    Column("applicant_no", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
)

policy_mentions = Table(
    "policy_mentions",
    metadata,
    Column("policy_no", Integer, primary_key=True, autoincrement=False),
    Column("filing_no", Integer, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("section", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("implicit", Boolean, nullable=False),
    Column("is_first", Boolean, nullable=False),
    Column("fiscal_year", Integer),
    Column("applicant_no", Integer),
    Index("policy_mentions_filing", "filing_no", "policy_no"),
    Index("policy_mentions_applicant", "applicant_no", "policy_no", "filing_no"),
    sqlite_with_rowid=False,
)
"""Mentions of the filings that stand, by policy: `start` and `end` are offsets into the section, `ordinal` counts the
citations of the filing, `is_first` marks its first mention of the policy: filings are counted by these. Year and applicant
stand here so that counting needs no other table."""
