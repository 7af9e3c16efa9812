"""One running installation: its settings, its engine, and the catalog of its configuration as it stands now."""

from threading import Lock

from sqlalchemy import Engine

from config import Settings
from crm.backoffice.catalog import Catalog, load_catalog, stored_version


class Runtime:
    """Shared by all threads of a process. `catalog` follows the stored configuration: another worker's change is seen at the next request."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self._lock = Lock()
        self._catalog: Catalog | None = None

    @property
    def catalog(self) -> Catalog:
        """The catalog last built, built first when there is none. Costs no query otherwise; `refresh` looks for a newer one."""
        return self._catalog or self.refresh()

    def refresh(self) -> Catalog:
        """The catalog of the stored configuration version: one query of one row, and a rebuild by one thread when it has changed."""
        version = stored_version(self.engine)
        known = self._catalog
        if known is not None and known.version == version:
            return known
        with self._lock:
            known = self._catalog
            if known is None or known.version != version:
                known = self._catalog = load_catalog(self.engine)
            return known
