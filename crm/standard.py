"""What a new company begins with: built-in roles, the standard pipeline, picklists. Afterwards all of it is the company's own."""

from pathlib import Path

from sqlalchemy import select

from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.apply import Applied, apply
from crm.backoffice.lowcode.document import Document, merge, read
from crm.organization.models import Role

HERE = Path(__file__).resolve().parent
AREAS = ("organization", "contacts", "sales")


def standard(catalog: Catalog) -> Document:
    """The standard configuration of every area."""
    return merge(read((HERE / area / "standard.yaml").read_bytes(), catalog) for area in AREAS)


def install_standard(session: SystemSession) -> Applied | None:
    """Give a new company its standard configuration; None when it has roles already. The caller commits and builds a new catalog."""
    if session.execute(select(Role.id).limit(1)).first() is not None:
        return None
    return apply(session, standard(session.catalog))
