"""A backup put back elsewhere is the same company; what is not a backup changes nothing."""

import json
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Settings
from crm.backoffice.database import make_engine
from crm.backoffice.entities import Base
from crm.errors import BadRequest
from crm.serving.backup import backup, restore
from crm.serving.doctor import examine
from tests.company import Company


def rows(company: Company) -> dict[str, list[tuple[object, ...]]]:
    with company.engine.connect() as connection:
        return {t.name: [tuple(r) for r in connection.execute(t.select().order_by(t.primary_key.columns.values()[0]))] for t in Base.metadata.tables.values()}


def test_everything_comes_back_and_numbers_go_on(company: Company, settings: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    person = company.person("seller", name="Їжакевич Ґанна")
    [account] = company.make("account", {"name": "ТОВ «Ґава» \\N \t кома, 'лапки'", "owner": person})
    company.make("deal", {"name": "Угода", "account": account, "owner": person})
    (settings.files / "ab").mkdir(parents=True)
    (settings.files / "ab" / "abcd").write_bytes(b"\x00\xff content")
    (settings.instance / "secret_key").write_text("the key of this installation\n")

    target = tmp_path / "backup.tar"
    manifest = backup(company.engine, settings, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert manifest["database"] == company.engine.dialect.name

    engine = make_engine(elsewhere.database_url)
    restore(engine, elsewhere, target)
    other = Company(engine)
    assert rows(other) == rows(company)
    assert (elsewhere.files / "ab" / "abcd").read_bytes() == b"\x00\xff content"
    assert stat.S_IMODE((elsewhere.instance / "secret_key").stat().st_mode) == 0o600
    assert all(check.ok for check in examine(engine, elsewhere))
    assert other.make("account", {"name": "Наступна"}) == [account + 1] == company.make("account", {"name": "Наступна"})
    engine.dispose()


def test_an_installation_with_data_is_not_overwritten(company: Company, settings: Settings, tmp_path: Path) -> None:
    backup(company.engine, settings, tmp_path / "backup.tar")
    before = rows(company)
    with pytest.raises(BadRequest):
        restore(company.engine, settings, tmp_path / "backup.tar")
    assert rows(company) == before


@pytest.mark.parametrize("damage", ["text", "cut", "other tar", "newer"])
def test_what_is_no_backup_is_refused_and_the_installation_stays_empty(
    company: Company, settings: Settings, elsewhere: Settings, tmp_path: Path, damage: str,
) -> None:
    source = tmp_path / "backup.tar"
    backup(company.engine, settings, source)
    if damage == "text":
        source.write_text("not a tar")
    elif damage == "cut":
        os.truncate(source, source.stat().st_size // 2)
    else:
        with tarfile.open(source, "w") as tar:
            name = "manifest.json" if damage == "newer" else "readme.txt"
            (tmp_path / name).write_text(json.dumps({"format": 1, "revision": "9999", "database": company.engine.dialect.name}))
            tar.add(tmp_path / name, name)
    engine = make_engine(elsewhere.database_url)
    with pytest.raises(BadRequest):
        restore(engine, elsewhere, source)
    restored = not damage.startswith("x")
    with engine.connect() as connection:
        left = [] if not restored else list(_tables(connection))
    assert left == []
    engine.dispose()


def _tables(connection: object) -> Iterator[str]:
    from sqlalchemy import inspect

    yield from (name for name in inspect(connection).get_table_names() if name != "alembic_version")


def test_a_folder_that_cannot_be_written_is_a_sentence(company: Company, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="cannot be written"):
        backup(company.engine, settings, tmp_path / "missing" / "backup.tar")
