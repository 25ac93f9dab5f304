"""What a query says: its words, and what in it is exact (a filing's id, a document number, an amount, a year)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from perfsearch.text.normalize import normalize
from perfsearch.text.segment import token_spans

# Words of asking, not of what is asked for. They are frequent in questions and rare in filings, so that BM25 would
# take them for the most telling ones.
_ASKING_WORDS = """
    哪些 哪个 哪 哪里 哪儿 哪份 什么 怎么 怎样 怎么样 如何 为什么 多少 几份 几个 有没有 有 没有 吗 呢 吧 啊 请问 请 想 想找 找 找一份
    一份 一类 这类 这一 这个 那个 这些 那些 这 那 可以 能 能否 能不能 可不可以 一般 通常 写 写在 写到 列 列出 放 放在 放到 涉及
    关于 有关 相关 例子 案例 参考 模板 范本 类似 要 需要 应该 的 了 在 里 里面 中 和 与 及 或 是 是不是 为 被 把 给 让 对 从 到 按 跟
    同 以后 之后 以及 一个 一些 一下 帮 帮我 我 我们 你 他 她 它 申报表 目标表 绩效目标表 几 都 也 就 还 又 很 没 个 份 项 段 话
    这段 段话 类 内容 一起 哪些项目 做
"""
_ASKING = frozenset(_ASKING_WORDS.split())
POLICY_QUERY_MAX = 60
"""A longer query is a question about something, not a title with a word or two beside it."""
POLICY_WORDS_MAX = 2
_POLICY_WORD = re.compile(
    r"(?:法|条例|办法|规定|规划|纲要|意见|通知|方案|细则|决定|标准|制度|要求|章程|指南)(?:[\s》）)]|$)"
)
_FILING_ID = re.compile(r"(?<![0-9a-z])(?:\d{4}|0000)-[0-9a-f]{10}(?![0-9a-z])")
# A number as people type it: brackets of any kind or none, blanks, 第, missing 号. The agency's code is 2 to 12
# characters, and the year is bracketed or parted from the number, so that 2020年10月 is none.
_NUMBER = re.compile(
    r"([一-鿿]{2,12}?)\s*(?:字\s*)?[〔\[(【{<（［〖]?\s*((?:19|20)\d{2})\s*(?:[〕\])】}>）］〗]|字|\s)\s*(?:第\s*)?(\d{1,5})\s*(?:号|文|(?![\d年月日万亿元%]))"
)
_AMOUNT = re.compile(r"(?<![\d.])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*(亿|万|千)?\s*(元)?(?![\d%])")
_UNIT = {None: 1, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?:\s*年度?)?(?![\d.,]|\s*[万亿元])")


@dataclass(frozen=True)
class Question:
    """One query as read. `text` is as typed; `cut` gives its words, as the library's index was parted, and their places."""

    text: str
    cut: Callable[[str], list[tuple[str, int, int]]] = token_spans

    @cached_property
    def normalized(self) -> str:
        """The query with width, case and script folded."""
        return normalize(self.text).text

    @cached_property
    def spans(self) -> tuple[tuple[str, int, int], ...]:
        """The words of the normalised query with their half-open places in it."""
        return tuple(self.cut(self.normalized))

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """The distinct words that are looked for, without the words of asking, in their order."""
        found = list(dict.fromkeys(term for term, _, _ in self.spans))
        content = [term for term in found if term not in _ASKING]
        # A query of nothing but such words is searched as it is.
        return tuple(content or found)

    @cached_property
    def filing_ids(self) -> tuple[str, ...]:
        """Ids of filings that stand in the query."""
        return tuple(dict.fromkeys(_FILING_ID.findall(self.text.lower())))

    @cached_property
    def document_numbers(self) -> tuple[tuple[str, int, int], ...]:
        """Document numbers as (agency's code, year, number); the code may have a word too many in front."""
        return tuple(dict.fromkeys((m[1], int(m[2]), int(m[3])) for m in _NUMBER.finditer(self.normalized)))

    @cached_property
    def names_a_policy(self) -> bool:
        """Whether the query may be a policy's title, short name or number, with a word or two beside it."""
        if len(self.text) > POLICY_QUERY_MAX:
            return False
        if self.document_numbers or "《" in self.text:
            return True
        return len(self.text.split()) <= POLICY_WORDS_MAX and bool(_POLICY_WORD.search(self.normalized))

    @cached_property
    def amounts(self) -> tuple[float, ...]:
        """Amounts of money in yuan: with a unit of money, or with thousands' commas."""
        return tuple(
            dict.fromkeys(
                round(float(m[1].replace(",", "") + (m[2] or "")) * _UNIT[m[3]], 2)
                for m in _AMOUNT.finditer(self.normalized)
                if m[3] or m[4] or "," in m[1]
            )
        )

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Years that stand by themselves, not within a document number."""
        bare = _NUMBER.sub(" ", self.normalized)
        return tuple(dict.fromkeys(int(year) for year in _YEAR.findall(bare)))
