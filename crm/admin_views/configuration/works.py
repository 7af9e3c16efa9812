"""Work that a publishing has left to the worker: what is being filled for records that stood, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template
from werkzeug.wrappers import Response

from crm.admin_views.configuration.door import configurer
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice import journal
from crm.backoffice.computed_state import Filling
from crm.backoffice.filling import share, under_way
from crm.backoffice.lowcode.copying import stop, told
from crm.errors import NotFound
from crm.messages import m, render, thaw
from crm.rights.configuring import working

pages = Blueprint("configuration_works", __name__, url_prefix="/configuration/under-way")


@dataclass(frozen=True)
class Line:
    """One work: what it is, and how much of it is done as a fraction of 1; `number` of one that can be stopped, `failed` with why."""

    text: str
    share: float
    number: int = 0
    failed: str = ""


@pages.get("/")
def index() -> str:
    """The part of a page that tells of it; it asks for itself as long as there is something to tell."""
    configurer()
    return render_template("admin/configuration/works.html", works=lines())


def lines() -> list[Line]:
    """What goes on among what one may configure."""
    session, access = context.session(), context.access()
    filling = [Line(_words(one), share(one.seen, one.total)) for one in under_way(session).values() if access.configures(one.entity)]
    return [*(_converting(one) for one in _mine()), *filling]


@pages.post("/<int(min=1, max=2147483647):number>/stop")
def stop_one(number: int) -> Response:
    """Give a conversion up, or forget one that has failed."""
    configurer()
    if all(one["id"] != number for one in _mine()):
        raise NotFound(m("There is no such page."))
    here = context.runtime()
    with working(here.engine, context.catalog(), context.access().user_id, write=True) as session:
        stop(session, number)
        journal.event(session, "configure", changes={"conversion": [number, None]})
        session.commit()
    flash(say(m("It is stopped: the configuration stays as it is.")), "success")
    return redirect("/configuration/all-versions/", 303)


def _mine() -> list[Mapping[Any, Any]]:
    """The conversions of what one may configure."""
    access, here = context.access(), context.runtime()
    with working(here.engine, context.catalog(), access.user_id, write=False) as session:
        return [one for one in told(session) if all(access.configures(field["entity"]) for field in one["fields"])]


def _converting(one: Mapping[Any, Any]) -> Line:
    entities, language = context.catalog().entities, context.reader().language
    known = ((entities.get(field["entity"]), field["key"]) for field in one["fields"])
    names = (f"{kind.plural.text(language)}: {kind.fields[key].label.text(language)}" if kind and key in kind.fields else key for kind, key in known)
    text = say(m("%(fields)s – values are copied into another type; the change comes into force when that is done", fields="; ".join(names)))
    why = render(thaw(one["error"]), language) if one["error"] else ""
    return Line(text, share(one["seen"], one["total"]), one["id"], why)


def _words(filling: Filling) -> str:
    kind, language = context.catalog().entities[filling.entity], context.reader().language
    names = (spec.label.text(language) for spec in kind.fields.values() if spec.attribute in filling.columns)
    return say(m("“%(entity)s”: %(fields)s – being worked out for records that stood", entity=kind.plural, fields=", ".join(names)))
