"""Whoever may decide on the discount of a quote hears that it waits for him: asked for in the outbox, told by his rights of then."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from flask import Flask, current_app
from sqlalchemy import select, true

from crm.backoffice import notices
from crm.backoffice.access import Access
from crm.backoffice.catalog import Catalog
from crm.backoffice.guard import system_session, user_session
from crm.backoffice.parts import in_parts
from crm.backoffice.sight import Sight
from crm.letters.sending import delivers
from crm.messages import m
from crm.organization.models import Department, User
from crm.permissions import accesses
from crm.runtime import Runtime
from crm.sales.quotes.counting import QUOTE
from crm.sales.quotes.course import WAITING, decides, may_decide, state
from crm.sales.quotes.rules import ASKING

USER, DEPARTMENT = User.__table__, Department.__table__
MOST = 20  # people who are told where nobody stands above the owner


def init_app(app: Flask) -> None:
    """Lets the outbox tell through this application."""
    delivers(app, ASKING, tell)


def tell(payload: Mapping[str, Any]) -> None:
    """The manager of the quote's owner and the head of his department, where they may decide; else whoever may, the first twenty. Nobody when the
    quote does not wait any more, and never one of its makers."""
    runtime: Runtime = current_app.extensions["brama"]
    catalog, quote = runtime.refresh(), int(payload["quote"])
    with system_session(runtime.engine, "who is to approve a quote", catalog, source="job") as session:
        whose = session.kernel(select(QUOTE).where(QUOTE.c.id == quote, QUOTE.c.deleted_at.is_(None))).mappings().first()
        if whose is None or whose["state_id"] != state(session, WAITING):
            return
        makers = {whose[f"{key}_id"] for key in ("owner", "author", "asked_by", "created_by")}
        heads = (
            select(DEPARTMENT.c.head_id).join(USER, USER.c.department_id == DEPARTMENT.c.id).where(USER.c.id == whose["owner_id"])
            .union(select(USER.c.manager_id).where(USER.c.id == whose["owner_id"]))
        )
        nearest = set(session.kernel(heads).scalars()) - makers - {None}
        others = set(session.kernel(select(USER.c.id).where(USER.c.active.is_(true()), USER.c.deleted_at.is_(None))).scalars()) - makers - nearest
    for people, most in ((nearest, len(nearest)), (others, MOST)):
        deciding = (access.user_id for access in _deciding(runtime, catalog, sorted(people)) if _may(runtime, catalog, access, quote))
        told = list(islice(deciding, most))
        if told:
            break
    else:
        return
    # All in one transaction: what is done again after a fault tells nobody twice.
    with system_session(runtime.engine, "a quote waits", catalog, write=True, source="job") as session:
        for person in told:
            notices.tell(session, person, m("A quote waits for your approval."), f"/quote/{quote}/")
        session.commit()


def _deciding(runtime: Runtime, catalog: Catalog, people: list[int]) -> Iterator[Access]:
    """Those whose rights let them decide on some quote."""
    for part in in_parts(people):
        for access in accesses(runtime.engine, part, catalog):
            if decides(Sight(access, catalog, catalog.reader())):
                yield access


def _may(runtime: Runtime, catalog: Catalog, access: Access, quote: int) -> bool:
    """Whether this person may decide on this quote."""
    with user_session(runtime.engine, access, catalog, source="job") as own:
        return may_decide(own, quote)
