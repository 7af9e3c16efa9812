"""Files for imports, and imports in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm.backoffice import lists
from crm.backoffice.catalog import load_catalog
from crm.backoffice.exchange.export import export
from crm.backoffice.exchange.mapping import Mapping, load_mapping
from crm.backoffice.exchange.report import Report
from crm.backoffice.exchange.order import Order
from crm.backoffice.exchange.run import run_import
from crm.backoffice.guard import DataSession, system_session, user_session
from crm.permissions import access_for
from tests.company import Company


class Desk:
    """Where somebody imports and exports."""

    def __init__(self, company: Company, folder: Path) -> None:
        self.company, self.folder = company, folder

    def open(self, user_id: int | None = None) -> Callable[[Any, bool], DataSession]:
        engine = self.company.engine
        if user_id is None:
            return lambda catalog, write: system_session(engine, "test", catalog, write=write, source="import")
        return lambda catalog, write: user_session(engine, access_for(engine, user_id, catalog), catalog, write=write, source="import")

    def file(self, content: str | bytes, name: str = "rows.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(
        self, entity: str, content: str | bytes | Path, mapping: str = "", *, who: int | None = None, name: str = "rows.csv", given: Mapping | None = None,
        **options: Any,
    ) -> Report:
        path = content if isinstance(content, Path) else self.file(content, name)
        order = Order(entity, path, given or (load_mapping(mapping) if mapping else Mapping()), self.folder / "errors", **options)
        self.company.catalog = load_catalog(self.company.engine)
        return run_import(self.company.engine, self.open(who), self.company.catalog, order)

    def rows(self, entity: str, *fields: str, who: int | None = None) -> list[tuple[Any, ...]]:
        """Every record as texts of these fields, in the order of their numbers."""
        with self.open(who)(load_catalog(self.company.engine), True) as session:
            found = []
            for view in lists.stream(session, lists.ListQuery(entity, fields, sort=(("id", False),)), refs="code"):
                found.append(tuple(v.text if isinstance(v, lists.Ref) else v for v in (view.values[f] for f in fields)))
            return found

    def export(self, entity: str, form: str = "csv", *fields: str, who: int | None = None) -> bytes:
        with self.open(who)(load_catalog(self.company.engine), True) as session:
            query = lists.parse_query(session, entity, {})
            return b"".join(export(session, query, fields or None, form))


@pytest.fixture
def desk(company: Company, tmp_path: Path) -> Desk:
    return Desk(company, tmp_path)
