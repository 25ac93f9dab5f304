"""All rules of the review, in the order in which a report shows them."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from importlib import resources

from perfsearch.errors import UsageError
from perfsearch.model.review import Finding, RuleInfo, RuleOutcome
from perfsearch.queries.review import bases, copies, form, goals, measured, money, table
from perfsearch.queries.review.draft import Draft
from perfsearch.queries.review.rule import Check, Rule

MODULES = (form, money, table, goals, bases, copies, measured)


def _read_rules() -> tuple[Rule, ...]:
    """The rules of `rules.toml`, each with the check of its code.

    A limit in braces is the constant of that name in the module that checks it, so that what is said is what is done.
    """
    text = resources.files(__package__).joinpath("rules.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    checks: dict[str, Check] = {}
    figures: dict[str, dict[str, object]] = {}
    for module in MODULES:
        checks.update(module.CHECKS)
        limits = {name: value for name, value in vars(module).items() if name.isupper()}
        figures.update(dict.fromkeys(module.CHECKS, limits))
    return tuple(
        Rule(
            code=code,
            severity=rule["severity"],
            title=rule["title"],
            explanation=rule["explanation"].format(**figures[code]),
            source=rule["source"].format(**data["sources"]),
            settle=rule["settle"],
            check=checks[code],
            needs_library=rule.get("needs_library", False),
        )
        for code, rule in data["rules"].items()
    )


RULES: tuple[Rule, ...] = _read_rules()


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
