"""What a stage asks for as a form: requirements to enter and to leave it, its checklist, the stages to which it leads, its service time."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from werkzeug.datastructures import MultiDict

from crm.admin_views.configuration.keys import proposed
from crm.admin_views.configuration.options_form import free, stepped
from crm.admin_views.kit.answers import say
from crm.admin_views.kit.conditions import read_condition
from crm.admin_views.kit.filters import as_json
from crm.backoffice.custom.fields import Said
from crm.backoffice.lowcode.pipelines import CATEGORIES, StageSpec
from crm.backoffice.lowcode.stage_requirements import LONGEST_STAY, MOST, MOST_ITEMS
from crm.backoffice.stage_rules import SIDES
from crm.errors import BadRequest
from crm.messages import m

Form = MultiDict[str, str]


@dataclass(frozen=True)
class Row:
    """A requirement as it is typed, its condition as JSON. `kept` is what one is known by that looks at what its reader does not see: it stays."""

    side: str
    where: str = ""
    uk: str = ""
    en: str = ""
    kept: str = ""

    @property
    def empty(self) -> bool:
        return not (self.kept or self.where or self.uk.strip() or self.en.strip())


@dataclass(frozen=True)
class Item:
    """Of the checklist; `key` "" for one that has none yet."""

    key: str = ""
    uk: str = ""
    en: str = ""
    required: bool = False

    @property
    def empty(self) -> bool:
        return not (self.key or self.uk.strip() or self.en.strip())


@dataclass(frozen=True)
class Duty:
    """Of a role of the team, by its key; `key` "" for one that has none yet, `days` as typed."""

    key: str = ""
    role: str = ""
    uk: str = ""
    en: str = ""
    days: str = ""
    required: bool = False

    @property
    def empty(self) -> bool:
        return not (self.key or self.uk.strip() or self.en.strip())


@dataclass(frozen=True)
class Typed:
    """The whole form. `listed`: only to `moves`, by key, one may go."""

    days: str
    listed: bool
    moves: tuple[str, ...]
    rows: tuple[Row, ...]
    items: tuple[Item, ...] = ()
    forecast: str = ""
    duties: tuple[Duty, ...] = ()
    team: tuple[str, ...] = ()


def of_stage(stage: StageSpec, seen: Callable[[Said], bool]) -> Typed:
    """A stage as it stands; `seen` says whether a requirement looks only at what the reader sees."""
    rows = [
        Row(side, as_json(one["where"]) if seen(one) else "", one["message"]["uk"], one["message"]["en"], "" if seen(one) else known_by(one))
        for side in SIDES for one in getattr(stage, side)
    ]
    items = (Item(one["key"], one["label"]["uk"], one["label"]["en"], bool(one.get("required"))) for one in stage.checklist)
    duties = (
        Duty(one["key"], one["role"], one["label"]["uk"], one["label"]["en"], str(one.get("days") or ""), bool(one.get("required"))) for one in stage.duties
    )
    return Typed(
        str(stage.days or ""), stage.moves is not None, stage.moves or (), tuple(rows), tuple(items), stage.forecast, tuple(duties), stage.team,
    )


def known_by(one: Said) -> str:
    """What a requirement is known by in a form: it has no name, so what it says stands for it."""
    return sha256(json.dumps(one, sort_keys=True).encode()).hexdigest()[:16]


def posted(form: Form) -> Typed:
    """The form after the step that was pressed: a requirement added to a side, or dropped; an item of the checklist added, moved or dropped."""
    rows = [
        Row(form.get(f"req-side-{n}", ""), form.get(f"req-where-{n}", ""), form.get(f"req-uk-{n}", "")[:255], form.get(f"req-en-{n}", "")[:255],
            form.get(f"req-kept-{n}", "")[:16])
        for n in form.getlist("req")[: 2 * MOST] if form.get(f"req-side-{n}") in SIDES
    ]
    what, _, which = form.get("step", "").removeprefix("req-").partition("-")
    if what == "add" and which in SIDES:
        rows.append(Row(which))
    if what == "drop" and which.isascii() and which.isdecimal() and len(which) < 4:
        rows = [row for place, row in enumerate(rows) if place != int(which) or row.kept]
    items = [
        Item(form.get(f"opt-key-{n}", "")[:64], form.get(f"opt-uk-{n}", "")[:255], form.get(f"opt-en-{n}", "")[:255], bool(form.get(f"opt-required-{n}")))
        for n in form.getlist("opt")[: MOST_ITEMS + 1]
    ]
    items = stepped(items, form.get("step", ""), Item(), MOST_ITEMS)
    forecast = form.get("forecast", "")
    duties = [
        Duty(form.get(f"duty-key-{n}", "")[:64], form.get(f"duty-role-{n}", "")[:64], form.get(f"duty-uk-{n}", "")[:255], form.get(f"duty-en-{n}", "")[:255],
             form.get(f"duty-days-{n}", "")[:10], bool(form.get(f"duty-required-{n}")))
        for n in form.getlist("duty")[: MOST_ITEMS + 1]
    ]
    pressed = form.get("step", "")
    duties = stepped(duties, f"opt-{pressed.removeprefix('duty-')}" if pressed.startswith("duty-") else "", Duty(), MOST_ITEMS)
    return Typed(
        form.get("days", "")[:10], form.get("leads") == "listed", tuple(form.getlist("moves")), tuple(rows), tuple(items),
        forecast if forecast in CATEGORIES else "", tuple(duties), tuple(form.getlist("team")),
    )


def said(typed: Typed, stage: StageSpec, others: Sequence[str], roles: Sequence[str]) -> tuple[StageSpec, dict[str, str]]:
    """The stage as a file would say it, and what is wrong by the name of the control; `others` are the keys of the pipeline's other stages, `roles`
    those of a team."""
    errors: dict[str, str] = {}
    days = _days(typed.days, errors)
    sides: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    standing = {known_by(one): one for side in SIDES for one in getattr(stage, side)}
    for place, row in enumerate(typed.rows):
        if row.kept and row.kept not in standing:
            errors[""] = say(m("Somebody else has changed or removed a requirement meanwhile. Open the page anew."))
        elif row.kept:
            sides[row.side].append(dict(standing[row.kept]))
        elif not row.empty:
            sides[row.side].append(_requirement(place, row, errors))
    if any(len(listed) > MOST for listed in sides.values()):
        errors[""] = say(m("A stage has at most %(count)s requirements to enter and as many to leave.", count=MOST))
    moves = tuple(key for key in others if key in typed.moves) if typed.listed else None
    checklist = _checklist(typed.items, errors)
    duties = _duties(typed.duties, roles, errors)
    team = tuple(key for key in roles if key in typed.team)
    spec = replace(
        stage, days=days, duties=duties, team=team, enter=tuple(sides["enter"]), exit=tuple(sides["exit"]), checklist=checklist, moves=moves,
        forecast=typed.forecast,
    )
    return spec, errors


def _duties(duties: Sequence[Duty], roles: Sequence[str], errors: dict[str, str]) -> tuple[dict[str, Any], ...]:
    """The duties as a file says them. Empty ones are left out; one in one language stands for both."""
    found: list[dict[str, Any]] = []
    taken = {one.key for one in duties if one.key}
    for place, one in enumerate(duties):
        uk, en = one.uk.strip(), one.en.strip()
        if one.empty:
            continue
        wrong: dict[str, str] = {}
        days = _days(one.days, wrong)
        if not (uk or en):
            errors[f"duty-uk-{place}"] = say(m("A duty needs words."))
        elif one.role not in roles:
            errors[f"duty-uk-{place}"] = say(m("Say whose duty it is."))
        elif wrong:
            errors[f"duty-uk-{place}"] = say(m("The time for a duty is a number of working days, from 1 to %(most)s.", most=LONGEST_STAY))
        else:
            key = one.key or free(proposed(en, uk) or "duty", taken)
            taken.add(key)
            found.append(
                {"key": key, "role": one.role, "label": {"uk": uk or en, "en": en or uk}} | ({"days": days} if days is not None else {})
                | ({"required": True} if one.required else {})
            )
    return tuple(found)


def _checklist(items: Sequence[Item], errors: dict[str, str]) -> tuple[dict[str, Any], ...]:
    """The items as a file says them. Empty ones are left out; one in one language stands for both."""
    found: list[dict[str, Any]] = []
    taken = {one.key for one in items if one.key}
    for place, one in enumerate(items):
        uk, en = one.uk.strip(), one.en.strip()
        if one.empty:
            continue
        if not (uk or en):
            errors[f"opt-uk-{place}"] = say(m("An item of the checklist needs words."))
            continue
        key = one.key or free(proposed(en, uk) or "item", taken)
        taken.add(key)
        found.append({"key": key, "label": {"uk": uk or en, "en": en or uk}} | ({"required": True} if one.required else {}))
    return tuple(found)


def _days(text: str, errors: dict[str, str]) -> int | None:
    given = text.strip()
    if not given:
        return None
    if not (given.isascii() and given.isdecimal()) or not 1 <= int(given) <= LONGEST_STAY:
        errors["days"] = say(m("A service time is a number of working days, from 1 to %(most)s.", most=LONGEST_STAY))
        return None
    return int(given)


def _requirement(place: int, row: Row, errors: dict[str, str]) -> dict[str, Any]:
    where: Mapping[str, Any] | None = None
    try:
        where = read_condition(row.where)
        if where is None:
            errors[f"req-where-{place}"] = say(m("Say what must hold."))
    except BadRequest as fault:
        errors[f"req-where-{place}"] = say(fault.message)
    for language, text in (("uk", row.uk), ("en", row.en)):
        if not text.strip():
            errors[f"req-{language}-{place}"] = say(m("Both languages are needed, this one too."))
    return {"where": where, "message": {"uk": row.uk.strip(), "en": row.en.strip()}}
