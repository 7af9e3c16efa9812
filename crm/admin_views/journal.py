"""The journal of the whole company: filters, pages by number, a file of it, and whether it still reads as it was written."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import flash, make_response, redirect, request
from flask.wrappers import Response
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from crm.admin_views.gate import OwnPage
from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.days import moment_words
from crm.admin_views.kit.journal_view import DOORS, Entry, asked_place, days
from crm.admin_views.kit.routing import route
from crm.backoffice import jobs
from crm.backoffice.access import Action
from crm.backoffice.chronicle import ACTIONS, EVENTS, Asked, Event, chronicle, sees_events
from crm.backoffice.exchange.formulas import neutral
from crm.backoffice.fields.date import date_formatter
from crm.backoffice.guard import UserSession, system_session
from crm.backoffice.history import Happening
from crm.backoffice.jobs import Work, job
from crm.backoffice.periods import day_end, day_start
from crm.backoffice.seals import verifying
from crm.backoffice.seals.block import JournalSeal, Keeper
from crm.errors import BadRequest, Forbidden
from crm.messages import Label, Message, m

VERIFY = "journal_verify"
COLUMNS = (m("When"), m("Who"), m("Door"), m("Kind"), m("Number"), m("What happened"), m("Field"), m("Was"), m("Is"))
PAGE, FILE = 50, 10_000
OUT: frozenset[Action] = frozenset({"read", "export"})
KEPT = ("who", "entity", "record", "field", "action", "source", "since", "until")
SOURCES: dict[str, Message] = {"ui": m("form"), "job": m("background job"), **DOORS}
DEEDS: dict[str, Label] = {
    "create": Label("Додано", "Added"), "update": Label("Змінено", "Changed"), "remove": Label("Вилучено", "Removed"),
    "restore": Label("Повернуто", "Restored"), "erase": Label("Персональні дані стерто", "Personal data erased"),
    EVENTS: Label("Подія без зміни запису", "Event that changed no record"),
}
EVENT_WORDS: dict[str, Label] = {
    "sign_in": Label("Вхід", "Sign-in"), "sign_in_failed": Label("Невдалий вхід", "Failed sign-in"), "sign_out": Label("Вихід", "Sign-out"),
    "sign_out_everywhere": Label("Вихід з усіх пристроїв", "Sign-out everywhere"), "password_chosen": Label("Обрано пароль", "Password chosen"),
    "reset_asked": Label("Попросили новий пароль", "New password asked for"), "preferences": Label("Налаштування профілю", "Preferences"),
    "password_shown": Label("Пароль підтверджено", "Password shown"), "second_factor_on": Label("Двоетапний вхід увімкнено", "Two-step sign-in on"),
    "second_factor_off": Label("Двоетапний вхід вимкнено", "Two-step sign-in off"),
    "second_factor_failed": Label("Неправильний код", "Wrong code"), "recovery_code_used": Label("Використано запасний код", "Recovery code used"),
    "recovery_codes_renewed": Label("Нові запасні коди", "New recovery codes"), "second_factor_reset": Label("Другий крок скинуто", "Second step reset"),
    "sign_ins_ended": Label("Входи завершено", "Sign-ins ended"),
    "read": Label("Прочитано чутливі поля", "Sensitive fields read"), "export": Label("Експорт", "Export"), "import": Label("Імпорт", "Import"),
    "report": Label("Звіт", "Report"), "merge": Label("Обʼєднання", "Merge"), "configure": Label("Конфігурація", "Configuration"),
    "next_number": Label("Задано наступний номер", "Next number set"),
    "rules": Label("Права ролі", "Rights of a role"), "demo": Label("Демонстраційна компанія", "Demo company"),
    "view_as": Label("Перегляд очима іншої людини", "Looked with another person's eyes"),
    "view_as_end": Label("Кінець перегляду очима іншої людини", "End of looking with another person's eyes"),
    "emergency": Label("Роль узято в надзвичайній ситуації", "Role taken in an emergency"),
    "emergency_end": Label("Узяту роль повернуто", "Taken role given back"),
    "access_review_opened": Label("Перегляд прав розпочато", "Access review opened"),
    "access_review_handed": Label("Перегляд прав передано іншому", "Access review handed over"),
    "access_review_decided": Label("Рішення щодо ролі людини", "Decision about a person’s role"),
    "access_review_called_off": Label("Перегляд прав скасовано", "Access review called off"),
    "access_review_signed": Label("Перегляд прав підписано", "Access review signed off"),
    "personal_export": Label("Персональні дані видано", "Personal data given out"),
    "erased_values": Label("Значення стерто з журналу", "Values erased from the journal"),
    "quote_link_made": Label("Створено посилання для клієнта", "Link for the customer made"),
    "quote_link_ended": Label("Посилання для клієнта припинено", "Link for the customer ended"),
    "calendar_link_made": Label("Створено адресу календаря", "Address of a calendar made"),
    "calendar_link_revoked": Label("Адресу календаря припинено", "Address of a calendar ended"),
    "recomputed": Label("Поля обчислено наново", "Fields computed anew"),
    "drop": Label("Вилучене поле видалено назавжди", "Removed field deleted for good"),
    "maybe_duplicates": Label("Можливо, той самий", "Maybe the same"), "not_duplicates": Label("Не той самий", "Not the same"),
    "checklist": Label("Позначка в переліку етапу", "Tick on the checklist of a stage"),
}


@dataclass(frozen=True)
class Chain:
    """Until when the journal is sealed, and what was found when it was verified last."""

    sealed: str
    head: str
    verified: str
    ok: bool | None
    broken: int | None
    running: bool


class JournalView(OwnPage):
    """`/journal/`: for those who keep the roles, each as far as he sees."""

    at = "journal"

    @route("/")
    def index(self) -> Response:
        session, reader = _session(), context.reader()
        asked, before = _asked(), asked_place()
        if request.args.get("format"):
            return _file(session, asked)
        found, older = chronicle(session, asked, before=before, size=PAGE)
        kept = {key: request.args[key] for key in KEPT if request.args.get(key)}
        kinds = sorted((e for e in session.catalog.entities.values() if session.sight.may(e.key, "read")), key=lambda e: e.plural.text(reader.language))
        fields = session.sight.filterable(asked.entity) if asked.entity else ()
        chosen = session.catalog.entity(asked.entity) if asked.entity else None
        who = lookup.names(session, {"user": {asked.who}}).get("user", {}).get(asked.who, "") if asked.who is not None else ""
        return make_response(self.render(
            "admin/journal/index.html", days=_days(session, found), older=f"/journal/?{urlencode({**kept, 'before': older})}" if older else "",
            asked=asked, kept=kept, who=who, kinds=[(k.key, k.plural.text(reader.language)) for k in kinds],
            fields=[(k, chosen.fields[k].label.text(reader.language)) for k in fields if chosen and not chosen.fields[k].system],
            deeds=[(k, DEEDS[k].text(reader.language)) for k in ACTIONS if k != EVENTS or sees_events(session)],
            sources=[(k, say(v)) for k, v in SOURCES.items()], file=f"/journal/?{urlencode({**kept, 'format': 'csv'})}",
            chain=_chain() if sees_events(session) else None, first=before is None,
        ))

    @route("/verify", "POST")
    def verify(self) -> BaseResponse:
        session = _session()
        if not sees_events(session):
            raise Forbidden()
        jobs.enqueue(session, VERIFY, {})
        session.commit()
        flash(say(m("The journal is being verified; look again in a minute.")), "info")
        return redirect("/journal/", 303)


@job(VERIFY)
def verify_journal(work: Work) -> dict[str, Any]:
    """The same as `flask journal verify`."""
    with system_session(work.engine, "verify the journal", work.catalog) as session:
        found = verifying.verify(session, Keeper.of(work.settings.instance, work.settings.secret_key))
    return {"ok": found.ok, "first_broken": found.first_broken, "rows": found.rows, "sealed": found.sealed}


def _session() -> UserSession:
    session = context.session()
    if not session.sight.may("role", "update"):
        raise Forbidden()
    return session


def _asked() -> Asked:
    args, zone = request.args, context.reader().zone
    action, source = args.get("action", ""), args.get("source", "")
    if action and action not in ACTIONS:
        raise BadRequest(m("“%(action)s” is not an action.", action=action[:40]))
    since, until = _day("since"), _day("until")
    if args.get("field") and not args.get("entity"):
        raise BadRequest(m("A field is chosen together with the kind of its records."))
    return Asked(
        _number("who"), args.get("entity", ""), _number("record"), args.get("field", ""), action, source[:16],
        day_start(since, zone) if since else None, day_end(until, zone) if until else None,
    )


def _number(key: str) -> int | None:
    text = request.args.get(key, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 18) or int(text) >= 2**31:
        raise BadRequest(m("“%(key)s” is a number.", key=key))
    return int(text)


def _day(key: str) -> date | None:
    text = request.args.get(key, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest(m("“%(key)s” is a day, as 2026-05-04.", key=key)) from None


def _days(session: UserSession, found: Sequence[Happening | Event]) -> list[tuple[str, list[Entry]]]:
    """Changes and events by day, in the order in which they came."""
    told = iter([e for _, entries in days(session, [h for h in found if isinstance(h, Happening)]) for e in entries])
    events = [one for one in found if isinstance(one, Event)]
    wanted: dict[str, set[int]] = {"user": {e.actor_id for e in events if e.actor_id is not None}}
    for e in events:
        if e.entity is not None and e.entity in session.catalog.entities and e.record_id is not None:
            wanted.setdefault(e.entity, set()).add(e.record_id)
    names = lookup.names(session, wanted)
    reader, made = context.reader(), list[tuple[str, list[Entry]]]()
    heading = date_formatter(reader.language)
    for one in found:
        local = one.at.astimezone(reader.zone)
        day = heading(local)
        if not made or made[-1][0] != day:
            made.append((day, []))
        made[-1][1].append(next(told) if isinstance(one, Happening) else _event(one, local, names))
    return made


def _event(event: Event, local: datetime, names: Mapping[str, Mapping[int, str]]) -> Entry:
    language = context.reader().language
    word = EVENT_WORDS[event.action].text(language) if event.action in EVENT_WORDS else event.action
    who = "" if event.actor_id is None else names.get("user", {}).get(event.actor_id)
    known = event.entity in context.catalog().entities and event.record_id is not None
    url = f"/{event.entity}/{event.record_id}/" if known and event.record_id in names.get(event.entity or "", {}) else ""
    name = f"{context.catalog().entity(event.entity or '').label.text(language)} № {event.record_id}" if known else ""
    return Entry("lock" if event.action.startswith("sign") else "info-circle", word, who, _door(event.source), f"{local:%H:%M}",
                 local.isoformat(timespec="seconds"), [], url, name)


def _door(source: str) -> str:
    return say(SOURCES[source]) if source in SOURCES and source != "ui" else ""


def _chain() -> Chain:
    here, words = context.runtime(), moment_words(context.reader())
    seals, table = JournalSeal.__table__, jobs.TABLE
    with here.engine.connect() as connection:
        last = connection.execute(select(seals.c.number, seals.c.at, seals.c.head).order_by(seals.c.number.desc()).limit(1)).first()
        mine = select(table.c.state, table.c.result, table.c.finished_at).where(table.c.kind == VERIFY).order_by(table.c.id.desc())
        done = connection.execute(mine.where(table.c.state == "done").limit(1)).first()
        newest = connection.execute(mine.limit(1)).first()
    result = done.result if done is not None and done.result else {}
    return Chain(
        words(last.at) if last is not None else "", last.head[:16] if last is not None else "",
        words(done.finished_at) if done is not None else "", result.get("ok"), result.get("first_broken"),
        newest is not None and newest.state in ("queued", "running"),
    )


def _file(session: UserSession, asked: Asked) -> Response:
    """A table of changes, a line a field: of records and fields that this reader may also take out."""
    if request.args["format"] != "csv":
        raise BadRequest(m("The journal comes as CSV, not as “%(form)s”.", form=request.args["format"][:20]))
    language = context.reader().language
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([say(w) for w in COLUMNS])
    found, _ = chronicle(session, asked, size=FILE)
    people = lookup.names(session, {"user": {one.actor_id for one in found if one.actor_id is not None}}).get("user", {})
    exported: dict[str, frozenset[str]] = {}
    for one in found:
        head = [one.at.astimezone(context.reader().zone).isoformat(timespec="seconds"), people.get(one.actor_id or 0, ""), one.source]
        if isinstance(one, Event):
            writer.writerow([neutral(str(cell)) for cell in (*head, one.entity or "", one.record_id or "", one.action, "", "", "")])
            continue
        if one.entity.key not in exported:
            exported[one.entity.key] = frozenset(session.sight.filterable(one.entity.key, OUT)) if session.sight.may(one.entity.key, "export") else frozenset()
        for change in one.changes:
            if change.field.key in exported[one.entity.key]:
                values = ("" if v is None else str(change.field.journal(v)) for v in (change.old, change.new))
                cells = (*head, one.entity.label.text(language), one.record_id, one.action, change.field.label.text(language), *values)
                writer.writerow([neutral(str(cell)) for cell in cells])
    made = make_response(("\ufeff" + out.getvalue()).encode())
    made.headers["Content-Type"] = "text/csv; charset=utf-8"
    made.headers["Content-Disposition"] = 'attachment; filename="journal.csv"'
    return made
