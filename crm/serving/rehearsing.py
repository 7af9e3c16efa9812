"""A backup rehearsed: restored into a place of its own, compared with what its manifest says was in it, verified, and thrown away."""

import json
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from sqlalchemy import Engine, create_engine, func, inspect, select, table as named, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from config import Settings
from crm.backoffice.catalog import load_catalog
from crm.backoffice.database import make_engine
from crm.backoffice.guard import system_session
from crm.backoffice.seals.block import Keeper
from crm.backoffice.seals.verifying import verify
from crm.errors import BramaError
from crm.messages import Message, m
from crm.serving.backup import damaged_members, read_manifest, restore, signature

LAST = "rehearsed.json"  # in INSTANCE: what the last rehearsal found, for `flask doctor`


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal found; without problems the backup is whole. `signed`: by this installation's key, None by another's or none."""

    made_at: str = ""
    rows: int = 0
    tables: int = 0
    files: int = 0
    journal: dict[str, Any] = field(default_factory=dict)
    signed: bool | None = None
    seconds: float = 0.0
    problems: tuple[Message, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": not self.problems, "made_at": self.made_at, "rows": self.rows, "tables": self.tables, "files": self.files, "journal": self.journal,
            "signed": self.signed, "seconds": round(self.seconds, 1),
        }


def rehearse(settings: Settings, source: Path) -> Rehearsal:
    """Restore `source` into a temporary installation on the same kind of database and compare. It touches nothing of the one in use but a note
    of what was found."""
    begun = time.monotonic()
    found = _whole(settings, source)
    if not found.problems:
        found = _restored(settings, source, found)
    found = replace(found, seconds=time.monotonic() - begun)
    note = {"at": datetime.now(UTC).isoformat(), "file": source.name, "ok": not found.problems, "made_at": found.made_at}
    draft = settings.instance / f"{LAST}.part"
    draft.write_text(json.dumps(note, ensure_ascii=False))
    draft.rename(settings.instance / LAST)
    return found


def _whole(settings: Settings, source: Path) -> Rehearsal:
    """Each part of the archive against the manifest, and the manifest against its signature."""
    try:
        with tarfile.open(source, "r:") as tar:
            manifest = read_manifest(tar)
            problems = [m("“%(name)s” in the backup is not what was put there.", name=name) for name in damaged_members(tar, manifest)]
    except BramaError as refused:
        return Rehearsal(problems=(refused.message,))
    except (tarfile.TarError, EOFError, KeyError, ValueError, OSError):
        return Rehearsal(problems=(m("The file %(file)s is no backup or is damaged.", file=str(source)),))
    signed = _signed(manifest, settings.secret_key)
    if signed is False:
        problems.append(m("Somebody has changed the manifest of the backup."))
    rows: dict[str, int] = manifest.get("rows") or {}
    files = sum(name.startswith("files/") for name in manifest.get("digests") or {})
    return Rehearsal(manifest.get("made_at", ""), sum(rows.values()), len(rows), files, signed=signed, problems=tuple(problems))


def _signed(manifest: dict[str, Any], secret: str) -> bool | None:
    given, own = str(manifest.get("signature", "")), signature(manifest, secret)
    return given == own if given.partition(".")[0] == own.partition(".")[0] else None


def _restored(settings: Settings, source: Path, found: Rehearsal) -> Rehearsal:
    try:
        with _place(settings) as place:
            engine = make_engine(place.database_url, statement_seconds=0)
            try:
                manifest = restore(engine, place, source)
                problems = [*_counted(engine, manifest.get("rows") or {}), *_kept(place, manifest)]
                with system_session(engine, "rehearse a backup", load_catalog(engine)) as session:
                    verified = verify(session, Keeper.of(place.instance, settings.secret_key))
            finally:
                engine.dispose()
    except BramaError as refused:
        return replace(found, problems=(refused.message,))
    except DBAPIError as fault:
        why = str(fault.orig).strip().partition("\n")[0][:200]
        return replace(found, problems=(m("The backup could not be restored: “%(why)s”.", why=why),))
    if not verified.ok:
        problems.append(m("Row %(number)s of the journal does not hold or is missing.", number=verified.first_broken))
    return replace(found, journal={"rows": verified.rows, "sealed": verified.sealed, "ok": verified.ok}, problems=tuple(problems))


def _counted(engine: Engine, rows: dict[str, int]) -> Iterator[Message]:
    """Tables that hold another number of rows than were put into the backup."""
    standing = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        for table, number in sorted(rows.items()):
            now = connection.execute(select(func.count()).select_from(named(table))).scalar_one() if table in standing else 0
            if now != number:
                yield m("Table %(table)s holds %(now)s rows instead of %(then)s.", table=table, now=now, then=number)


def _kept(place: Settings, manifest: dict[str, Any]) -> Iterator[Message]:
    for name in manifest.get("digests") or {}:
        if name.startswith("files/") and not (place.instance / name).is_file():
            yield m("The file %(name)s was not put in its place.", name=name)


@contextmanager
def _place(settings: Settings) -> Iterator[Settings]:
    """An empty installation that is gone afterwards: a folder, and on PostgreSQL a database beside ours."""
    with tempfile.TemporaryDirectory(dir=settings.instance, prefix="rehearsal-") as folder:
        instance = Path(folder)
        if settings.sqlite:
            yield replace(settings, instance=instance, database_url=f"sqlite:///{instance / 'brama.db'}")
            return
        url = make_url(settings.database_url)
        name = f"{(url.database or 'brama')[:40]}_rehearsal_{token_hex(4)}"
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        try:
            with admin.connect() as connection:
                connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
            try:
                yield replace(settings, instance=instance, database_url=url.set(database=name).render_as_string(hide_password=False))
            finally:
                with admin.connect() as connection:
                    connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        finally:
            admin.dispose()
