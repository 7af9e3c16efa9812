"""One running installation: its settings, its engine, and the catalog of its configuration as it stands now."""

from functools import cached_property
from threading import Lock

from flask import Flask, request
from flask_login import current_user
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import OperationalError, ProgrammingError

from config import Settings
from crm import models
from crm.backoffice.catalog import Catalog, load_catalog, version_in_force
from crm.backoffice.configuration import ConfigVersion
from crm.backoffice.pieces import forget_joins
from crm.backoffice.vault import Vault
from crm.errors import BramaError
from crm.messages import m

WITHOUT_CONFIGURATION = frozenset({"static", "health"})
REGISTRY = models  # a catalog knows every mapped class, so they must be imported before the first is built


class NotSetUp(BramaError):
    """The database has no tables yet."""

    code = "not_set_up"
    status = 503


class Runtime:
    """Shared by all threads of a process. `catalog` follows the stored configuration: another worker's change is seen at the next request."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self._lock = Lock()
        self._catalog: Catalog | None = None

    @cached_property
    def vault(self) -> Vault:
        """What seals secrets in the database."""
        return Vault(self.settings.secret_key)

    @property
    def catalog(self) -> Catalog:
        """The catalog last built, built first when there is none. Costs no query otherwise; `refresh` looks for a newer one."""
        return self._catalog or self.refresh()

    def refresh(self) -> Catalog:
        """The catalog of the stored configuration version: one query of one row, and a rebuild by one thread when it has changed.

        Raises NotSetUp when the database has not been migrated.
        """
        return self.follow(self._stored_version())

    def follow(self, version: int) -> Catalog:
        """The same where the stored version has just been read."""
        known = self._catalog
        if known is not None and known.version == version:
            return known
        with self._lock:
            known = self._catalog
            if known is None or known.version != version:
                before, known = known, load_catalog(self.engine)
                self._catalog = known
                if before is not None and before.made != known.made:
                    # Statements over tables of before are made no more, and each holds its tables.
                    self.engine.clear_compiled_cache()
                    forget_joins()
            return known

    def _stored_version(self) -> int:
        with self.engine.connect() as connection:
            try:
                return version_in_force(connection)
            except (OperationalError, ProgrammingError):
                connection.rollback()
                if inspect(connection).has_table(ConfigVersion.__tablename__):
                    raise
        raise NotSetUp(m("The database is not set up yet: run “make run” or “flask init”."))

    def init_app(self, app: Flask) -> None:
        """Looks for a newer configuration before every request that shows records."""

        @app.before_request
        def follow_configuration() -> None:
            # Whoever is signed in was found together with the version.
            if request.endpoint not in WITHOUT_CONFIGURATION and not current_user.is_authenticated:
                self.refresh()
