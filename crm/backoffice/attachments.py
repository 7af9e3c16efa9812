"""Files on their way into a field: judged by what is in them and never by their names, kept only when they are what they may be."""

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crm.backoffice import files, pictures
from crm.backoffice.fields.file import FileField
from crm.backoffice.types import FileRef
from crm.errors import BadRequest, FieldError
from crm.messages import m

HEAD = 4096
TEXT = "text/plain"
SIGNATURES = (  # how a file begins, and what it is
    (b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"),
    (b"{\\rtf", "application/rtf"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
OFFICE = {  # a folder of the archive → what the document is
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
OPEN_OFFICE = re.compile(r"application/vnd\.oasis\.opendocument\.(?:text|spreadsheet|presentation)")
# What a browser would run if it took the file for a page, SVG too; at its beginning no kind of file has that.
PAGE = re.compile(rb"<\s*(?:!doctype\s+html|html|script|svg|iframe|body|[a-z]+:svg)", re.IGNORECASE)
XML = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<\?xml", re.IGNORECASE)
UNSAFE_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
LONGEST_NAME = 150
# An archive says at its end how long the list of its files is. Each file in it costs ten times as much memory as the list does.
END_OF_ARCHIVE, END_SIZE, REACH = b"PK\x05\x06", 22, 22 + 65_535
LARGE_END = b"PK\x06\x07"  # before the end of an archive beyond 4 GB: none of ours is
LONGEST_LIST = 2 * 1024 * 1024


def take(folder: Path, stream: IO[bytes], name: str, spec: FileField) -> FileRef:
    """Keep a file for a field. Raises FieldError when it is too large, empty, or nothing that the field takes; nothing stays then."""
    try:
        kept = files.keep(folder, stream, limit=spec.most)
    except BadRequest as refused:
        raise FieldError(refused.message) from None
    with _forgotten_when_refused(folder, kept.key):
        path = files.path_of(folder, kept.key)
        if kept.size == 0:
            raise FieldError(m("The file is empty."))
        if spec.picture:
            return _picture(folder, kept.key, path, name)
        media = media_of(path)
        if media.startswith("image/"):
            pictures.look(path)
        return FileRef(kept.key, safe_name(name), kept.size, media, kept.sha256)


def _picture(folder: Path, key: str, path: Path, name: str) -> FileRef:
    """What is kept of a picture is drawn anew; what came is forgotten."""
    whole, small = pictures.redraw(path, pictures.look(path))
    one = files.keep(folder, io.BytesIO(whole.data), limit=len(whole.data))
    with _forgotten_when_refused(folder, one.key):
        other = files.keep(folder, io.BytesIO(small.data), limit=len(small.data))
    files.remove(folder, key)
    stem = safe_name(name).rpartition(".")[0] or safe_name(name)
    return FileRef(one.key, stem + whole.ending, one.size, whole.media, one.sha256, other.key, whole.width, whole.height)


@contextmanager
def _forgotten_when_refused(folder: Path, key: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        files.remove(folder, key)
        raise


def media_of(path: Path) -> str:
    """The media type of what is in a file. Raises FieldError for what is not accepted."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if PAGE.search(head) or XML.match(head):
        raise FieldError(m("The file holds a page or a drawing with commands (HTML, SVG, XML), which is not accepted; send it as PDF or as a picture."))
    for beginning, media in SIGNATURES:
        if head.startswith(beginning):
            return media
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"PK\x03\x04"):
        return _archive(path)
    if b"\0" not in head and not any(byte < 9 or 13 < byte < 32 for byte in head):
        return TEXT
    raise FieldError(m("A file of this kind is not accepted. Pictures, PDF, text, documents and tables of an office and ZIP archives are."))


def _archive(path: Path) -> str:
    """A document or an archive, by the names in it; nothing is unpacked: the word that an OpenDocument begins with lies there as it is."""
    if _list_is_long(path):
        raise FieldError(m("There are too many files in the archive."))
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            first = archive.infolist()[0] if names[:1] == ["mimetype"] else None
            if first is not None and first.file_size < 200 and first.compress_type == zipfile.ZIP_STORED:
                said = archive.read(first).decode("ascii", "replace")
                if OPEN_OFFICE.fullmatch(said):
                    return said
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, struct.error, OverflowError) as broken:
        raise FieldError(m("The file is damaged.")) from broken
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FieldError(m("The document holds macros, which are not accepted; save it without them."))
    if "[Content_Types].xml" in names:
        return next((media for start, media in OFFICE.items() if any(name.startswith(start) for name in names)), "application/zip")
    return "application/zip"


def _list_is_long(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - REACH))
        tail = file.read()
    end = tail.rfind(END_OF_ARCHIVE)
    if end < 0 or len(tail) < end + END_SIZE:
        return False  # no archive, which its reader says
    return int.from_bytes(tail[end + 12 : end + 16], "little") > LONGEST_LIST or LARGE_END in tail[max(0, end - 20) : end]


def safe_name(name: str) -> str:
    """A name to offer when the file is saved again: no folders, no signs that a system or an eye is misled by, not too long."""
    bare = UNSAFE_NAME.sub(" ", re.split(r"[/\\]", name)[-1]).strip(" .")
    stem, dot, ending = bare.rpartition(".")
    return (f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}" if dot and len(ending) < 12 else bare[:LONGEST_NAME]).strip() or "file"
