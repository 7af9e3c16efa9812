"""Backups: one tar with everything that a new machine needs: the database as of one moment, kept files, keys, and a manifest.

A SQLite database is copied by its own backup interface while people work; a PostgreSQL one is read table by table in one
repeatable-read transaction and put back with the foreign keys taken off and laid on again, which checks every one of them.
"""

import hashlib
import hmac
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from alembic import command
from psycopg import Connection, sql
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import make_url

from config import Settings
from crm.backoffice.custom import everything
from crm.backoffice.custom.models import ENTITIES, FIELDS
from crm.backoffice.custom.naming import is_made
from crm.backoffice.database import look_over
from crm.backoffice.seals.block import Keeper
from crm.errors import BadRequest
from crm.messages import m
from crm.serving import schema

FORMAT = 1
MANIFEST, DATABASE, TABLES = "manifest.json", "brama.db", "tables/"
KEPT = ("secret_key", "demo.txt", "journal.heads")
CHUNK = 1024 * 1024


def backup(engine: Engine, settings: Settings, target: Path) -> dict[str, Any]:
    """Writes the backup to `target`, whole or not at all, readable by its owner only; gives the manifest. Raises BadRequest."""
    revision = schema.current(engine)
    if revision is None:
        raise BadRequest(m("There is no database to back up: run “flask init” first."))
    manifest: dict[str, Any] = {"format": FORMAT, "made_at": datetime.now(UTC).isoformat(), "revision": revision, "database": engine.dialect.name}
    draft = target.with_name(target.name + ".part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                # Before the database: a head of a block that the copy does not have would say that rows are missing.
                kept = {name: (settings.instance / name).read_bytes() for name in KEPT if (settings.instance / name).is_file()}
                digests: dict[str, str] = {}
                if engine.dialect.name == "sqlite":
                    manifest["rows"] = _copy_sqlite(tar, settings, digests)
                else:
                    manifest["tables"], manifest["rows"] = _copy_tables(tar, engine, digests)
                for name, content in kept.items():
                    _add(tar, f"keys/{name}", content, digests)
                for path in sorted(settings.files.rglob("*")) if settings.files.is_dir() else ():
                    if path.is_file():
                        _add_file(tar, path, f"files/{path.relative_to(settings.files)}", digests)
                manifest["digests"] = digests
                manifest["signature"] = signature(manifest, settings.secret_key)
                _add(tar, MANIFEST, json.dumps(manifest, indent=1).encode(), {})  # last: a backup that was cut off has none
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
    except OSError as fault:
        raise BadRequest(m("The file %(file)s cannot be written: “%(why)s”.", file=str(target), why=fault.strerror or "?")) from fault
    finally:
        draft.unlink(missing_ok=True)
    told = {key: value for key, value in manifest.items() if key not in ("digests", "rows", "signature")}
    return {"file": str(target), "bytes": target.stat().st_size, **told, "rows": sum(manifest["rows"].values()), "files": len(digests)}


def restore(engine: Engine, settings: Settings, source: Path) -> dict[str, Any]:
    """Fills an empty installation from a backup and brings it to the newest schema; gives the manifest. Raises BadRequest."""
    if schema.current(engine) is not None:
        raise BadRequest(m("This installation is not empty; a backup is restored into an empty one."))
    try:
        with tarfile.open(source, "r:") as tar:
            manifest = read_manifest(tar)
            for damaged in damaged_members(tar, manifest):
                raise BadRequest(m("“%(name)s” in the backup is not what was put there.", name=damaged))
            if manifest["database"] != engine.dialect.name:
                raise BadRequest(
                    m("The backup is of %(theirs)s and this installation runs on %(ours)s.", theirs=manifest["database"], ours=engine.dialect.name)
                )
            if engine.dialect.name == "sqlite":
                engine.dispose()
                _place_sqlite(tar, settings)
            else:
                _fill_tables(tar, engine, settings, manifest)
                look_over(engine)
            _place_files(tar, settings)
    except (tarfile.TarError, EOFError, KeyError) as fault:
        raise BadRequest(m("The file %(file)s is no backup or is damaged.", file=str(source))) from fault
    except OSError as fault:
        raise BadRequest(m("The file %(file)s cannot be read: “%(why)s”.", file=str(source), why=fault.strerror or "?")) from fault
    schema.upgrade(settings.database_url)
    return manifest


def signature(manifest: Mapping[str, Any], secret: str) -> str:
    """Of all that a manifest says, by the key of the installation."""
    said = {key: value for key, value in manifest.items() if key != "signature"}
    key = hashlib.sha256(b"backup:" + secret.encode()).digest()
    return f"{hashlib.sha256(key).hexdigest()[:8]}.{hmac.new(key, json.dumps(said, sort_keys=True).encode(), hashlib.sha256).hexdigest()}"


def damaged_members(tar: tarfile.TarFile, manifest: Mapping[str, Any]) -> Iterator[str]:
    """The parts of a backup that are not what its manifest says, are missing, or that it does not know. Nothing for a backup that keeps no digests."""
    wanted = dict(manifest.get("digests") or {})
    if not wanted:
        return
    for entry in tar:
        if not entry.isfile() or entry.name == MANIFEST:
            continue
        file, digest = _member(tar, entry.name), hashlib.sha256()
        while chunk := file.read(CHUNK):
            digest.update(chunk)
        if wanted.pop(entry.name, "") != digest.hexdigest():
            yield entry.name
    yield from wanted


def read_manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    """Raises BadRequest for one of a newer version, KeyError where there is none."""
    found = json.loads(_member(tar, MANIFEST).read())
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadRequest(m("The backup was made by a newer version of Brama."))
    if found["revision"] not in schema.known():
        raise BadRequest(m("The backup was made by a newer version of Brama."))
    return found


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file


def _add(tar: tarfile.TarFile, name: str, content: bytes, digests: dict[str, str]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, io.BytesIO(content))
    digests[name] = hashlib.sha256(content).hexdigest()


def _add_file(tar: tarfile.TarFile, path: Path, name: str, digests: dict[str, str]) -> None:
    """A file that may go meanwhile: then it is not there."""
    try:
        with path.open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            tar.addfile(tar.gettarinfo(arcname=name, fileobj=file), file)
    except FileNotFoundError:
        return


def _copy_sqlite(tar: tarfile.TarFile, settings: Settings, digests: dict[str, str]) -> dict[str, int]:
    with tempfile.TemporaryDirectory(dir=settings.instance) as folder:
        copy = Path(folder) / DATABASE
        source, target = sqlite3.connect(str(make_url(settings.database_url).database)), sqlite3.connect(copy)
        try:
            source.backup(target)
            names = [name for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
            count = "SELECT count(*) FROM "
            rows = {name: int(target.execute(count + json.dumps(name)).fetchone()[0]) for name in names if name != "alembic_version"}
        finally:
            source.close()
            target.close()
        _add_file(tar, copy, DATABASE, digests)
    return rows


def _place_sqlite(tar: tarfile.TarFile, settings: Settings) -> None:
    place = Path(str(make_url(settings.database_url).database))
    draft = place.with_suffix(".part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            member = _member(tar, DATABASE)
            while chunk := member.read(CHUNK):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        check = sqlite3.connect(draft)
        try:
            sound = check.execute("PRAGMA integrity_check").fetchone() == ("ok",) and check.execute("PRAGMA foreign_key_check").fetchone() is None
        except sqlite3.DatabaseError:
            sound = False
        finally:
            check.close()
        if not sound:
            raise BadRequest(m("The database in the backup is damaged; nothing was restored."))
        for suffix in ("-wal", "-shm"):
            place.with_name(place.name + suffix).unlink(missing_ok=True)
        draft.rename(place)
    finally:
        for suffix in ("", "-wal", "-shm"):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)


@contextmanager
def _driver(engine: Engine) -> Iterator["Connection[Any]"]:
    """psycopg's own connection in one transaction: COPY is none of SQLAlchemy's business."""
    raw = engine.raw_connection()
    try:
        connection = cast("Connection[Any]", raw.driver_connection)
        connection.execute("SET statement_timeout = 0")
        connection.commit()
        yield connection
        connection.commit()
    finally:
        connection.rollback()
        raw.invalidate()
        raw.close()


def _copy_tables(tar: tarfile.TarFile, engine: Engine, digests: dict[str, str]) -> tuple[dict[str, list[str]], dict[str, int]]:
    tables: dict[str, list[str]] = {}
    rows: dict[str, int] = {}
    with _driver(engine) as connection, tempfile.TemporaryFile() as spool:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1").fetchall()
        for (name,) in names:
            if name == "alembic_version" or name.startswith("huey_"):
                continue
            columns = connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s AND is_generated = 'NEVER' "
                "ORDER BY ordinal_position", (name,)).fetchall()
            tables[name] = [column for (column,) in columns]
            spool.seek(0)
            spool.truncate()
            digest, cursor = hashlib.sha256(), connection.cursor()
            with cursor.copy(sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(name), _list(tables[name]))) as copy:
                for block in copy:
                    spool.write(block)
                    digest.update(block)
            rows[name], digests[f"{TABLES}{name}.copy"] = cursor.rowcount, digest.hexdigest()
            entry = tarfile.TarInfo(f"{TABLES}{name}.copy")
            entry.size, entry.mode = spool.tell(), 0o600
            spool.seek(0)
            tar.addfile(entry, spool)
    return tables, rows


def _fill_tables(tar: tarfile.TarFile, engine: Engine, settings: Settings, manifest: dict[str, Any]) -> None:
    command.upgrade(schema.alembic_config(settings.database_url), manifest["revision"])
    described = [table for table in (ENTITIES.name, FIELDS.name) if table in manifest["tables"]]
    try:
        with _driver(engine) as connection:
            for table in described:
                _fill(connection, tar, table, manifest["tables"][table])
        with engine.begin() as building:
            everything.build(building)
        with _driver(engine) as connection:
            keys = connection.execute(
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace").fetchall()
            for table, name, _definition in keys:
                connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(table), sql.Identifier(name)))
            for table, columns in manifest["tables"].items():
                if table not in described:
                    _fill(connection, tar, table, columns)
            for table, name, definition in keys:
                connection.execute(sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(sql.SQL(table), sql.Identifier(name), sql.SQL(definition)))
    except BaseException:
        with engine.begin() as clearing:
            for name in inspect(clearing).get_table_names():
                if is_made(name):
                    clearing.execute(text(f'DROP TABLE "{name}" CASCADE'))
        command.downgrade(schema.alembic_config(settings.database_url), "base")
        raise


def _fill(connection: "Connection[Any]", tar: tarfile.TarFile, table: str, columns: list[str]) -> None:
    member = _member(tar, f"{TABLES}{table}.copy")
    with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _list(columns))) as copy:
        while chunk := member.read(CHUNK):
            copy.write(chunk)
    if "id" in columns:
        connection.execute(sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), greatest(max(id), 1), max(id) IS NOT NULL) FROM {}").format(
            sql.Literal(f'"{table}"'), sql.Identifier(table)))


def _list(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)


def _place_files(tar: tarfile.TarFile, settings: Settings) -> None:
    """Kept files and keys; the tar's own names go nowhere but into the two places meant for them."""
    Keeper.of(settings.instance, settings.secret_key).set_aside()
    for entry in tar:
        if entry.isfile() and entry.name.startswith("files/"):
            tar.extract(entry, settings.instance, filter="data")
        elif entry.isfile() and entry.name.removeprefix("keys/") in KEPT and entry.name.startswith("keys/"):
            place = settings.instance / entry.name.removeprefix("keys/")
            with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(_member(tar, entry.name).read())
