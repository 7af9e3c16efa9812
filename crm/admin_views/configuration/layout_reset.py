"""The standard in the place of a layout, or of all layouts of a role: planned, shown and published like any other change."""

from functools import partial
from typing import Any

from flask import Blueprint, request

from crm.admin_views.configuration.door import configurer, entity_of, known_roles
from crm.admin_views.configuration.layout_views import here, role_asked
from crm.admin_views.configuration.publishing import Answer, Subject, changed, refused_page
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice.layouts import PARTS
from crm.errors import NotFound
from crm.messages import m

pages = Blueprint("configuration_resets", __name__, url_prefix="/configuration")


@pages.post("/<entity>/layout/reset")
def reset(entity: str) -> Answer:
    """Plan or publish the standard in the place of the layout of `?role=`, without it of the one for everybody."""
    kind, role = entity_of(entity), role_asked()
    plural = kind.plural.text(context.reader().language)
    subject = Subject(say(m("Layout of “%(name)s”", name=plural)), here(kind, role), plural, here(kind, role))
    standard: dict[str, Any] = {"roles": {role: None}} if role else dict.fromkeys(PARTS)
    return changed({"layouts": {kind.key: standard}}, partial(refused_page, subject), subject)


@pages.post("/all-layouts/reset")
def reset_all() -> Answer:
    """The same of every layout of the role `?role=` that this person may arrange. `?of=` is the entity from whose page one comes."""
    configurer()
    role, access, catalog = role_asked(), context.access(), context.catalog()
    if not role:
        raise NotFound(m("There is no such page."))
    mine = [key for key, known in catalog.layouts.items() if role in known and access.configures(key)]
    kind = catalog.entities.get(request.args.get("of", ""))
    back = here(kind, role) if kind is not None and access.configures(kind.key) else "/configuration/"
    subject = Subject(say(m("All layouts of the role “%(role)s”", role=known_roles()[role])), back, say(m("Data set-up")), back)
    return changed({"layouts": {key: {"roles": {role: None}} for key in mine}}, partial(refused_page, subject), subject)
