"""Tells who works on an open deal that a rival has entered it, or that a talk about it names a competitor: each in his own session and by his rights of
now, so that nobody hears of what he would not see where the notice leads.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Engine, func, select

from crm.backoffice import notices
from crm.backoffice.catalog import Catalog
from crm.backoffice.conditions.tree import All, Leaf
from crm.backoffice.guard import DataSession, system_session, user_session
from crm.errors import NotFound, UnknownName
from crm.letters.sending import delivers
from crm.messages import Message, m, mn
from crm.permissions import access_for
from crm.runtime import Runtime
from crm.sales.rivals.entering import ENTERED, NAMED, working_on

Told = tuple[Message, str]  # the sentence, and where it leads
Look = Callable[[DataSession, Mapping[str, Any]], Told | None]


def init_app(app: Flask) -> None:
    """Lets the outbox deliver both kinds of news."""
    for topic, look in ((ENTERED, entered), (NAMED, named)):
        delivers(app, topic, partial(deliver, look))


def deliver(look: Look, payload: Mapping[str, Any]) -> None:
    """Through the application that delivers now."""
    runtime: Runtime = current_app.extensions["brama"]
    tell(runtime.engine, runtime.refresh(), look, payload)


def tell(engine: Engine, catalog: Catalog, look: Look, payload: Mapping[str, Any]) -> None:
    """Everybody who works on the deal but whoever did it; all are told in one transaction, so that a repetition after a fault tells nobody twice."""
    with system_session(engine, "who works on a deal", catalog, source="job") as session:
        people = [person for person in working_on(session, payload["deal"]) if person != payload["by"]]
    found: list[tuple[int, Told]] = []
    for person in people:
        try:
            access = access_for(engine, person, catalog)
        except NotFound:
            continue
        with user_session(engine, access, catalog, source="job") as own:
            try:
                told = look(own, payload)
            except UnknownName:  # something that the notice would speak of is hidden from him
                continue
        if told is not None:
            found.append((person, told))
    if found:
        with system_session(engine, "news of rivals", catalog, write=True, source="job") as session:
            for person, (sentence, url) in found:
                notices.tell(session, person, sentence, url)
            session.commit()


def entered(own: DataSession, payload: Mapping[str, Any]) -> Told | None:
    """Of the rivals those that this reader sees, while their deal is open. Raises UnknownName."""
    rivals, deals = own.table("deal_competitor"), own.table("deal")
    joined = rivals.table.join(deals.table, (deals.id == rivals["deal"]) & deals.visible)
    seen = select(func.count(rivals["competitor"])).select_from(joined).where(
        rivals.visible, rivals.id.in_(payload["rivals"]), deals.id == payload["deal"], deals["stage"].in_(own.catalog.stages("open")),
    )
    number = own.execute(seen).scalar_one()
    if not number:
        return None
    sentence = mn("A rival has entered a deal that you work on", "%(num)s rivals have entered a deal that you work on", number)
    return sentence, f"/deal/{payload['deal']}/?tab=rivals"


def named(own: DataSession, payload: Mapping[str, Any]) -> Told | None:
    """Of a talk that this reader sees, where it names somebody who, as far as he sees, is no rival in the deal. Raises UnknownName."""
    known: set[int] = set()
    if {"deal", "competitor"} <= set(own.sight.filterable("deal_competitor")):
        rivals = own.table("deal_competitor")
        known = set(own.execute(select(rivals["competitor"]).where(rivals.visible, rivals["deal"] == payload["deal"])).scalars())
    new = [one for one in payload["competitors"] if one not in known]
    talks, deals = own.table("interaction"), own.table("deal")
    joined = talks.table.join(deals.table, (deals.id == talks["deal"]) & deals.visible)
    still = talks.where(All((Leaf(("id",), "eq", payload["interaction"]), Leaf(("competitors",), "in", new))))
    seen = select(talks.id).select_from(joined).where(
        talks.visible, still, deals.id == payload["deal"], deals["stage"].in_(own.catalog.stages("open")),
    )
    if not new or own.execute(seen).first() is None:
        return None
    return m("A talk about a deal that you work on names a competitor who is no rival in it yet"), f"/interaction/{payload['interaction']}/"
