"""Plain text to Document: encodings, line ends, pages, and the HTML left-overs that copied forms bring along."""

from __future__ import annotations

import html
import re
import unicodedata

from perfsearch.errors import UnreadableFile
from perfsearch.model import Place, Warning
from perfsearch.readers.document import SOFT_BREAK, Document, Line
from perfsearch.readers.encodings import decode
from perfsearch.settings import Settings

_BLOCK = "p|div|br|h[1-6]|ul|ol|li|table|tbody|thead|center|hr|section|article|body|html|head"
_INLINE = "span|b|strong|i|em|u|font|a|sup|sub|img|o:p|s|del|ins|small|big|label|input|st1:[a-z]+|w:[a-z]+|meta|link"
_TAG = re.compile(
    rf"<(?:(?P<cell>/?t[dh])|(?P<row>/?tr)|(?P<block>/?(?:{_BLOCK}))|/?(?:{_INLINE}))(?=[\s/>])[^<>]{{0,2000}}>"
    r"|<!--[^<>]{0,2000}-->",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_AROUND_BREAK = re.compile("[ \u00a0\u3000]*\v[\v \u00a0\u3000]*")
_EDGE_BREAK = re.compile(
    "(^[ \u00a0\u3000]*|\t|[ \u00a0\u3000]{2,99}|[：:][ \u00a0\u3000]*)\v+|\v+(?=[ \u00a0\u3000]*(?:\t|$))"
)
_BAR = re.compile("[|│┃║｜]")
_RULE = re.compile(r"(?=.*[-─━═┼+=|])[\s|│┃║─━═┌┬┐├┼┤└┴┘┏┳┓┣╋┫┗┻┛╔╦╗╠╬╣╚╩╝+:=-]{3,}")
_BARRED_MIN = 4
"""A bar or two in a text part words (首页 | 公开); in so many rows they are a table's."""
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


def read_text(data: bytes, name: str, settings: Settings) -> Document:
    """Read a text file: one `Line` a line, blank lines too; tags gone, tabs kept, pages counted at form feeds.

    Raises:
        UnreadableFile: the file is empty, is no text, or has a line beyond `settings.line_length_max`.
    """
    if not data.strip(b"\x00 \t\r\n\f\v\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile(name, "the file is empty")
    check_line_lengths(data, name, settings)
    decoded = decode(data)
    if decoded is None:
        raise UnreadableFile(name, "the file is binary or damaged: it is no text in UTF-8, UTF-16 or GB18030")
    text, encoding, n_damaged = decoded
    warnings = []
    if n_damaged:
        message = f"{n_damaged} places could not be decoded as {encoding.upper()} and show as �"
        warnings.append(Warning(code="encoding-damaged", message=message))
    lines = text_lines(text)
    if not any(line.text.strip() for line in lines):
        raise UnreadableFile(name, "the file is empty: it holds nothing but white space")
    longest = max(len(line.text) for line in lines)
    if longest > settings.line_length_max:
        raise UnreadableFile(name, _too_long(longest, settings))
    return Document(name, "text", tuple(lines), tuple(warnings))


def text_lines(text: str) -> list[Line]:
    """Split text into lines; `Place` gives the page where the text has form feeds."""
    text = _strip_tags(text.removeprefix("\ufeff"))
    pages = text.split("\f")
    lines: list[Line] = []
    for number, page in enumerate(pages, start=1):
        place = Place(page=number) if len(pages) > 1 else None
        rows = _LINE_END.split(page)
        if number < len(pages) and rows[-1] == "":
            rows.pop()
        lines.extend(Line(_tidy(row), place) for row in _unboxed(rows))
    return lines


def _unboxed(rows: list[str]) -> list[str]:
    """Tables drawn with bars (| 项目名称 | …, │项目名称│…) with tabs for the bars, and without their ruling lines."""
    barred = [row for row in rows if len(_BAR.findall(row)) > 1]
    if len(barred) < _BARRED_MIN:
        return rows
    framed = all(_BAR.match(row.strip()) for row in barred)
    found = []
    for row in rows:
        if _RULE.fullmatch(row):
            continue
        if _BAR.search(row):
            cells = [cell.strip() for cell in _BAR.split(row.strip() if framed else row)]
            row = "\t".join(cells[1:-1] if framed and len(cells) > 2 else cells)
        found.append(row)
    return found


def check_line_lengths(data: bytes, name: str, settings: Settings) -> None:
    """Reject overlong lines on the bytes, before a decoded copy is made (a character is at most four bytes).

    Raises:
        UnreadableFile: a line has more bytes than `settings.line_length_max` characters can have.
    """
    limit = 4 * settings.line_length_max
    if len(data) <= limit:
        return
    separator = b"\n" if b"\n" in data[:limit] else b"\r"
    start = 0
    while len(data) - start > limit:
        end = data.rfind(separator, start, start + limit + 1)
        if end < 0:
            raise UnreadableFile(name, _too_long(None, settings))
        start = end + 1


def _too_long(length: int | None, settings: Settings) -> str:
    found = f"has {length:,} characters" if length else "is longer"
    return (
        f"a line {found}, the limit is {settings.line_length_max:,} (line_length_max): "
        "this is no filing; break the line, or raise the limit"
    )


def _strip_tags(text: str) -> str:
    if "<" in text:
        text = _TAG.sub(_tag_text, text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return text


def _tag_text(match: re.Match[str]) -> str:
    if match["block"]:
        return SOFT_BREAK
    if match["cell"]:
        return "\t" if match["cell"][0] == "/" else ""
    if match["row"]:
        return "\n" if match["row"][0] == "/" else ""
    return ""


def _tidy(line: str) -> str:
    """Drop control characters, and the soft breaks at a cell's edge or beside blanks."""
    if not line.isprintable():
        line = _CONTROL.sub(lambda match: match[0] if match[0] in "\t\v" else "", line)
        if SOFT_BREAK in line:
            line = _EDGE_BREAK.sub(r"\1", line)
            line = _AROUND_BREAK.sub(SOFT_BREAK, line)
    return line if line.isascii() else unicodedata.normalize("NFC", line)
