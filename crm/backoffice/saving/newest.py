"""The configuration in force at the moment of a save, which may be newer than the one that the saver began with.

Whoever changes the configuration first gets the tables alone that the change is about, so whoever wrote into them before has ended by then; who writes
afterwards asks here. So nobody's rows are missed by what is made over them.
"""

from crm.backoffice import versions
from crm.backoffice.catalog import Catalog, load_catalog, read_catalog
from crm.backoffice.entities import Entity
from crm.backoffice.guard import STAMP, DataSession, SystemSession

KEPT = "brama_newest"


def newest(session: DataSession, kind: Entity) -> Catalog:
    """The session's own catalog as long as it is in force; asked after rows of `kind` were written. It is one query of one row."""
    if kind.declared.configuration:  # these make versions themselves
        return session.catalog
    version = versions.in_force(session)
    if version == session.catalog.version:
        return session.catalog
    known: Catalog | None = session.info.get(KEPT)
    if known is None or known.version != version:
        known = session.info[KEPT] = _read(session)
    return known


def _read(session: DataSession) -> Catalog:
    if isinstance(session, SystemSession):
        return read_catalog(session.connection())
    engine = session.get_bind().engine
    return load_catalog(engine.execution_options(**{STAMP: None, "writer": False}))
