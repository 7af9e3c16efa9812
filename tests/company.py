"""A company to test with: its engine, its catalog, sessions in anybody's name, and people with given roles."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import Engine, insert

import crm.models
from crm.backoffice import records
from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog, load_catalog
from crm.backoffice.configuration import CompanySettings
from crm.backoffice.guard import SystemSession, UserSession, system_session, user_session
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw
from crm.organization.founding import give_role
from crm.permissions import access_for
from crm.serving.schema import upgrade
from crm.standard import install_standard

assert crm.models
ZONE = "Europe/Kyiv"


def build(engine: Engine) -> None:
    """Migrate an empty database and give it the standard configuration."""
    upgrade(engine.url.render_as_string(hide_password=False))
    with engine.execution_options(writer=True).begin() as connection:
        connection.execute(insert(CompanySettings.__table__), {"name": "Брама", "currency": "UAH", "time_zone": ZONE, "language": "uk"})
    with system_session(engine, "test", load_catalog(engine), write=True) as session:
        install_standard(session)
        session.commit()


def today() -> date:
    """The day in the company of every test; asked when it is needed, for a run may begin before midnight and end after it."""
    return datetime.now(ZoneInfo(ZONE)).date()


class Company:
    """One installation under test."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.catalog: Catalog = load_catalog(engine)

    def system(self, *, write: bool = True, source: str = "test") -> SystemSession:
        return system_session(self.engine, "test", self.catalog, write=write, source=source)

    def make(self, entity: str, *rows: Mapping[str, Any], source: str = "test") -> list[int]:
        """New records in the system's name; their numbers."""
        with self.system(source=source) as session:
            made = records.create_many(session, entity, rows)
            session.commit()
        return made

    def configure(self, text: str) -> None:
        """Put a configuration in force, as `flask config apply` does."""
        with self.system() as session:
            apply(session, from_raw(yaml.safe_load(text), self.catalog))
            session.commit()
        self.catalog = load_catalog(self.engine)

    def person(self, *roles: str, **values: Any) -> int:
        """A new person who holds `roles`; his number."""
        with self.system() as session:
            user_id = records.create(session, "user", {"name": "Особа", **values})
            for role in roles:
                give_role(session, user_id, role)
            session.commit()
        return user_id

    def role(self, key: str, *rules: Mapping[str, Any]) -> str:
        """A role made of rules as they stand in a configuration file; its key."""
        with self.system() as session:
            apply(session, from_raw({"roles": {key: {"label": {"uk": key, "en": key}, "rules": list(rules)}}}, self.catalog))
            session.commit()
        self.catalog = load_catalog(self.engine)
        return key

    def access(self, user_id: int) -> Access:
        return access_for(self.engine, user_id, self.catalog)

    def session(self, user_id: int, *, write: bool = True) -> UserSession:
        """A session with the rights of a person as they are now."""
        return user_session(self.engine, self.access(user_id), self.catalog, write=write)

    def option(self, picklist: str, key: str) -> int:
        found = self.catalog.picklists[picklist].by_key(key)
        assert found is not None, key
        return found.id

    def stage(self, key: str, pipeline: str = "sales") -> int:
        return next(s.id for s in self.catalog.configured["stage"].values() if s.code == f"{pipeline}.{key}")
