"""Rules of the legal bases: what the citator finds, with severity, source and what would settle it."""

from __future__ import annotations

from collections.abc import Callable

from perfsearch.model import PolicyFinding
from perfsearch.model.review import Evidence, Severity
from perfsearch.queries.review.draft import Draft
from perfsearch.queries.review.rule import FORM, RULES_2015, USAGE, Hit, Rule, Verdict, insufficient, not_applicable, verdict

CATALOGUE = "内置法律法规和政策文件目录"

_KINDS: tuple[tuple[str, Severity, str, str, str, str], ...] = (
    ("law-repealed", "error", "引用了已废止的法律法规", "按目录，文件在本年度开始前已废止。", f"{CATALOGUE}；{RULES_2015}：绩效目标的设定依据应当有效", "改引现行的文件。"),
    ("plan-ended", "warning", "引用了已到期的规划", "规划或行动计划的期限在本年度之前已结束。", f"{CATALOGUE}或文件题名中的年限", "改引新一期规划，或说明为什么仍以它为依据。"),
    ("number-of-other-title", "warning", "文号是另一份文件的", "同一文号在目录或库中属于另一份文件。", f"{CATALOGUE}；{USAGE}", "核对原文的文号。"),
    ("title-with-other-number", "warning", "文件的文号与别处不同", "同一题名在目录或库中是另一个文号。", f"{CATALOGUE}；{USAGE}", "核对原文的文号。"),
    ("number-transposed", "warning", "文号数字疑似颠倒", "与已知文号只差数字的次序。", f"{CATALOGUE}；{USAGE}", "核对原文的文号。"),
    ("number-irregular", "notice", "文号写法不规范", "发文字号应写作“机关代字〔年份〕序号号”。", "《党政机关公文处理工作条例》和 GB/T 9704—2012：发文字号由发文机关代字、年份、发文顺序号组成，年份用六角括号", "按规范改写。"),
    ("basis-repeated", "notice", "同一文件列了几次", "立项依据中同一文件出现几次。", FORM, "合并。"),
)  # fmt: skip


def _of(kind: str) -> Callable[[Draft], Verdict]:
    def check(draft: Draft) -> Verdict:
        if not draft.filing.citations:
            return not_applicable("没有引用文件")
        if draft.measured is None or draft.measured.bases is None:
            return insufficient("没有可供核对的文件目录")
        return verdict(_hit(found) for found in draft.measured.bases if found.code == kind)

    return check


def _hit(found: PolicyFinding) -> Hit:
    # What stands in the draft is evidence; what is known from elsewhere is what it was compared with.
    own = tuple(Evidence(section=e.section, start=e.start, end=e.end, text=e.text) for e in found.evidence if e.section)
    known = tuple(Evidence(text=" ".join(part for part in (e.text if not e.section else "", e.note) if part)) for e in found.evidence if e.note or not e.section)
    settle = f"改为：{found.suggestion}" if found.suggestion else None
    return Hit(found.message, own, tuple(e for e in known if e.text), settle=settle)


RULES = tuple(
    Rule(f"basis.{kind}", severity, title, explanation, source, settle, _of(kind), needs_library=False)
    for kind, severity, title, explanation, source, settle in _KINDS
)
