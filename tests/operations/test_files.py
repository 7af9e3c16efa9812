"""Kept files: generated names, whole or not at all, a limit, and no way out of the folder."""

import hashlib
import io
import stat
from pathlib import Path

import pytest

from crm.backoffice.files import keep, path_of, remove
from crm.errors import BadRequest, NotFound


def test_a_file_is_kept_under_a_name_of_our_own(tmp_path: Path) -> None:
    kept = keep(tmp_path, io.BytesIO(b"content"), limit=100)
    path = path_of(tmp_path, kept.key)
    assert path.read_bytes() == b"content"
    assert (kept.size, kept.sha256) == (7, hashlib.sha256(b"content").hexdigest())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keep(tmp_path, io.BytesIO(b"content"), limit=100).key != kept.key


def test_a_file_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    keep(tmp_path, io.BytesIO(b"x" * 100), limit=100)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadRequest):
        keep(tmp_path, io.BytesIO(b"x" * 101), limit=100)
    assert [p for p in sorted(tmp_path.rglob("*")) if p.is_file()] == [p for p in before if p.is_file()]


@pytest.mark.parametrize("key", ["", "..", "../../etc/passwd", "a" * 31, "A" * 32, "a" * 32, "a" * 30 + "\n."])
def test_a_key_that_is_none_finds_nothing(tmp_path: Path, key: str) -> None:
    with pytest.raises(NotFound):
        path_of(tmp_path, key)


def test_a_removed_file_is_gone_and_may_be_removed_again(tmp_path: Path) -> None:
    kept = keep(tmp_path, io.BytesIO(b"content"), limit=100)
    remove(tmp_path, kept.key)
    remove(tmp_path, kept.key)
    remove(tmp_path, "../" * 3)
    with pytest.raises(NotFound):
        path_of(tmp_path, kept.key)
