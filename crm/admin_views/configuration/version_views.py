"""`/configuration/all-versions/`: what was changed, by whom, and the way back."""

from dataclasses import dataclass
from functools import partial

from flask import Blueprint, render_template

from crm.admin_views.configuration import works
from crm.admin_views.configuration.door import configurer, known_roles
from crm.admin_views.configuration.plan_words import sentence
from crm.admin_views.configuration.publishing import Answer, Subject, refused_page, steps
from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import done, say
from crm.backoffice.lowcode.made_plan import LOSING
from crm.errors import BadRequest, NotFound
from crm.messages import m
from crm.rights.configuring import Outdated, Unagreed, of_undo, past, planned, publish

pages = Blueprint("configuration_versions", __name__, url_prefix="/configuration/all-versions")
VERSION = "/<int(min=1, max=2147483647):version>/"


@dataclass(frozen=True)
class Line:
    """A version: its number, moment, author (None: not known to the reader, or nobody), and its changes in words."""

    version: int
    at: str
    who: str
    changes: list[str]


@pages.get("/")
def index() -> Answer:
    """The versions that concern what one may configure."""
    configurer()
    session, reader, catalog = context.session(), context.reader(), context.catalog()
    found = past(context.runtime().engine, catalog, context.access())
    people = {one.actor_id for one in found if one.actor_id}
    names = lookup.titles(session, catalog.entity("user"), sorted(people)) if session.sight.may("user", "read") else {}
    roles = known_roles()
    moment, language = catalog.entity("account").fields["created_at"].formatter(reader), reader.language
    lines = [
        Line(one.version, str(moment(one.at)), names.get(one.actor_id or 0, ""), [sentence(c, catalog, catalog, language, roles) for c in one.changes])
        for one in found
    ]
    return render_template("admin/configuration/versions.html", lines=lines, works=works.lines())


@pages.post(VERSION + "undo")
def undo(version: int) -> Answer:
    """Plan or publish what a version changed as it was before."""
    configurer()
    home = "/configuration/all-versions/"
    subject = Subject(say(m("Undo version %(version)s", version=version)), home, say(m("Versions")), home)
    return steps(of_undo(_own(version), everything=context.access().unlimited), partial(refused_page, subject), subject)


@pages.post(VERSION + "take-back")
def take_back(version: int) -> Answer:
    """The same at once, where no value is lost by it: what the message after a publishing offers."""
    configurer()
    engine, catalog, me, making = context.runtime().engine, context.catalog(), context.access().user_id, of_undo(
        _own(version), everything=context.access().unlimited,
    )
    plan = planned(engine, catalog, me, making)
    # Of values that one does not see nothing is told; they stay in the database, so that this too can be undone.
    if any(told and change.records and change.effect in LOSING for change, told in zip(plan.changes, plan.told, strict=True)):
        raise BadRequest(m("Values would be lost by this. Open the versions of the configuration, and undo it there."))
    try:
        applied = publish(engine, catalog, me, making, plan.version, agreed=True)
    except (Outdated, Unagreed):
        raise BadRequest(m("The configuration is changing right now; try again.")) from None
    return done(m("It is as it was before."), version=applied.version)


def _own(version: int) -> int:
    """Raises NotFound for a version that this person is not told of."""
    if not any(one.version == version for one in past(context.runtime().engine, context.catalog(), context.access())):
        raise NotFound(m("There is no such page."))
    return version
