"""Who comes to the pages of configuration, and to which entity."""

from flask import g

from crm.admin_views.kit import context, lookup
from crm.admin_views.rights.door import reading
from crm.backoffice import lists
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.errors import Forbidden, NotFound
from crm.messages import m
from crm.rights.configuration_drafts import kept
from crm.rights.drafted import Drafted, drafted

MOST_ROLES = 200


def configurer(*, everything: bool = False) -> None:
    """Raises Forbidden for whoever configures nothing; with `everything`, for whoever may not make new entities."""
    access = context.access()
    if not (access.configures() if everything else access.configures_something):
        raise Forbidden()


def entity_of(key: str) -> Entity:
    """An entity that this person may configure. Raises NotFound, alike for one that he may not and one that does not exist."""
    configurer()
    kind = context.catalog().entities.get(key)
    if kind is None or not context.access().configures(key):
        raise NotFound(m("There is no such page."))
    return kind


def own() -> Drafted:
    """What is in force with the kinds of records that whoever asks has only kept."""
    if "drafted" not in g:
        catalog, me = context.catalog(), context.access().user_id
        g.drafted = drafted(catalog, kept(context.runtime().engine, catalog, me))
    found: Drafted = g.drafted
    return found


def catalog_of(kind: Entity) -> Catalog:
    """The catalog in which a kind stands: the one in force, or the one with one's own drafts."""
    known = context.catalog()
    return known if kind.key in known.entities else own().catalog


def kept_entity(key: str) -> Entity:
    """An entity that this person may configure, or one that he has only kept. Raises NotFound."""
    configurer()
    if key in context.catalog().entities or key not in own().kinds or not context.access().configures():
        return entity_of(key)
    return own().catalog.entity(key)


def known_roles() -> dict[str, str]:
    """The names of the roles of which this reader may speak, by code."""
    kind = context.catalog().entity("role")
    with reading() as session:
        if not session.sight.may("role", "read") or "code" not in session.sight.filterable("role"):
            return {}
        columns = tuple(dict.fromkeys(("code", *lookup.title_columns(session, kind))))
        rows = lists.page(session, lists.ListQuery("role", columns, sort=(("code", False),), size=MOST_ROLES)).rows
    return {str(row.values["code"]): lookup.title_of(kind, row.values) or str(row.values["code"]) for row in rows if row.values.get("code")}
