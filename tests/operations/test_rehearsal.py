"""A backup rehearsed: whole ones are found whole, and whatever was done to one is named; the installation in use is not touched."""

import io
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text

from config import Settings
from crm.messages import render
from crm.serving.backup import DATABASE, MANIFEST, TABLES, backup, signature
from crm.serving.doctor import examine
from crm.serving.rehearsing import rehearse
from tests.company import Company
from tests.operations.test_backup import rows


@pytest.fixture
def made(company: Company, settings: Settings, tmp_path: Path) -> Path:
    """A backup of a company with a file and a key."""
    company.make("account", {"name": "Їжак"}, {"name": "Ґава"})
    (settings.files / "ab").mkdir(parents=True)
    (settings.files / "ab" / "abcd").write_bytes(b"content of a file")
    (settings.instance / "secret_key").write_text("k" * 40)
    backup(company.engine, settings, tmp_path / "backup.tar")
    return tmp_path / "backup.tar"


def rebuilt(source: Path, change: Callable[[str, bytes], bytes | None], *, added: dict[str, bytes] | None = None) -> None:
    """The archive with each part as `change` makes it; None leaves it out."""
    with tarfile.open(source) as tar:
        parts = {entry.name: tar.extractfile(entry).read() for entry in tar if entry.isfile()}  # type: ignore[union-attr]
    with tarfile.open(source, "w") as tar:
        for name, content in {**parts, **(added or {})}.items():
            new = change(name, content)
            if new is not None:
                entry = tarfile.TarInfo(name)
                entry.size = len(new)
                tar.addfile(entry, io.BytesIO(new))


def problems(settings: Settings, source: Path) -> list[str]:
    return [render(problem, "en") for problem in rehearse(settings, source).problems]


def data_part(company: Company) -> str:
    return DATABASE if company.engine.dialect.name == "sqlite" else f"{TABLES}account.copy"


def test_a_whole_backup_is_found_whole_and_nothing_is_left_of_the_rehearsal(company: Company, settings: Settings, made: Path) -> None:
    before, files = rows(company), sorted(p.name for p in settings.instance.iterdir())
    found = rehearse(settings, made)
    assert found.problems == () and found.signed is True
    assert found.rows == sum(map(len, rows(company).values())) and found.files == 1 and found.journal["ok"] and found.journal["rows"] > 0
    assert rows(company) == before and sorted(p.name for p in settings.instance.iterdir()) == sorted([*files, "rehearsed.json"])
    if company.engine.dialect.name == "postgresql":
        with company.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM pg_database WHERE datname LIKE '%rehearsal%'")).scalar() == 0


def test_a_backup_that_was_cut_off_or_is_none(company: Company, settings: Settings, made: Path, tmp_path: Path) -> None:
    whole = made.stat().st_size
    for size in (whole // 2, whole - 20_000, 700, 0):
        copy = tmp_path / f"cut-{size}.tar"
        copy.write_bytes(made.read_bytes())
        os.truncate(copy, size)
        assert len(problems(settings, copy)) == 1, size
    (tmp_path / "text.tar").write_text("not a backup")
    assert problems(settings, tmp_path / "text.tar") and problems(settings, tmp_path / "missing.tar")


@pytest.mark.parametrize("what", ["database", "file", "key", "left out", "put in"])
def test_a_part_that_was_changed_is_named(company: Company, settings: Settings, made: Path, what: str) -> None:
    part = {"database": data_part(company), "file": "files/ab/abcd", "key": "keys/secret_key", "left out": "files/ab/abcd", "put in": "files/ab/evil"}[what]

    def change(name: str, content: bytes) -> bytes | None:
        if name != part or what == "put in":
            return content
        return None if what == "left out" else content[:-1] + bytes([content[-1] ^ 1]) if content else b"x"

    rebuilt(made, change, added={part: b"x"} if what == "put in" else None)
    assert problems(settings, made) == [f"“{part}” in the backup is not what was put there."]


def test_a_manifest_changed_along_with_a_part_is_not_signed(company: Company, settings: Settings, made: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name != MANIFEST:
            return content
        manifest = json.loads(content)
        manifest["rows"]["account"] += 1
        return json.dumps(manifest).encode()

    rebuilt(made, change)
    assert problems(settings, made) == ["Somebody has changed the manifest of the backup."]


def test_rows_that_are_not_there_are_counted(company: Company, settings: Settings, made: Path) -> None:
    """Whoever holds the key can sign what he likes; the counts still have to agree with the tables."""
    def change(name: str, content: bytes) -> bytes:
        if name != MANIFEST:
            return content
        manifest = json.loads(content)
        manifest["rows"]["account"] += 1
        return json.dumps({**manifest, "signature": signature(manifest, settings.secret_key)}).encode()

    rebuilt(made, change)
    assert problems(settings, made) == ["Table account holds 2 rows instead of 3."]


def test_a_journal_that_was_tampered_with_before_the_backup_is_told(company: Company, settings: Settings, tmp_path: Path) -> None:
    company.make("account", {"name": "Їжак"})
    with company.engine.execution_options(writer=True).begin() as connection:
        number = connection.execute(text("SELECT max(id) FROM journal")).scalar()
        connection.execute(text("UPDATE journal SET source = 'forged' WHERE id = :n"), {"n": number})
    backup(company.engine, settings, tmp_path / "b.tar")
    assert problems(settings, tmp_path / "b.tar") == [f"Row {number} of the journal does not hold or is missing."]


def test_the_command_and_the_doctor_tell(company: Company, settings: Settings, made: Path, flask: Callable[..., Result]) -> None:
    def check() -> tuple[bool, str]:
        found = next(c for c in examine(company.engine, settings) if c.id == "backup.B001")
        return found.ok, render(found.message, "en")

    assert check()[0] and "No backup" in check()[1]
    told = flask("restore", "--rehearse", str(made))
    assert told.exit_code == 0 and json.loads(told.stdout)["ok"] and check() == (True, "Backup last rehearsed: backup.tar, 0 days ago.")
    os.truncate(made, 5000)
    told = flask("restore", "--rehearse", str(made))
    assert told.exit_code == 1 and json.loads(told.stdout)["problems"] and not check()[0]


def test_another_installation_rehearses_it_too_but_cannot_say_who_made_it(company: Company, settings: Settings, made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    found = rehearse(replace(settings, instance=other, secret_key="q" * 40), made)
    assert found.problems == () and found.signed is None
