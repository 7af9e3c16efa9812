"""Files that people upload: kept under a generated name, written whole and flushed before anything refers to them."""

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from crm.errors import BadRequest, NotFound
from crm.messages import m

KEY = re.compile(r"[0-9a-f]{32}")
CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """A kept file: its key (no path, no name from outside), size in bytes, SHA-256 in hex."""

    key: str
    size: int
    sha256: str


def keep(folder: Path, stream: IO[bytes], *, limit: int) -> Kept:
    """Copies `stream` into `folder`, at most `limit` bytes. Raises BadRequest when there is more; nothing stays then."""
    key = secrets.token_hex(16)
    path = folder / key[:2] / key
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise BadRequest(m("The file is too large: at most %(limit)s MB are accepted.", limit=limit // CHUNK))
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    return Kept(key, size, digest.hexdigest())


def path_of(folder: Path, key: str) -> Path:
    """Where the file with this key lies. Raises NotFound for a key that is none or names no file."""
    path = folder / key[:2] / key
    if not KEY.fullmatch(key) or not path.is_file():
        raise NotFound(m("There is no such file."))
    return path


def remove(folder: Path, key: str) -> None:
    """Forgets the file; one that is gone already is no error."""
    if KEY.fullmatch(key):
        (folder / key[:2] / key).unlink(missing_ok=True)
