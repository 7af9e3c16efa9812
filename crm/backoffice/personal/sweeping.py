"""What a database has let go of still lies in its file: swept out, it lies nowhere."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

ATTEMPTS, PAUSE = 20, 0.5  # while others read, the log cannot be emptied


def sweep(engine: Engine, jobs: Path) -> bool:
    """Write the database file anew without what was removed, and empty its log; on PostgreSQL vacuum its tables. False when others worked with
    it all the time: then it is to be done again."""
    if engine.dialect.name == "sqlite":
        database = engine.url.database or ""
        return all([_sqlite(Path(database)), _sqlite(jobs) if jobs.is_file() else True])
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("VACUUM (ANALYZE)")
            connection.invalidate()
    except DBAPIError:
        return False
    return True


def _sqlite(file: Path) -> bool:
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE if attempt else 0)
        try:
            with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as connection:
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute("VACUUM")
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
        except sqlite3.OperationalError:
            continue
    return False
