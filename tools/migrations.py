"""Whether the migrations lead to the schema of the models, on a fresh SQLite file."""

import sys
import tempfile
import warnings
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from crm import models  # noqa: E402  # the project stands beside this folder, not on the path of tools
from crm.backoffice.database import make_engine  # noqa: E402
from crm.backoffice.entities import Base  # noqa: E402
from crm.serving.schema import ours, upgrade  # noqa: E402

REGISTRY = models


def differences() -> list[object]:
    """What a fresh, migrated database lacks or has too much."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/fresh.db"
        upgrade(url)
        engine = make_engine(url)
        with engine.connect() as connection, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": Base.metadata, "include_object": ours})
            found = list(compare_metadata(context, Base.metadata))
        engine.dispose()
    return found


def main() -> int:
    found = differences()
    for difference in found:
        print(f"migrations: {difference}")
    print("migrations: the newest gives the schema of the models" if not found else "A migration is missing: .venv/bin/flask db migrate -m '…'")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
