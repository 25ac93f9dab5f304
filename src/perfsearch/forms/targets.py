"""What looks like a target: how sure a piece of a table's line is one, from its shape alone."""

from __future__ import annotations

import re

_SIGN = re.compile(
    r"(?:[=<>≥≤≧≦±~≈≠]|不(?:低于|少于|小于|超过|高于|大于|多于|超出)|大于|小于|高于|低于|多于|少于|至少|达到?)"
)
_SIGNED = re.compile(
    rf"{_SIGN.pattern}{{1,2}}(?:等于)?[=\s]*(?:\d|[一二三四五六七八九十百千万]+[%个次项人家场份篇期天年])"
    r"|(?:[=<>≥≤≧≦±~≈≠]\s*){1,3}\S"
)
_NUMBER = re.compile(
    r"(?!.*(?:率|性|化|情况|程度)$)[+-]?\d[\d,]*(?:\.\d+)?(?:\s*[-~至]\s*\d[\d,]*(?:\.\d+)?)?\s*(?:[%‰]|[()（）%/²㎡\w]{0,8})(?:以[上下内])?"
)
_ADVERB = "基本|较为?|比较|显著|明显|持续|有效|进一步|稳步|逐步|不断|全面|充分|非常|全部|按时|按期|及时|稳定|切实|大幅|大力|得到|有所|已|总体|长期"
_WORD = (
    "合理|健全|有效|规范|提升|提高|可控|完备|完善|完成|良好?|稳定|增长|增加|增强|扩大|扩展|拓展|及时|按时|按期|达标|达成|达到|合格|优秀?|"
    "满意|是|否|有|无|中|低|较?高|较?好|较?强|明显|显著|持续|可持续|长期|长效|加强|加快|改善|改进|优化|准确|真实|完整|合规|合法|安全|正常|"
    "落实|落地|到位|充分|充足|公开|透明|通过|符合|建立|制定|执行|实现|推进|推动|促进|保障|保证|维护|减少|降低|下降|缩短|节约|避免|覆盖|"
    "均衡|均等|普及|丰富|便捷|便利|协调|同步|科学|严格|清晰|明确|齐全|齐备|深化|深入|扩面|见效|巩固|控制|可行|可靠|平稳|一致|畅通|满足|全覆盖|"
    "年内|年底前?|全年|[一二三四]季度|每[年月季周日]"
)
_QUALITATIVE = re.compile(rf"(?:{_ADVERB})*(?:{_WORD})(?:{_WORD}|化|[、,])*")


def is_signed(text: str) -> bool:
    """Does it open with a comparison (=, ≥, 不低于) and go on with a value? `text` is folded."""
    return _SIGNED.match(text) is not None


def target_cost(text: str) -> float:
    """How unlike a target a piece of folded text is: 0 for a comparison or an amount, up to 3 for long words."""
    if is_signed(text):
        return 0.0
    if len(text) <= 20 and _NUMBER.fullmatch(text):
        return 0.2
    if len(text) <= 12 and _QUALITATIVE.fullmatch(text):
        return 0.4
    return min(3.0, 1.2 + 0.08 * len(text))


def split_glued(text: str) -> tuple[str, str] | None:
    """A name and the signed number that follows it without a blank (预算执行率=100%), or None."""
    match = re.search(r"(?<=[^\s=<>≥≤(（\d])(?:[=<>≥≤]=?)\s*\d[^\s]{0,12}$", text)
    return (text[: match.start()], text[match.start() :]) if match else None
