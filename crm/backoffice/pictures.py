"""Pictures: measured before they are drawn, and drawn anew, so that of what came in only the picture stays."""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from crm.errors import FieldError
from crm.messages import m

PIXELS = 40_000_000  # that are drawn at most: about 160 MB of memory
SIDE = 12_000
LARGEST, SMALL = (4096, 4096), (320, 320)  # what is kept, and what a list shows
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
PNG = ("PNG", "image/png", ".png")
KEPT = {"JPEG": ("JPEG", "image/jpeg", ".jpg"), "WEBP": ("WEBP", "image/webp", ".webp"), "PNG": PNG, "GIF": PNG}
BROKEN = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, IndexError, KeyError, TypeError, OverflowError, MemoryError)

# The library warns of large pictures only when it has opened them, and for the whole process; here each is measured first.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class Drawn:
    """A picture in a file: its format and size."""

    format: str
    width: int
    height: int


@dataclass(frozen=True)
class Made:
    """A picture made here."""

    data: bytes
    media: str
    ending: str
    width: int
    height: int


def look(path: Path) -> Drawn:
    """What picture a file holds; only its head is read. Raises FieldError when it is none or too large to be drawn."""
    try:
        with Image.open(path, formats=FORMATS) as opened:
            found = Drawn(str(opened.format), *opened.size)
    except (UnidentifiedImageError, *BROKEN):
        raise FieldError(m("The file is not a picture that can be shown: PNG, JPEG, GIF and WebP are.")) from None
    if found.width * found.height > PIXELS or max(found.width, found.height) > SIDE:
        raise FieldError(m(
            "The picture is too large: %(width)s × %(height)s, at most %(pixels)s million points are accepted.",
            width=found.width, height=found.height, pixels=PIXELS // 1_000_000,
        ))
    return found


def redraw(path: Path, found: Drawn) -> tuple[Made, Made]:
    """The picture as it is kept, upright and without anything told about it, and a small one. Raises FieldError when it cannot be drawn."""
    try:
        with Image.open(path, formats=FORMATS) as opened:
            opened.draft("RGB", LARGEST)
            opened.seek(0)
            upright = ImageOps.exif_transpose(opened)
            plain = upright.convert("RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB")
            plain.thumbnail(LARGEST)
            whole = _made(plain, *KEPT[found.format])
            plain.thumbnail(SMALL)
            return whole, _made(plain, *KEPT[found.format])
    except BROKEN:
        raise FieldError(m("The picture is damaged.")) from None


def _made(picture: Image.Image, form: str, media: str, ending: str) -> Made:
    written = io.BytesIO()
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    (bare.convert("RGB") if form == "JPEG" else bare).save(written, form, **({"quality": 88, "optimize": True} if form == "JPEG" else {}))
    return Made(written.getvalue(), media, ending, *picture.size)
