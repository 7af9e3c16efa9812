"""The form that opens a review: what is looked at, until when, and by whom."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast

from flask import render_template, request

from crm.admin_views.kit import lookup
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.form_fields import number_of
from crm.admin_views.rights.roles_list import roles
from crm.backoffice.guard import UserSession
from crm.messages import Message
from crm.rights.reviews.assigning import MODES, Mode, Reviewers
from crm.rights.reviews.opening import NAME, Asked
from crm.rights.reviews.scope import KINDS, Kind, Scope

USUAL = timedelta(days=14)  # to decide in


def page(session: UserSession, problems: Mapping[str, Message]) -> str:
    """The form, empty or as it was typed."""
    given = request.form
    picked: dict[str, tuple[int, str]] = {}
    for key, kind in (("department", "department"), ("first", "user"), ("second", "user")):
        number = number_of(given.get(key, ""))
        if number is not None and (name := lookup.titles(session, session.catalog.entity(kind), [number]).get(number)) is not None:
            picked[key] = (number, name)
    return render_template(
        "admin/access_review/new.html", errors={key: say(why) for key, why in problems.items()}, name=given.get("name", ""), name_limit=NAME,
        kind=given.get("kind", KINDS[0]), mode=given.get("mode", MODES[0]), picked=picked, roles=roles(session), chosen_roles=set(given.getlist("roles")),
        deadline=given.get("deadline", str(session.reader.today + USUAL)), today=str(session.reader.today),
    )


def posted(session: UserSession) -> Asked:
    """What the form says; records that this person does not see are as none."""
    given = request.form
    kind = cast(Kind, given["kind"] if given.get("kind") in KINDS else KINDS[0])
    mode = cast(Mode, given["mode"] if given.get("mode") in MODES else MODES[0])
    numbers: dict[str, list[int]] = {
        "department": _numbers(given.getlist("department")), "roles": _numbers(given.getlist("roles")),
        "named": _numbers([given.get("first", ""), given.get("second", "")]),
    }
    known: dict[str, Any] = {
        "department": lookup.titles(session, session.catalog.entity("department"), numbers["department"]),
        "roles": lookup.titles(session, session.catalog.entity("role"), numbers["roles"]),
        "named": lookup.titles(session, session.catalog.entity("user"), numbers["named"]),
    }
    seen = {key: tuple(n for n in dict.fromkeys(wanted) if n in known[key]) for key, wanted in numbers.items()}
    scope = Scope(kind, () if kind == "all" else seen[kind])
    return Asked(" ".join(given.get("name", "").replace("\0", " ").split()), scope, day_of(given.get("deadline", "")), Reviewers(mode, seen["named"]))


def day_of(text: str) -> date | None:
    """A day as a browser posts it."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _numbers(texts: list[str]) -> list[int]:
    return [n for n in (number_of(text) for text in texts) if n is not None]
