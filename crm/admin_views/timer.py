"""The timer of an interaction: started on its card or for a call that begins now, stopped into the form of what was held."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Blueprint, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.beforehand import RECORD, came_from
from crm.admin_views.kit.form_fields import number_of
from crm.admin_views.kit.standing import standing
from crm.backoffice import journal, lists
from crm.contacts.interactions.course import CALL, HELD, LONGEST, PLANNED
from crm.errors import FieldError, Forbidden, NotFound
from crm.messages import render
from crm.organization import timers

pages = Blueprint("timer", __name__, url_prefix="/timer")
ENTITY = "interaction"
MEASURED = frozenset({"state", "held_at", "actual_minutes"})


def _running() -> timers.Running | None:
    return timers.running(context.session(), current_user.id)


@pages.get("/")
def show() -> Response:
    """What runs and since when; after twelve hours the question how long it really took."""
    return _page(_running())


@pages.post("/start")
def start() -> Response:
    """Starts the timer of a planned interaction (`interaction`), or of a call that is made into a record when it ends. One that runs already
    is not stopped by it."""
    session, page = context.session(), _page_of_a_record()
    number = None
    if request.form.get(ENTITY):
        number = number_of(request.form[ENTITY])
        if number is None:
            raise NotFound()
        if not _can_be_held(number):
            flash(_("Only a planned interaction can be timed."), "warning")
            return redirect(f"/{ENTITY}/{number}/", 303)
    elif not session.sight.may(ENTITY, "create"):
        raise Forbidden()
    if not timers.begin(session, current_user.id, ENTITY, number, page):
        flash(_("Another timer is running already."), "warning")
        return redirect("/timer/", 303)
    journal.event(session, "timer_started", ENTITY if number else None, number)
    session.commit()
    flash(_("The timer is running."), "success")
    return redirect(f"/{ENTITY}/{number}/" if number else page or "/", 303)


@pages.post("/stop")
def stop() -> Response:
    """Stops the timer and leads to the form of what was held, with its time and minutes filled in: those measured, or `minutes` where the
    timer was forgotten."""
    running, now = _running(), datetime.now(UTC)
    if running is None:
        flash(_("No timer is running."), "warning")
        return redirect("/timer/", 303)
    minutes: int | None = running.minutes(now)
    if running.is_forgotten(now):
        typed = request.form.get("minutes")
        if typed is None:
            return redirect("/timer/", 303)
        try:
            minutes = context.catalog().entity(ENTITY).fields["actual_minutes"].parse(typed[:100], context.reader())
        except FieldError as refused:
            return _page(running, render(refused.message, context.reader().language))
        if not minutes or minutes > LONGEST:
            return _page(running, _("How many minutes did it take?"))
    target = _what_was_held(running, minutes or 0)
    _end(running, "timer_stopped", minutes)
    return redirect(target, 303)


@pages.post("/drop")
def drop() -> Response:
    """Stops the timer and forgets what it measured."""
    running = _running()
    if running is not None:
        _end(running, "timer_dropped", None)
        flash(_("The timer is dropped; nothing was recorded."), "success")
    return redirect("/timer/", 303)


def _end(running: timers.Running, action: str, minutes: int | None) -> None:
    session = context.session()
    if timers.end(session, current_user.id, running.started_at):
        journal.event(session, action, ENTITY if running.record_id else None, running.record_id, {"actual_minutes": [None, minutes]} if minutes else None)
        session.commit()


def _page(running: timers.Running | None, error: str = "") -> Response:
    session, now = context.session(), datetime.now(UTC)
    entity, reader = context.catalog().entity(ENTITY), context.reader()
    words: dict[str, object] = {"running": running, "error": error, "may_start": session.sight.may(ENTITY, "create")}
    if running is not None:
        title = lookup.titles(session, entity, [running.record_id]).get(running.record_id, "") if running.record_id else ""
        words |= {
            "title": title, "since": entity.fields["held_at"].formatter(reader)(running.started_at), "forgotten": running.is_forgotten(now),
            "lasted": entity.fields["actual_minutes"].formatter(reader)(running.minutes(now)), "typed": request.form.get("minutes", "")[:100],
        }
    return make_response(render_template("admin/timer.html", **words), 422 if error else 200)


def _page_of_a_record() -> str:
    page = request.form.get("from", "") or came_from()
    found = RECORD.match(page[:200])
    return found[0] if found else ""


def _can_be_held(number: int) -> bool:
    """Whether the person may say of an interaction that it was held. Raises NotFound, Forbidden."""
    session, entity = context.session(), context.catalog().entity(ENTITY)
    if MEASURED - standing(session, entity, number).editable:
        raise Forbidden()
    planned = session.catalog.picklists["interaction_state"].by_key(PLANNED)
    return planned is not None and lists.plain(lists.record(session, ENTITY, number, ("state",)).values["state"]) == planned.id


def _what_was_held(running: timers.Running, minutes: int) -> str:
    """The address of the form: of the interaction while it can still be held, otherwise of a new call."""
    fields, reader = context.catalog().entity(ENTITY).fields, context.reader()
    began = running.started_at.replace(second=0, microsecond=0)
    times = {"held_at": fields["held_at"].input_text(began, reader), "actual_minutes": fields["actual_minutes"].input_text(minutes, reader)}
    if running.record_id is not None:
        try:
            if _can_be_held(running.record_id):
                return f"/{ENTITY}/{running.record_id}/edit/?{urlencode({'state': HELD, **times})}"
            flash(_("It has ended meanwhile. The timer measured: %(time)s.", time=times["actual_minutes"]), "warning")
            return f"/{ENTITY}/{running.record_id}/"
        except (NotFound, Forbidden):
            flash(_("It is no longer yours to change. The timer measured: %(time)s.", time=times["actual_minutes"]), "warning")
    if not context.session().sight.may(ENTITY, "create"):
        return "/timer/"
    return f"/{ENTITY}/new/?{urlencode({'state': HELD, 'medium': CALL, **times, 'from': running.page})}"
