"""A form that nobody described: the labels of all described forms together, so that it is read as far as they go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from perfsearch.forms.description import Column, Field, Form, Section

_Role = TypeVar("_Role", bound=Field | Section)


def unknown_form(forms: Sequence[Form]) -> Form:
    """The description made of all others: what one of them prints may stand on this form, in any order."""
    fields = _merged(field for form in forms for field in form.fields)
    sections = _merged(section for form in forms for section in form.sections)
    budget = _merged(field for form in forms for field in form.budget)
    columns = _columns(column for form in forms for column in form.columns)
    levels: dict[str, tuple[str, ...]] = {}
    for form in forms:
        for level1, level2s in form.levels.items():
            levels[level1] = tuple(dict.fromkeys((*levels.get(level1, ()), *level2s)))
    return Form(
        name="unknown",
        titles=(
            "绩效目标表",
            "绩效目标申报表",
            "绩效目标填报表",
            "绩效目标批复表",
            "绩效目标情况表",
            "绩效目标公开表",
            "绩效自评表",
        ),
        fields=tuple(replace(field, required=field.name == "project_name", beside=None) for field in fields),
        sections=tuple(replace(section, required=False) for section in sections),
        budget=budget,
        headings=tuple({heading.name: heading for form in forms for heading in form.headings}.values()),
        columns=columns,
        levels=levels,
        n_labels_min=4,
    )


def _merged(roles: Iterable[_Role]) -> tuple[_Role, ...]:
    """One role a name, with the labels of all; a label that two names share stays with the first."""
    merged: dict[str, _Role] = {}
    owner: dict[str, str] = {}
    for role in roles:
        labels = tuple(label for label in role.labels if owner.setdefault(label, role.name) == role.name)
        known = merged.get(role.name)
        if known is not None:
            merged[role.name] = replace(known, labels=tuple(dict.fromkeys((*known.labels, *labels))))
        elif labels:
            merged[role.name] = replace(role, labels=labels)
    return tuple(merged.values())


def _columns(columns: Iterable[Column]) -> tuple[Column, ...]:
    merged: dict[str, Column] = {}
    for column in columns:
        known = merged.get(column.role)
        titles = tuple(dict.fromkeys((*(known.titles if known else ()), *column.titles)))
        merged[column.role] = replace(column, titles=titles)
    return tuple(merged.values())
