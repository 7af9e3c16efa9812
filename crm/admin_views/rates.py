"""`/rates/`: the newest rate of every currency, and a file of the National Bank to load."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from babel.dates import format_date
from flask import flash, redirect, request
from sqlalchemy import and_, func, select
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.gate import OwnPage
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.routing import route
from crm.backoffice.guard import UserSession
from crm.backoffice.money import currency_names
from crm.backoffice.rates import ENTITY
from crm.errors import BramaError, Forbidden
from crm.messages import Message, m, mn
from crm.organization.rates.loading import Loaded, load
from crm.organization.rates.nbu import LARGEST, read


@dataclass(frozen=True)
class Line:
    """The newest rate of a currency."""

    currency: str
    name: str
    day: str
    rate: str
    url: str
    all_url: str


class RatesView(OwnPage):
    """The page, and its form."""

    at = "rates"

    @route("/")
    def index(self) -> str:
        return self._page(_reading())

    @route("/", "POST")
    def bring(self) -> Any:
        """Load the rates of `file`, of the currencies `only` when some are named; a file that is wrong is answered on the page, and nothing is written."""
        session = _reading()
        if not session.sight.may(ENTITY, "create"):
            raise Forbidden()
        given, only = request.files.get("file"), request.form.get("only", "")
        if given is None or not given.filename:
            return self._page(session, m("Choose a file."), only), 422
        try:
            done = load(session, read(given.stream.read(LARGEST + 1)), {code.strip().upper() for code in only.split(",") if code.strip()})
        except Forbidden:
            raise
        except BramaError as refused:
            session.rollback()
            return self._page(session, refused.message, only), 422
        batch = session.batch
        session.commit()
        for told in _told(done):
            flash(say(told), f"success undo=/undo/{batch}" if done.created + done.updated else "success")
        return _back()

    def _page(self, session: UserSession, fault: Message | None = None, only: str = "") -> str:
        return str(self.render(
            "admin/rates.html", lines=_lines(session), can_add=session.sight.may(ENTITY, "create"), base=session.catalog.company.currency,
            fault=say(fault) if fault is not None else "", only=only[:400],
        ))


def _reading() -> UserSession:
    session = context.session()
    if not session.sight.may(ENTITY, "read"):
        raise Forbidden()
    return session


def _back() -> BaseResponse:
    return redirect("/rates/", 303)


def _told(done: Loaded) -> list[Message]:
    """What became of a file, in a sentence or two."""
    changed = done.created + done.updated
    told = [mn("%(num)s rate was written.", "%(num)s rates were written.", changed) if changed else m("All of them are there already.")]
    if done.kept:
        told.append(mn("One rate that a person gave was kept.", "%(num)s rates that people gave were kept.", done.kept))
    if done.unknown:
        told.append(m("Unknown currencies were left out: %(codes)s.", codes=", ".join(done.unknown)))
    return told


def _lines(session: UserSession) -> list[Line]:
    """One a currency, in the order of their codes."""
    every, newest = session.table(ENTITY), session.table(ENTITY)
    last = select(every["currency"].label("currency"), func.max(every["day"]).label("day")).where(every.visible).group_by(every["currency"]).subquery()
    here = and_(newest["currency"] == last.c.currency, newest["day"] == last.c.day)
    columns = newest.id.label("id"), newest["currency"].label("currency"), newest["day"].label("day"), newest["rate"].label("rate")
    rows = session.execute(select(*columns).select_from(newest.table).join(last, here).where(newest.visible).order_by(newest["currency"]))
    reader = context.reader()
    names, show = currency_names(reader.language), session.catalog.entity(ENTITY).fields["rate"].formatter(reader)
    return [
        Line(
            row.currency, names.get(row.currency, ""), str(format_date(row.day, "medium", locale=reader.language)), str(show(row.rate)),
            f"/{ENTITY}/{row.id}/", f"/{ENTITY}/?where=" + quote(f'{{"field":"currency","op":"eq","value":"{row.currency}"}}'),
        )
        for row in rows
    ]
