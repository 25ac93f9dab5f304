"""Text in a bitmap, by RapidOCR and the models in its package; nothing of it is imported before it is needed."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

from perfsearch.readers.grid import Box

INSTALL = "install the recognition of text with `pip install 'perfsearch[ocr]'`, or save the file with its text"
"""What to do where the extra is missing."""

_CONFIDENCE_MIN = 0.5
_ONE_AT_A_TIME = threading.Lock()
"""The recogniser keeps state between its steps."""
_TURNED_MIN = 3
"""So many lines must stand on their heads: of one or two short words the classifier is not sure."""
_STACKED = 2.0
"""A box so much higher than wide holds characters one below the other."""
_CJK = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”‘’…—"
_IS_CJK = re.compile(f"[{_CJK}]")
_WIDE = str.maketrans("(),:;!?", "（），：；！？")
_NARROW = re.compile(rf"(?<=[{_CJK}])[,:;!?](?!\d)|[,:;!?](?=[{_CJK}])|(?<=[%\d）])[,;]$")
_YEAR = re.compile(r"〔(\d{4})[\])）】〕]|[\[(（【](\d{4})〕")
_MISREAD = re.compile("(?<=[上专热])内|(?<=部)内(?![设部外])")
"""门 in Song type of 9 points is read as 内, in each second scan at 150 dpi."""
_LONE_STOP = frozenset("0Oo°•.·口")


@dataclass(frozen=True, slots=True)
class Word:
    """Recognised text with its box in pixels of the bitmap."""

    text: str
    box: Box


def is_installed() -> bool:
    """Are the recogniser and what it stands on installed?"""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime", "cv2"))


@lru_cache(maxsize=2)
def _engine(n_threads: int) -> Any:
    """The recogniser: 30 MB of models, loaded in half a second."""
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": n_threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def find_text(image: Any, n_threads: int) -> list[Box]:
    """The boxes of the text lines in a bitmap (height, width, 3) uint8, in no order."""
    with _ONE_AT_A_TIME:
        found = _engine(n_threads)(image, use_det=True, use_cls=False, use_rec=False)
    boxes = getattr(found, "boxes", None)
    if boxes is None:
        return []
    return [
        (float(box[:, 0].min()), float(box[:, 1].min()), float(box[:, 0].max()), float(box[:, 1].max()))
        for box in boxes
    ]


def is_upside_down(image: Any, boxes: Sequence[Box], n_threads: int) -> bool:
    """Do most of the longest lines stand on their heads?"""
    longest = sorted(boxes, key=lambda box: box[0] - box[2])[:12]
    crops = [crop for box in longest if (crop := _crop(image, box)).size]
    if not crops:
        return False
    with _ONE_AT_A_TIME:
        _, answer = _engine(n_threads).cls_and_rotate(crops)
    turned = sum(label == "180" and score > 0.9 for label, score in answer.cls_res)
    return bool(turned >= _TURNED_MIN and 2 * turned > len(crops))


def recognise(image: Any, boxes: Sequence[Box], n_threads: int) -> list[Word]:
    """The text in each box, those without any left out."""
    crops: list[Any] = []
    owners: list[int] = []
    for number, box in enumerate(boxes):
        for part in _stacked(image, box) if box[3] - box[1] > _STACKED * (box[2] - box[0]) else (box,):
            crop = _crop(image, part)
            if crop.size:
                crops.append(crop)
                owners.append(number)
    if not crops:
        return []
    with _ONE_AT_A_TIME:
        answer = _engine(n_threads).recognize_txt(crops)
    texts: dict[int, str] = {}
    for number, text, score in zip(owners, answer.txts or (), answer.scores, strict=True):
        if score >= _CONFIDENCE_MIN:
            texts[number] = texts.get(number, "") + text
    heights = sorted(box[3] - box[1] for box in boxes)
    usual = heights[len(heights) // 2]
    found = []
    for number, text in texts.items():
        height = boxes[number][3] - boxes[number][1]
        # A full stop that begins a line by itself is a ring half as high as the type.
        mended = "。" if text in _LONE_STOP and height < 0.75 * usual else mend_recognised(text)
        if mended.strip():
            found.append(Word(mended, boxes[number]))
    return found


def _crop(image: Any, box: Box) -> Any:
    height, width = image.shape[:2]
    x0, y0 = max(0, int(box[0])), max(0, int(box[1]))
    x1, y1 = min(width, round(box[2] + 0.5)), min(height, round(box[3] + 0.5))
    return image[y0:y1, x0:x1]


def _stacked(image: Any, box: Box) -> list[Box]:
    """The characters of a box, one below the other: as many as its height holds of its width, cut where least is printed."""
    crop = _crop(image, box)
    if not crop.size:
        return []
    ink = (255 - crop.min(axis=2).astype(float)).sum(axis=1)
    n_characters = max(1, round((box[3] - box[1]) / (1.1 * (box[2] - box[0]))))
    pitch = len(ink) / n_characters
    cuts = [0]
    for number in range(1, n_characters):
        low = max(cuts[-1] + 1, int((number - 0.3) * pitch))
        high = min(len(ink) - 1, int((number + 0.3) * pitch) + 1)
        cuts.append(low + int(ink[low:high].argmin()) if high > low else low)
    cuts.append(len(ink))
    top = max(0, int(box[1]))
    return [(box[0], top + a, box[2], top + b) for a, b in pairwise(cuts) if b - a > 2]


def mend_recognised(text: str) -> str:
    """What the recogniser takes for one another put right: （） and (), 门 and 内, by what stands around it.

    >>> mend_recognised("场次(场)"), mend_recognised("GB/T (2020)"), mend_recognised("如下:"), mend_recognised("国发〔2012]6号)")
    ('场次（场）', 'GB/T (2020)', '如下：', '国发〔2012〕6号）')
    """
    text = _MISREAD.sub("门", text)
    text = _YEAR.sub(lambda match: f"〔{match[1] or match[2]}〕", text)
    text = _NARROW.sub(lambda match: match[0].translate(_WIDE), text)
    characters = list(text)
    opened: list[int] = []
    for at, character in enumerate(text):
        if character in "(（":
            opened.append(at)
        elif character in ")）":
            if opened:
                start = opened.pop()
                pair = characters[start] + character
                around = _IS_CJK.match(text[start - 1 : start] or text[at + 1 : at + 2])
                if pair in ("(）", "（)") or (pair == "()" and (around or _IS_CJK.search(text, start + 1, at))):
                    characters[start], characters[at] = "（", "）"
            elif character == ")" and _IS_CJK.match(text[at - 1 : at]):
                characters[at] = "）"
    for at in opened:
        # Its other end stands on another line.
        if text[at] == "(" and _IS_CJK.match(text[at + 1 : at + 2]):
            characters[at] = "（"
    return "".join(characters)
