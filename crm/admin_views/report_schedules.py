"""`/reports/schedules/`: kept reports and dashboards that go out by mail, made, paused, sent at once, removed; and the page behind the link of a letter,
where its receiver stops it."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, make_response, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.dashboard.panels import own_dashboard
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.days import moment_words
from crm.admin_views.kit.form_fields import number_of
from crm.admin_views.report_keeping import address
from crm.backoffice.guard import UserSession
from crm.backoffice.kept_reports import schedules, shelf
from crm.backoffice.kept_reports.schedules import OWN, Schedule, Subject
from crm.backoffice.reports.sight import names
from crm.errors import Invalid, NotFound
from crm.letters.dashboards import sends_something
from crm.messages import Label, Message, m, render
from crm.organization.calendar import works

pages = Blueprint("report_schedules", __name__, url_prefix="/reports/schedules")
HERE = "/reports/schedules/"
OUTCOMES = {
    "": Label("ще не надсилали", "not sent yet"), "sent": Label("надіслано", "sent"),
    "no_right": Label("не надіслано: не має доступу до цього звіту чи робочого столу", "not sent: has no access to this report or dashboard"),
    "gone": Label("не надіслано: людина чи той, хто надсилає, вже не має входу або адреси", "not sent: the person or the sender has left or has no address"),
    "sending": Label("невідомо, чи лист дійшов: надсилання перервано", "it is not known whether it arrived: the sending was cut off"),
    "failed": Label("не вдалося, буде ще спроба", "failed, it is tried again"),
}
STOPPED = Label("відмовляється отримувати", "wants it no more")
DAYS = tuple(Label(uk, en) for uk, en in (
    ("понеділок", "Monday"), ("вівторок", "Tuesday"), ("середа", "Wednesday"), ("четвер", "Thursday"), ("пʼятниця", "Friday"), ("субота", "Saturday"),
    ("неділя", "Sunday"),
))
KINDS = {"day": Label("щодня", "every day"), "week": Label("щотижня", "every week"), "month": Label("щомісяця", "every month")}


@dataclass(frozen=True)
class Line:
    """A schedule in words."""

    id: int
    report: str
    url: str
    when: str
    next: str
    paused: bool
    receivers: list[tuple[str, str, str]]  # who, what became of it, when


@dataclass(frozen=True)
class Asked:
    """What is to be sent: in a schedule, in words, where it stands, as a field of the form; and whether there is anything in it."""

    what: Subject
    name: str
    back: str
    field: tuple[str, str]
    sends: bool = True


@pages.route("/")
def index() -> str:
    """What one sends, and what others send him."""
    session = context.session()
    mine = schedules.schedules(session)
    people = names(session, "user", (one.user_id for schedule in mine for one in schedule.receivers)) if session.sight.may("user", "read") else {}
    received = [(number, _name(session, what, mine=False), stopped) for number, what, stopped in schedules.received(session)]
    return render_template("admin/report/schedules.html", lines=[_line(session, one, people) for one in mine], received=received)


@pages.route("/new/", methods=["GET", "POST"])
def new() -> BaseResponse:
    """GET `?kept=` or `?dashboard=`: the form. POST the same with `every`, `day`, `hour`, `working`, `receivers`: a new schedule. Raises NotFound."""
    session, form = context.session(), request.form
    asked = _asked(session)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            plan = schedules.plan_of(form.get("every", ""), form.get("day" if form.get("every") == "month" else "weekday", ""), form.get("hour", ""),
                                     form.get("working") == "1")
            if not asked.sends:
                raise Invalid({"receivers": m("Short lists of the day do not go by mail. Put a report or a list on the dashboard first.")})
            schedules.make(session, asked.what, plan, _receivers(session), works(session.catalog))
            session.commit()
            return _back(m("The report goes out by mail.") if asked.what.report is not None else m("The dashboard goes out by mail."))
        except Invalid as wrong:
            errors = {key: render(why, session.reader.language) for key, why in wrong.fields.items()}
    chosen = {one: called for one in _numbers() if (called := names(session, "user", [one]).get(one))} if session.sight.may("user", "read") else {}
    language = session.reader.language
    page = render_template(
        "admin/report/schedule_new.html", asked=asked, errors=errors, form=form, chosen=chosen,
        kinds=[(key, label.text(language)) for key, label in KINDS.items()], days=[(str(n), day.text(language)) for n, day in enumerate(DAYS, 1)],
        others=session.sight.may("user", "read"), zone=session.catalog.company.zone.key,
    )
    return make_response(page, 422 if errors else 200)


@pages.route("/<int(min=1, max=2147483647):number>", methods=["POST"])
def change(number: int) -> BaseResponse:
    """`pause` (1 or 0), `now` or `remove`. Raises NotFound."""
    session, form = context.session(), request.form
    one = schedules.own(session, number)
    if form.get("remove"):
        schedules.remove(session, one)
        message = m("The schedule is removed.")
    elif form.get("now"):
        schedules.send_now(session, one)
        message = m("A letter is on its way to you.")
    else:
        schedules.pause(session, one, form.get("pause") == "1", works(session.catalog))
        message = m("Saved")
    session.commit()
    return _back(message)


@pages.route("/<int(min=1, max=2147483647):number>/stop/", methods=["GET", "POST"])
def stop(number: int) -> BaseResponse:
    """Behind the link of a letter: whoever gets the report stops it, or takes it again (`on=0`). Raises NotFound, alike for one that he does not get."""
    session = context.session()
    mine = {one: (what, stopped) for one, what, stopped in schedules.received(session)}
    own = {one.id: one.what for one in schedules.schedules(session) if any(who.user_id == session.actor_id for who in one.receivers)}
    if request.method == "GET" and (number in mine or number in own):
        what = mine[number][0] if number in mine else own[number]
        return make_response(render_template("admin/report/schedule_stop.html", number=number, name=_name(session, what, mine=number in own),
                                             stopped=number in mine and mine[number][1]))
    on = request.form.get("on", "1") == "1"
    schedules.stop(session, number, on)
    session.commit()
    return _back(m("These letters come no more.") if on else m("These letters come again."))


def _line(session: UserSession, one: Schedule, people: dict[int, str]) -> Line:
    language, words = session.reader.language, moment_words(session.reader)
    kept = shelf.by_id(session, one.what.report) if one.what.report is not None else None
    told = [
        (people.get(who.user_id, "•"), (STOPPED if who.stopped else OUTCOMES[who.outcome]).text(language), _at(words, who.at) if not who.stopped else "")
        for who in one.receivers
    ]
    url = "/dashboard/" if one.what.dashboard is not None else address(kept) if kept is not None else ""
    return Line(one.id, _name(session, one.what, mine=True), url, render(_when(one), language), words(one.due_at), one.paused, told)


def _at(words: object, moment: datetime | None) -> str:
    return words(moment) if moment is not None and callable(words) else ""


def _when(one: Schedule) -> Message:
    plan = one.plan
    hour = f"{plan.hour:02d}:00"
    if plan.every == "day":
        return m("every working day at %(hour)s", hour=hour) if plan.working else m("every day at %(hour)s", hour=hour)
    if plan.every == "week":
        return m("every week, %(day)s, at %(hour)s", day=DAYS[plan.day - 1], hour=hour)
    return m("every month on day %(day)s at %(hour)s", day=plan.day, hour=hour)


def _name(session: UserSession, what: Subject, *, mine: bool) -> str:
    """What is sent is called, as far as this person may know it; `mine`: he sends it himself."""
    if what.dashboard == OWN:
        return say(m("My dashboard") if mine else m("A dashboard of a colleague"))
    if what.dashboard is not None:
        shared = session.catalog.dashboards.get(what.dashboard)
        known = shared is not None and shared.is_for(session.access)
        return shared.label.text(session.reader.language) if known and shared is not None else say(m("a dashboard that is not open to you"))
    kept = shelf.by_id(session, what.report) if what.report is not None else None
    return kept.label.text(session.reader.language) if kept is not None else say(m("a report that is not open to you"))


def _asked(session: UserSession) -> Asked:
    """What the address or the form names. Raises NotFound, alike for none and what is not this person's."""
    which = request.values.get("dashboard", "")
    if not which:
        kept = shelf.named(session, request.values.get("kept", ""))
        return Asked(Subject(report=kept.id), kept.label.text(session.reader.language), address(kept), ("kept", kept.name))
    shared = session.catalog.dashboards.get(which)
    if which != OWN and (shared is None or not shared.is_for(session.access)):
        raise NotFound(m("There is no such dashboard."))
    what = Subject(dashboard=which)
    panels = shared.panels if shared is not None else own_dashboard(session).panels
    return Asked(what, _name(session, what, mine=True), "/dashboard/", ("dashboard", which), sends_something(panels))


def _numbers() -> list[int]:
    return [number for text in request.form.getlist("receivers")[: schedules.RECEIVERS + 1] if (number := number_of(text)) is not None]


def _receivers(session: UserSession) -> list[int]:
    """The chosen people whom the sender sees, himself where `myself` is ticked. Raises Invalid for one whom he does not see."""
    chosen = _numbers()
    if chosen and session.sight.may("user", "read"):
        users = session.table("user")
        seen = set(session.scalars(select(users.id).where(users.visible, users.id.in_(chosen))))
    else:
        seen = set()
    if not set(chosen) <= seen:
        raise Invalid({"receivers": m("Somebody among them is not there.")})
    myself = [session.actor_id] if request.form.get("myself") == "1" and session.actor_id is not None else []
    return [*myself, *chosen]


def _back(message: Message) -> BaseResponse:
    flash(say(message), "success")
    return redirect(HERE, 303)


