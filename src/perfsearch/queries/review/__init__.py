"""The review of a draft: rules as data, one module a family, and the library's knowledge of such projects."""

from perfsearch.queries.review.reviewing import review
from perfsearch.queries.review.rules import RULES, find_rules, list_rules

__all__ = ["RULES", "find_rules", "list_rules", "review"]
