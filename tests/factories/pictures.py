"""Pictures and other files as bytes."""

import io
import struct
import zipfile
import zlib

from PIL import Image


def picture(width: int = 40, height: int = 30, form: str = "PNG", mode: str = "RGB", **options: object) -> bytes:
    written = io.BytesIO()
    Image.new(mode, (width, height), "red" if mode == "RGB" else 0).save(written, form, **options)  # type: ignore[arg-type]
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is so large; nothing of it need be drawn to know."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def archive(**members: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        for name, data in members.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return written.getvalue()


def document(**more: bytes) -> bytes:
    """A text document of an office, as far as its kind goes."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        for name, data in {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>", **more}.items():
            made.writestr(name, data)
    return written.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
