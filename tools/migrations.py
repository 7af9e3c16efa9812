"""Whether the migrations lead to the schema of the models, on a fresh SQLite file. `tools/migrations.py write` makes the first migration anew.

Until the first release there is one migration, 0001, and it is written from the models; from then on a change adds a migration.
"""

import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from crm import models  # noqa: E402  # the project stands beside this folder, not on the path of tools
from crm.backoffice.database import make_engine  # noqa: E402
from crm.backoffice.entities import Base  # noqa: E402
from crm.backoffice.types import KeptFile, KeyText, NumberSet, ScaledDecimal, UtcMoment  # noqa: E402
from crm.serving.schema import upgrade  # noqa: E402

REGISTRY = models
UPGRADE = '''def upgrade() -> None:
{body}
    create_keys()


'''
DOWNGRADE = '''def downgrade() -> None:
    cascade = "" if op.get_bind().dialect.name == "sqlite" else " CASCADE"
    for table in TABLES:
        op.execute(f'DROP TABLE "{{table}}"{{cascade}}')


TABLES = (
{names})
'''
FIRST = ROOT / "migrations" / "versions" / "0001_first.py"


def differences() -> list[object]:
    """What a fresh, migrated database lacks or has too much."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/fresh.db"
        upgrade(url)
        engine = make_engine(url)
        with engine.connect() as connection, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": Base.metadata})
            found = list(compare_metadata(context, Base.metadata))
        engine.dispose()
    return found


def write() -> None:
    """Writes the body of the first migration from the models; its head, which sets foreign keys last on PostgreSQL, stays as it is."""
    old = FIRST.read_text()
    head = old[: old.index("def upgrade()")]
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/empty.db")
        with engine.connect() as connection, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # departments have heads who stand in departments: the cycle is known
            context = MigrationContext.configure(connection, opts={"target_metadata": Base.metadata})
            body = render_python_code(produce_migrations(context, Base.metadata).upgrade_ops, render_item=own_type, user_module_prefix="")
            tables = [table.name for table in Base.metadata.sorted_tables]
        engine.dispose()
    lines = [line.replace("op.create_table(", "create_table(", 1) for line in body.splitlines() if not line.strip().startswith("#")]
    names = "".join(f"    {name!r},\n" for name in reversed(tables))
    FIRST.write_text(head + UPGRADE.format(body="\n".join(f"    {line.removeprefix('    ')}".rstrip() for line in lines)) + DOWNGRADE.format(names=names))
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", "--line-length", "160", str(FIRST)], check=True)


def own_type(kind: str, item: Any, _autogen: object) -> str | bool:
    return repr(item) if kind == "type" and isinstance(item, KeptFile | KeyText | NumberSet | ScaledDecimal | UtcMoment) else False


def main() -> int:
    if sys.argv[1:] == ["write"]:
        write()
    found = differences()
    for difference in found:
        print(f"migrations: {difference}")
    print("migrations: the newest gives the schema of the models" if not found else "A migration is missing: .venv/bin/flask db migrate -m '…'")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
