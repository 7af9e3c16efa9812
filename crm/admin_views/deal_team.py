"""The team of a deal on its card: who has which role, what each has to do, by when; and `/deal/<number>/duties`, where one ticks what is done."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from crm.admin_views.kit import context, lookup
from crm.admin_views.kit.cells import initials
from crm.admin_views.kit.days import day_words
from crm.backoffice import records
from crm.backoffice.catalog import Configured
from crm.backoffice.fields.numbers import decimal_formatter
from crm.backoffice.fields.percent import SIGNS
from crm.backoffice.guard import UserSession
from crm.backoffice.sight import Source
from crm.backoffice.stage_rules import ROLES, rules_of
from crm.errors import NotFound
from crm.messages import Label

pages = Blueprint("deal_team", __name__)
NUMBER = "<int(min=1, max=2147483647):record_id>"
MOST = 200  # members, and duties, on a card


@dataclass(frozen=True)
class Member:
    """A person in a role; `share` and `colour` "" where there is none."""

    id: int
    role: str
    colour: str
    person: str
    initials: str
    mark: int
    url: str
    share: str = ""


@dataclass(frozen=True)
class Duty:
    """Something to be done: by whom, in which role, by when. `state` is done, late (and open), or ""."""

    id: int
    what: str
    role: str
    person: str
    due: str
    state: str
    done: bool
    required: bool
    ticks: bool
    late_days: int


@dataclass(frozen=True)
class Part:
    """The duties of one stage; `now` where the deal stands."""

    stage: str
    now: bool
    duties: list[Duty]

    @property
    def open(self) -> int:
        return sum(not duty.done for duty in self.duties)


@dataclass(frozen=True)
class Team:
    """What a reader sees of a team: `missing` are roles that the stage asks for and nobody has."""

    members: list[Member]
    missing: list[str]
    parts: list[Part]
    adds: str


def team(session: UserSession, deal: int, stage: Configured | None) -> Team | None:
    """None for whoever may not read teams."""
    if not session.sight.may("deal_member", "read") and not session.sight.may("deal_duty", "read"):
        return None
    members, held = _members(session, deal)
    roles, language = session.catalog.picklists[ROLES], context.reader().language
    asked = rules_of(session.catalog, stage.id).team if stage is not None and {"role", "user"} <= set(session.sight.filterable("deal_member")) else ()
    missing = [role.label.text(language) for key in asked if (role := roles.by_key(key)) is not None and role.id not in held]
    adds = f"/deal_member/new/?deal={deal}" if "deal" in session.sight.creatable("deal_member") else ""
    return Team(members, missing, _parts(session, deal, stage), adds)


def _members(session: UserSession, deal: int) -> tuple[list[Member], set[int]]:
    """The members, and the roles that somebody has, by number."""
    rows = _rows(session, "deal_member", ("role", "user", "share"), deal, "id")
    names = lookup.titles(session, session.catalog.entity("user"), sorted({row["user"] for row in rows if row["user"] is not None}))
    options, reader = session.catalog.picklists[ROLES], context.reader()
    share = decimal_formatter(reader.language, 0, 2)
    found = []
    for row in rows:
        option, person = options.by_id(row["role"]) if row["role"] is not None else None, names.get(row["user"]) or ""
        found.append(Member(
            row["id"], option.label.text(reader.language) if option else "", option.colour if option else "", person or "—", initials(person or "—"),
            (row["user"] or 0) % 6, f"/deal_member/{row['id']}/",
            share(row["share"].scaleb(2)) + SIGNS.get(reader.language, "%") if row["share"] is not None else "",
        ))
    return found, {row["role"] for row in rows if row["role"] is not None}


def _parts(session: UserSession, deal: int, stage: Configured | None) -> list[Part]:
    """The duties by stage: where the deal stands first, the others as they come in their pipelines."""
    keys = ("what", "what_en", "role", "user", "due_on", "done_at", "required", "stage", "late_days")
    rows = _rows(session, "deal_duty", keys, deal, "due_on")
    names = lookup.titles(session, session.catalog.entity("user"), sorted({row["user"] for row in rows if row["user"] is not None}))
    stages, reader = session.catalog.configured["stage"], context.reader()
    by_stage: dict[int, list[Duty]] = {}
    for row in rows:
        by_stage.setdefault(row["stage"] or 0, []).append(_duty(session, row, names, reader.today))
    order = {number: place for place, number in enumerate(stages)}
    now = stage.id if stage is not None else -1
    return [
        Part(stages[number].label.text(reader.language) if number in stages else "", number == now, duties)
        for number, duties in sorted(by_stage.items(), key=lambda one: (one[0] != now, order.get(one[0], -1)))
    ]


def _duty(session: UserSession, row: dict[str, Any], names: dict[int, str], today: date) -> Duty:
    reader, role = context.reader(), session.catalog.picklists[ROLES].by_id(row["role"]) if row["role"] is not None else None
    done, due = row["done_at"] is not None, row["due_on"]
    late = not done and due is not None and due < today
    return Duty(
        row["id"], Label.of(row["what"] or "—", row["what_en"]).text(reader.language), role.label.text(reader.language) if role else "",
        names.get(row["user"]) or "", day_words(reader)(due) if due is not None else "", "done" if done else "late" if late else "", done,
        bool(row["required"]), bool(row["ticks"]), (row["late_days"] or 0) if done else (today - due).days if late else 0,
    )


def _rows(session: UserSession, entity: str, keys: tuple[str, ...], deal: int, order: str) -> list[dict[str, Any]]:
    """The rows of a deal that this reader sees, fields that are hidden from him None; of duties whether he may tick each."""
    usable = set(session.sight.filterable(entity))
    if "deal" not in usable or not session.sight.may(entity, "read"):
        return []
    source = session.table(entity)
    shown = [key for key in keys if key in usable]
    ticks = [source.may_edit("done_at", "update")] if entity == "deal_duty" and "done_at" in session.sight.editable(entity) else []
    query = select(source.id, *(source[key] for key in shown), *ticks).where(source.visible, source["deal"] == deal)
    ordered = query.order_by(*([source[order]] if order in usable else []), source.id).limit(MOST)
    found = []
    for row in session.execute(ordered):
        values = dict(zip(shown, row[1 : len(shown) + 1], strict=True))
        found.append({**dict.fromkeys(keys), **values, "id": row[0], "ticks": row[-1] if ticks else False})
    return found


@pages.post(f"/deal/{NUMBER}/duties")
def tick(record_id: int) -> Response:
    """`done` or `open` names the duty: it is ticked, or the tick taken back. Raises NotFound, Forbidden, Invalid."""
    session = context.session()
    done = "done" in request.form
    text = request.form.get("done" if done else "open", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    if not _of(session, session.table("deal_duty"), record_id, number):
        raise NotFound()
    records.change(session, "deal_duty", number, {"done_at": datetime.now(UTC) if done else None})
    session.commit()
    return redirect(f"/deal/{record_id}/#deal-team", 303)


def _of(session: UserSession, source: Source, deal: int, number: int) -> bool:
    """Whether this reader knows of a duty, and that it is of this deal."""
    if "deal" not in session.sight.filterable("deal_duty"):
        return False
    return session.execute(select(source.id).where(source.visible, source.id == number, source["deal"] == deal)).first() is not None
