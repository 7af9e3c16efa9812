"""A person's traces on disk: files of his records, files that were imported and what was wrong in them, letters, the list of demo accounts."""

import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email import message_from_bytes, policy
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select, update

from crm.backoffice import files
from crm.backoffice.exchange.uploads import TABLE as UPLOADS
from crm.backoffice.guard import DataSession
from crm.backoffice.personal.mentions import Grade
from crm.backoffice.personal.names import Sought

AROUND = 200  # characters of a text beside the name
MOST = 64 * 1024 * 1024  # bytes of one file, unpacked, that are looked through
ENCODINGS = ("utf-8", "utf-16", "cp1251")


class Trace(NamedTuple):
    """A file that names the person: its place, whether surely (else by a word that he may be called by), and one text of it that does."""

    path: Path
    place: str
    grade: Grade
    said: str


def named_in(instance: Path, kept: Path, session: DataSession, sought: Sought) -> list[Trace]:
    """The files in which the person is named: letters, imports, what imports could not read."""
    keys = session.kernel(select(UPLOADS.c.file_key).where(UPLOADS.c.file_key != "")).scalars()
    paths = [path for folder in (instance / "mail", instance / "imports") for path in sorted(folder.glob("*"))] + [kept / key[:2] / key for key in keys]
    return [trace for path in paths if path.is_file() and (trace := _traced(path, sought)) is not None]


def remove(session: DataSession, paths: Iterable[Path]) -> None:
    """Take files away; an import forgets its file. The caller commits."""
    for path in paths:
        path.unlink(missing_ok=True)
        session.kernel(update(UPLOADS).where(UPLOADS.c.file_key == path.name).values(file_key="", profile=None))


def remove_kept(folder: Path, keys: Iterable[str]) -> None:
    for key in keys:
        files.remove(folder, key)


def strike(path: Path, sought: Sought) -> None:
    """Take the lines that name the person out of a file of lines."""
    if path.is_file():
        lines = path.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not sought.surely(line)]
        if len(kept) < len(lines):
            draft = path.with_suffix(".part")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.writelines(kept)
            draft.rename(path)


def _traced(path: Path, sought: Sought) -> Trace | None:
    """A workbook is looked into, a letter is read."""
    by_word: Trace | None = None
    for text in (text for content in _contents(path) for text in _texts(content)):
        if (found := sought.in_text.search(text)) is not None:
            said = text[max(0, found.start() - AROUND) : found.end() + AROUND]
            trace = Trace(path, f"file.{path.name}", "sure" if sought.surely(text) else "word", said)
            if trace.grade == "sure":
                return trace
            by_word = by_word or trace
    return by_word


def _contents(path: Path) -> Iterator[bytes]:
    if zipfile.is_zipfile(path):
        with suppress(zipfile.BadZipFile, OSError, zlib.error), zipfile.ZipFile(path) as archive:
            left = MOST
            for entry in archive.infolist():
                with archive.open(entry) as part:
                    content = part.read(left)
                left -= len(content)
                yield content
        return
    with path.open("rb") as file:
        content = file.read(MOST)
    yield content
    if path.suffix == ".eml":
        letter = message_from_bytes(content, policy=policy.default)
        yield "\n".join(f"{name}: {value}" for name, value in letter.items()).encode("utf-8", "replace")
        yield from (part.get_payload(decode=True) or b"" for part in letter.walk() if not part.is_multipart())  # type: ignore[misc]  # bytes of a part


def _texts(content: bytes) -> Iterator[str]:
    for encoding in ENCODINGS:
        yield content.decode(encoding, "replace")
