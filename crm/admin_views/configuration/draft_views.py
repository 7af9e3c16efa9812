"""`/configuration/draft/…`: what one has kept and not published, thrown away or published as one version."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, flash, redirect, request
from flask_babel import ngettext

from crm.admin_views.configuration.beside import base, moment
from crm.admin_views.configuration.door import configurer, own
from crm.admin_views.configuration.publishing import Answer, Subject, refused_page, steps
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.backoffice.lowcode.drafts import Draft, stamp
from crm.errors import BadRequest, NotFound
from crm.messages import m
from crm.rights.configuration_drafts import kept, throw_away
from crm.rights.configuring import of_pieces

pages = Blueprint("configuration_draft", __name__, url_prefix="/configuration/draft")
HOME = "/configuration/"


@dataclass(frozen=True)
class Line:
    """A kept change: where its form is and what was typed there, since when it is kept, whether newer versions are in force."""

    id: int
    title: str
    at: str
    page: str
    typed: list[tuple[str, str]]
    older: bool
    kind: str = ""  # the key of a kind of records that it makes


def lines() -> list[Line]:
    """The kept changes of whoever asks."""
    catalog, me = context.catalog(), context.access().user_id
    return told(kept(context.runtime().engine, catalog, me))


def told(some: Sequence[Draft]) -> list[Line]:
    """Kept changes as lines; going on with one takes its place."""
    kinds, version = own().kinds, context.catalog().version
    return [
        Line(one.id, one.title, moment(one.kept_at), one.page, _again(one), one.base < version,
             next((key for key in one.said.get("entities", {}) if key in kinds), ""))
        for one in some
    ]


def _again(one: Draft) -> list[tuple[str, str]]:
    """What was typed, and that it takes the place of this draft when it is kept."""
    return [*((name, value) for name, value in one.typed if name != "draft"), ("draft", str(one.id))] if one.typed else []


@pages.post("/publish")
def publish_all() -> Answer:
    """Plan or publish all that one has kept."""
    configurer()
    catalog, me = context.catalog(), context.access().user_id
    found = kept(context.runtime().engine, catalog, me)
    if not found:
        raise NotFound(m("There is nothing in your draft."))
    seen = base() if "base" in request.form else 0
    subject = Subject(say(m("Your draft")), HOME, say(m("Data set-up")), HOME)
    making = of_pieces([(one.said, max(one.base, seen)) for one in found])
    return steps(making, partial(refused_page, subject), subject, *(one.said for one in found), stamp=stamp(found))


@pages.post("/throw-away")
def forget() -> Answer:
    """Forget the chosen kept changes (`id`, several). Those of others are as if they were none."""
    configurer()
    ids = request.form.getlist("id")
    if not ids or len(ids) > 500 or not all(one.isascii() and one.isdecimal() and len(one) < 10 for one in ids):
        raise BadRequest(m("Say which of the kept changes are meant."))
    number = throw_away(context.runtime().engine, context.catalog(), context.access().user_id, map(int, ids))
    if not number:
        raise NotFound(m("There is nothing in your draft."))
    flash(ngettext("%(num)s kept change is thrown away", "%(num)s kept changes are thrown away", number), "success")
    return redirect(HOME, 303)
