"""Reports kept, renamed, starred, shared and forgotten. What is one's own is written in one's own session; shared reports are configuration, and a
version of it each time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import flash, redirect, request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.sharing import may_share, put_in_force, roles_known, shared_with
from crm.admin_views.report_asking import Asking, of_query
from crm.backoffice.guard import UserSession
from crm.backoffice.kept_reports import asks, shelf
from crm.backoffice.kept_reports.shared import SharedReport
from crm.backoffice.kept_reports.shelf import LONGEST_NAME, KeptReport
from crm.backoffice.lowcode.document import Document
from crm.backoffice.reports import described, find
from crm.backoffice.views.shared import free_key
from crm.errors import Forbidden
from crm.messages import Label, Message, m

SHARE = "shared reports"


@dataclass(frozen=True)
class Keeping:
    """What the screen of a report says of keeping it. `query` is what would be kept."""

    query: str
    kept: KeptReport | None
    name: str
    changed: bool
    can_share: bool
    builder: str  # where what it asks is put together, "" for a report that is not


@dataclass(frozen=True)
class Line:
    """A kept report in the list of them."""

    url: str
    label: str
    about: str
    icon: str
    starred: bool
    own: bool


def keeping(session: UserSession, asked: Asking) -> Keeping:
    name = asked.kept.label.text(context.reader().language) if asked.kept is not None else ""
    builder = asked.address("/reports/new/", {}) if asked.report.shape is not None else ""
    return Keeping(asked.address("", {"kept": ""}).removeprefix("?"), asked.kept, name, asked.changed, may_share(session), builder)


def lines(session: UserSession, kept: Iterable[KeptReport]) -> list[Line]:
    """Kept reports as they are listed: name, and of what they are."""
    language, found = context.reader().language, []
    for one in kept:
        report = find(one.report)
        about = session.catalog.entity(one.entity).plural if report.shape is not None else report.label
        icon = session.sight.layout(one.entity).icon if report.shape is not None else report.icon
        found.append(Line(address(one), one.label.text(language), about.text(language), icon, one.starred, one.own))
    return found


def address(kept: KeptReport) -> str:
    """Where a kept report is opened."""
    return f"/report/{kept.report}?kept={quote(kept.name)}"


def keep() -> BaseResponse:
    """POST `name`, `report`, `query` (of the report's address): a new own report; leads to it. Raises Invalid, NotFound, BadRequest, Forbidden."""
    session, form = context.session(), request.form
    report, said, chart = _said(session, form.get("report", ""))
    number = shelf.keep(session, form.get("name", ""), report, said, chart)
    session.commit()
    flash(say(m("The report is kept.")), "success")
    return redirect(f"/report/{report}?kept={number}", 303)


def change(name: str) -> BaseResponse:
    """POST `name`, `query`, `starred` (1 or 0): what is given is changed. Raises NotFound, Forbidden, Invalid, BadRequest, UnknownName."""
    session, form = context.session(), request.form
    kept = shelf.named(session, name)
    if not kept.own and "name" in form:
        raise Forbidden()
    if "query" in form:
        _, said, chart = _said(session, kept.report)
        if not kept.own:
            return _share_again(session, kept, said, chart)
        shelf.change(session, kept, name=form.get("name"), asks=said, chart=chart)
    elif "name" in form:
        shelf.change(session, kept, name=form["name"])
    if "starred" in form:
        shelf.star(session, kept, form["starred"] == "1")
    session.commit()
    return _back(address(kept), m("Saved"))


def remove(name: str) -> BaseResponse:
    """POST: forget an own report; take a shared one away from all. Raises NotFound, Forbidden."""
    session = context.session()
    kept = shelf.named(session, name)
    if kept.own:
        shelf.remove(session, kept)
        session.commit()
        return _back("/report/", m("The report is removed."))
    if not may_share(session):
        raise Forbidden()
    put_in_force(session, Document(removed=(("report", kept.entity, kept.name),)), SHARE)
    return _back("/report/", m("The report is removed for all."))


def share(name: str) -> tuple[dict[str, Any], int] | BaseResponse:
    """GET: what the page that asks to whom shows. POST `label_uk`, `label_en`, `roles`: shared so; an own report becomes a shared one."""
    session, form = context.session(), request.form
    if not may_share(session):
        raise Forbidden()
    kept = shelf.named(session, name)
    if request.method == "GET":
        return _asks_whom(session, kept, {}, MultiDict()), 200
    label = Label(*(" ".join(form.get(key, "").replace("\0", "").split())[:LONGEST_NAME] for key in ("label_uk", "label_en")))
    if not any(label):
        return _asks_whom(session, kept, {"label_uk": say(m("Give the report a name."))}, form), 422
    label = Label(label.uk or label.en, label.en or label.uk)
    known = session.catalog.reports
    roles = shared_with(session, known[kept.name].roles if not kept.own else ())
    key = free_key(known, label, "report") if kept.own else kept.name
    said = portable(session, kept) if kept.own else dict(known[key].asks)
    put_in_force(session, Document(reports=(SharedReport(key, label, kept.report, said, kept.chart, roles),)), SHARE)
    if kept.own:
        again = context.session()
        shelf.hand_over(again, kept, key)
        again.commit()
    return _back(f"/report/{kept.report}?kept={quote(key)}", m("The report is shared."))


def portable(session: UserSession, kept: KeptReport) -> dict[str, Any]:
    """What it asks, records named by their codes and not by the numbers that they have here."""
    found, parameters = dict(kept.asks), described(find(kept.report).params)
    for name, text in kept.asks.items():
        entity = parameters[name].entity if name in parameters else ""
        if entity and str(text).startswith("id:"):
            found[name] = _code(session, entity, str(text)) or text
    return found


def _code(session: UserSession, entity: str, text: str) -> str | None:
    if "code" not in session.sight.filterable(entity):
        return None
    source = session.table(entity)
    code: str | None = session.scalar(select(source["code"]).where(source.visible, source.id == int(text.removeprefix("id:"))))
    return code


def _said(session: UserSession, name: str) -> tuple[str, dict[str, Any], str]:
    """The report, what the posted `query` asks of it, and its chart."""
    report = find(name)
    words, chart = of_query(report, session, request.form.get("query", ""))
    return report.name, asks.of_words(session, report, words), chart


def _share_again(session: UserSession, kept: KeptReport, said: Mapping[str, Any], chart: str) -> BaseResponse:
    """A shared report asks something else from now on."""
    if not may_share(session):
        raise Forbidden()
    old = session.catalog.reports[kept.name]
    put_in_force(session, Document(reports=(SharedReport(old.key, old.label, old.report, dict(said), chart, old.roles),)), SHARE)
    return _back(address(kept), m("The report is saved for all."))


def _asks_whom(session: UserSession, kept: KeptReport, errors: dict[str, str], typed: "MultiDict[str, str]") -> dict[str, Any]:
    shared = session.catalog.reports.get(kept.name) if not kept.own else None
    chosen = typed.getlist("roles") if typed else list(shared.roles if shared is not None else ())
    labels = {f"label_{language}": typed.get(f"label_{language}", getattr(kept.label, language)) for language in ("uk", "en")}
    return {
        "errors": errors, "labels": labels, "roles": roles_known(session), "chosen": chosen, "longest": LONGEST_NAME, "shared": shared is not None,
        "name": kept.label.text(context.reader().language), "back": address(kept),
    }


def _back(url: str, message: Message) -> BaseResponse:
    flash(say(message), "success")
    return redirect(url, 303)
