"""Prints to scans: the pages of a PDF as bitmaps, a little crooked and noisy, in an image file or a PDF without text."""

from __future__ import annotations

import io
from random import Random
from typing import Any, Literal

Kind = Literal["pdf", "tiff", "png", "jpg", "bmp", "webp"]


def bitmaps(pdf: bytes, rng: Random, *, dpi: int = 150, degrees: float | None = None, noise: float = 6.0) -> list[Any]:
    """The pages of a PDF as Pillow images: turned by up to a degree, with noise of a standard deviation in grey levels."""
    import numpy as np
    import pypdfium2
    from PIL import Image

    document = pypdfium2.PdfDocument(pdf)
    pages = []
    for number in range(len(document)):
        page = document[number].render(scale=dpi / 72).to_pil().convert("L")
        turned = rng.uniform(-1.0, 1.0) if degrees is None else degrees
        page = page.rotate(turned, resample=Image.Resampling.BICUBIC, fillcolor=255)
        grain = np.random.default_rng(rng.randrange(1 << 30)).normal(0, noise, (page.height, page.width))
        paper = np.asarray(page, dtype=np.float32) * 0.94 + 8 + grain
        pages.append(Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8)))
    document.close()
    return pages


def as_scan(pdf: bytes, rng: Random, kind: Kind = "pdf", **how: Any) -> bytes:
    """A PDF as its scan; only `pdf` and `tiff` hold more than the first page."""
    dpi = how.setdefault("dpi", 150)
    pages = bitmaps(pdf, rng, **how)
    out = io.BytesIO()
    if kind in ("pdf", "tiff"):
        more: dict[str, Any] = {"compression": "tiff_lzw"} if kind == "tiff" else {"quality": 85}
        pages[0].save(out, kind.upper(), save_all=True, append_images=pages[1:], resolution=dpi, dpi=(dpi, dpi), **more)
    elif kind == "jpg":
        pages[0].save(out, "JPEG", quality=85, dpi=(dpi, dpi))
    elif kind == "png":
        pages[0].save(out, "PNG", dpi=(dpi, dpi))
    else:
        pages[0].save(out, kind.upper())
    return out.getvalue()
