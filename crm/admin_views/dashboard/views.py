"""`/dashboard/`: a panel asked for by the home page, and the screen on which a person arranges his dashboard, gives it to roles and takes theirs."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from flask import flash, make_response, redirect, request
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.dashboard import panels
from crm.admin_views.dashboard.panels import Board, own_dashboard, shown, today_left
from crm.admin_views.dashboard.today import NAMES
from crm.admin_views.gate import OwnPage
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.opened import spelled_out
from crm.admin_views.kit.routing import route
from crm.admin_views.kit.sharing import may_share, put_in_force, roles_known, shared_with
from crm.admin_views.report_asking import asking
from crm.backoffice.dashboards import shelf
from crm.backoffice.dashboards.panels import AS_REPORT, LONGEST_TITLE, WIDTHS, Panel, cleaned, fits
from crm.backoffice.dashboards.shared import SharedDashboard
from crm.backoffice.guard import UserSession
from crm.backoffice.kept_reports import asks
from crm.backoffice.kept_reports.schedules import OWN
from crm.backoffice.lists import parse_query
from crm.backoffice.lowcode.document import Document
from crm.backoffice.reports import find
from crm.backoffice.views import shows
from crm.backoffice.views.shared import free_key
from crm.errors import BadRequest, Forbidden, Invalid, NotFound
from crm.messages import Label, Message, m

SHARE = "dashboards of roles"


class DashboardView(OwnPage):
    """One's own dashboard, and what is done with it."""

    at = "dashboard"

    @route("/")
    def index(self) -> str:
        session = context.session()
        board = shown(session, arranging=True)
        language = session.reader.language
        shared = [(one.key, one.label.text(language), len(one.panels)) for one in session.catalog.dashboards.values()] if may_share(session) else []
        return str(self.render("admin/dashboard/arrange.html", board=board, left=today_left(board), widths=WIDTHS, longest=LONGEST_TITLE,
                               can_share=may_share(session), shared=shared, mailed=board.all.key or OWN))

    @route("/panel/<int(min=0, max=99):place>")
    def panel(self, place: int) -> Response:
        """What one panel shows; 404 where it is none that this person may see, also when the panels have been arranged otherwise since."""
        session = context.session()
        whole = own_dashboard(session)
        if place >= len(whole.panels) or request.args.get("seen", "") != whole.digest:
            raise NotFound(m("There is no such panel."))
        found = panels.answer(session, whole.panels[place])
        return make_response(self.render("admin/dashboard/panel.html", place=place, **found))

    @route("/panels", "POST")
    def add(self) -> BaseResponse:
        """`what`, or `report` with `query`, or `entity` with `query`; `as`: a panel at the end. Raises Invalid, NotFound, BadRequest, UnknownName,
        Forbidden."""
        session = context.session()
        before = own_dashboard(session)
        shelf.arrange(session, before, [*before.panels, _posted(session, request.form)])
        session.commit()
        flash(say(m("It stands on your dashboard.")), "success")
        return redirect("/dashboard/" if request.form.get("what") else "/", 303)

    @route("/panels/<int(min=0, max=99):place>", "POST")
    def change(self, place: int) -> BaseResponse:
        """`seen`, and one of `move` (-1 or 1), `width`, `title`, `remove`. Raises Invalid when the panels stand otherwise by now, NotFound, BadRequest."""
        session, form = context.session(), request.form
        before = own_dashboard(session)
        shelf.same(before, form.get("seen", ""))
        seen = [one.place for one in shown(session, arranging=True).panels]
        if place not in seen:
            raise NotFound(m("There is no such panel."))
        changed = list(before.panels)
        if form.get("remove"):
            changed.pop(place)
        elif form.get("move") in ("-1", "1"):
            at = seen.index(place) + int(form["move"])
            if 0 <= at < len(seen):
                changed.insert(seen[at], changed.pop(place))
        else:
            changed[place] = _changed(changed[place], form)
        shelf.arrange(session, before, changed)
        session.commit()
        return redirect(f"/dashboard/#panel-{place}", 303)

    @route("/order", "POST")
    def order(self) -> BaseResponse:
        """`seen` and `order`, the places of the panels that are shown, in their new order; those that are not keep theirs. Raises Invalid, BadRequest."""
        session, form = context.session(), request.form
        before = own_dashboard(session)
        shelf.same(before, form.get("seen", ""))
        seen = [one.place for one in shown(session, arranging=True).panels]
        given = [int(part) for part in form.get("order", "").split(",") if part.isascii() and part.isdecimal() and len(part) < 3]
        if sorted(given) != sorted(seen):
            raise BadRequest(m("An order names each panel once."))
        into = dict(zip(seen, given, strict=True))
        shelf.arrange(session, before, [before.panels[into.get(place, place)] for place in range(len(before.panels))])
        session.commit()
        return redirect("/dashboard/", 303)

    @route("/reset", "POST")
    def reset(self) -> BaseResponse:
        session = context.session()
        shelf.reset(session)
        session.commit()
        flash(say(m("The dashboard is as your roles begin with it.")), "success")
        return redirect("/dashboard/", 303)

    @route("/take", "POST")
    def take(self) -> BaseResponse:
        """`key`: that shared dashboard as one's own, to be changed and given back. Raises Forbidden, NotFound."""
        session = context.session()
        found = session.catalog.dashboards.get(request.form.get("key", "")) if may_share(session) else None
        if found is None:
            raise NotFound(m("There is no such dashboard."))
        shelf.arrange(session, own_dashboard(session), found.panels)
        session.commit()
        return redirect("/dashboard/", 303)

    @route("/share", "GET", "POST")
    def share(self) -> BaseResponse:
        """To which roles the arrangement is given. POST `key` (of the shared one that becomes so, "" for a new one), `label_uk`, `label_en`, `roles`;
        or `remove` (a key). Raises Forbidden, NotFound."""
        session, form = context.session(), request.form
        if not may_share(session):
            raise Forbidden()
        if request.method == "GET":
            return make_response(self._page(session, {}))
        if form.get("remove"):
            if form["remove"] not in session.catalog.dashboards:
                raise NotFound(m("There is no such dashboard."))
            put_in_force(session, Document(removed=(("dashboard", "dashboard", form["remove"]),)), SHARE)
            flash(say(m("The dashboard is removed for all.")), "success")
            return redirect("/dashboard/share", 303)
        known = session.catalog.dashboards.get(form.get("key", ""))
        label = Label(*(" ".join(form.get(key, "").replace("\0", "").split())[:LONGEST_TITLE] for key in ("label_uk", "label_en")))
        if not any(label) and known is None:
            return make_response(self._page(session, {"label_uk": say(m("Give the dashboard a name."))}), 422)
        label = Label(label.uk or label.en, label.en or label.uk) if any(label) else known.label if known is not None else label
        whole, roles = own_dashboard(session), shared_with(session, known.roles if known is not None else ())
        key = known.key if known is not None else free_key(session.catalog.dashboards, label, "dashboard")
        given = tuple(one for one in whole.panels if "kept" not in one or one["kept"] in session.catalog.reports)
        put_in_force(session, Document(dashboards=(SharedDashboard(key, label, given, roles),)), SHARE)
        left = len(whole.panels) - len(given)
        flash(say(m("The dashboard is given to its roles.")), "success")
        if left:
            flash(say(m("Panels of reports that are only yours were left out. Share those reports first.")), "info")
        return redirect("/dashboard/share", 303)

    def _page(self, session: UserSession, errors: dict[str, str]) -> str:
        language = session.reader.language
        roles = dict(roles_known(session))
        shared = [(one.key, one.label.text(language), [roles.get(code, "") for code in one.roles if code in roles], not one.roles)
                  for one in session.catalog.dashboards.values()]
        return str(self.render("admin/dashboard/share.html", roles=list(roles.items()), shared=shared, errors=errors, form=request.form, longest=LONGEST_TITLE,
                               chosen=request.form.getlist("roles")))


def _posted(session: UserSession, form: Mapping[str, str]) -> Panel:
    """The panel of a form, judged as what it shows would be."""
    if form.get("what"):
        if form["what"] not in NAMES:
            raise NotFound(m("There is no such panel."))
        return _good({"kind": "today", "what": form["what"], "width": 6})
    if len(form.get("query", "")) > shows.LONGEST:
        raise BadRequest(m("The view is too large."))
    query, width = dict(parse_qsl(form.get("query", "").removeprefix("?"))), 6
    if form.get("report"):
        asked = asking(find(form["report"]), session, query)
        shape = form.get("as") or AS_REPORT[0]
        if asked.kept is not None and not asked.changed:
            return _good({"kind": "report", "kept": asked.kept.name, "as": shape, "width": 3 if shape == "figure" else width})
        said = asks.of_words(session, asked.report, asked.words)
        panel = {"kind": "report", "report": asked.report.name, "asks": said, "chart": asked.chart, "as": shape, "width": 3 if shape == "figure" else width}
        return _good(panel)
    entity = session.catalog.entity(form.get("entity", ""))
    if not session.sight.may(entity.key, "read"):
        raise Forbidden()
    args = spelled_out(session, entity, query)
    parse_query(session, entity.key, args)
    found = shows.of_address(session, entity.key, args, {})
    said = {name: found[name] for name in ("where", "sort", "columns", "search") if found.get(name)}
    shape = form.get("as") or "rows"
    title = form.get("title", "")[:LONGEST_TITLE]
    listed = _good({"kind": "list", "entity": entity.key, "asks": said, "as": shape, "width": width if shape == "rows" else 3, "title": title})
    if not fits(session.sight, listed):
        raise BadRequest(m("“%(name)s” cannot be asked for.", name=shape[:60]))
    return listed


def _changed(panel: Panel, form: Mapping[str, str]) -> Panel:
    if form.get("width", "").isdecimal():
        return _good({**panel, "width": int(form["width"][:3])})
    if "title" in form and panel["kind"] != "today":
        return _good({**panel, "title": form["title"]})
    raise BadRequest(m("A panel is moved, widened, renamed or removed."))


def _good(panel: Panel) -> Panel:
    found = cleaned(panel)
    if isinstance(found, Message):
        raise Invalid({"panels": found})
    return found


__all__ = ["Board", "DashboardView"]
