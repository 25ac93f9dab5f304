"""All rules of the review, in the order in which a report shows them."""

from __future__ import annotations

from collections.abc import Collection

from perfsearch.errors import UsageError
from perfsearch.model.review import Finding, RuleInfo, RuleOutcome
from perfsearch.queries.review import bases, copies, form, goals, measured, money, table
from perfsearch.queries.review.draft import Draft
from perfsearch.queries.review.rule import Rule

RULES: tuple[Rule, ...] = (*form.RULES, *money.RULES, *table.RULES, *goals.RULES, *bases.RULES, *copies.RULES, *measured.RULES)


def find_rules(off: Collection[str] = ()) -> list[Rule]:
    """The rules that are switched on; `off` names codes or whole families.

    Raises:
        UsageError: a name is no rule and no family.
    """
    known = {rule.code for rule in RULES} | {rule.family for rule in RULES}
    unknown = sorted(set(off) - known)
    if unknown:
        raise UsageError(f"rule {unknown[0]!r} is unknown; `perfsearch rules` lists them", "rules_off")
    return [rule for rule in RULES if rule.code not in off and rule.family not in off]


def list_rules(off: Collection[str] = ()) -> list[RuleInfo]:
    """Every rule with its source, and whether it is switched on."""
    return [rule.info(rule.code not in off and rule.family not in off) for rule in RULES]


def apply_rules(draft: Draft, rules: Collection[Rule]) -> tuple[list[Finding], list[RuleOutcome]]:
    """What each rule says of one filing: its findings, and the outcome of all."""
    findings: list[Finding] = []
    outcomes: list[RuleOutcome] = []
    for rule in rules:
        said = rule.check(draft)
        findings += [rule.finding(hit, draft.filing.id) for hit in said.hits]
        outcomes.append(RuleOutcome(code=rule.code, outcome=said.outcome, reason=said.reason, findings=len(said.hits)))
    return findings, outcomes
