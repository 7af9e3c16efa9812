"""The demo company's contact history: who talked with whom about which deal, what was missed, moved and cancelled, and what is planned."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from crm.backoffice.demo import Demo
from crm.contacts.interactions.demo_words import AGENDAS, AGREED, COMPARED, LEGAL_ENTITIES, OBJECTIONS, SAID, SUBJECTS
from crm.contacts.interactions.course import CALL, EMAIL, LETTER, MEETING, MESSAGE, TALKS, USUAL_MINUTES, VISIT

MEDIA = {CALL: 46, EMAIL: 24, MEETING: 14, MESSAGE: 9, VISIT: 5, LETTER: 2}
RESULTS = {"agreed": 34, "goes_on": 38, "thinking": 20, "declined": 8}
UNANSWERED = {CALL: {"no_answer": 70, "busy": 20, "voicemail": 10}, MEETING: {"nobody_there": 100}, VISIT: {"nobody_there": 100}}
OVERDUE = 0.06  # of the plans of past days, those that nobody has said anything of
MOVED = 0.07
INBOUND = {"first": 0.45, "later": 0.18}


class Talk(NamedTuple):
    """A deal as its history needs it."""

    deal: int
    account: int
    contact: int | None
    owner: int
    department: int | None
    territory: int | None
    opened: date
    closed: date | None


def fill(demo: Demo) -> None:
    """Interactions about every deal that has a company: some while it ran, for an open one what comes next."""
    rows: list[dict[str, Any]] = []
    moved: list[tuple[int, dict[str, Any]]] = []  # place of what was postponed → what it was postponed to
    inbound = demo.option("direction", "inbound")
    ours = demo.create("legal_entity", LEGAL_ENTITIES)
    for talk in _talks(demo):
        until = talk.closed or demo.today
        for place in range(demo.weighted({1: 34, 2: 40, 3: 20, 4: 6})):
            day = talk.opened if place == 0 else _between(demo, talk.opened, until)
            rows.append(_past(demo, talk, day, "first" if place == 0 else "later"))
            if rows[-1]["direction"] == inbound and demo.chance.random() < 0.75:
                rows += _answer(demo, talk, rows[-1]["held_at"])
            if demo.chance.random() < MOVED:
                moved.append((len(rows), _past(demo, talk, min(day + timedelta(days=demo.chance.randint(1, 6)), demo.today), "later")))
                rows.append(_in_state(demo, talk, day, "rescheduled"))
        if talk.closed is None and demo.chance.random() < 0.8:
            rows.append(_in_state(demo, talk, demo.today + timedelta(days=demo.chance.randint(1, 21)), "planned"))
    every = [*rows, *(v for _, v in moved)]
    _mentioned(demo, every)
    for values in every:
        values["legal_entity"] = ours[values["account"] % 6 == 0]  # some customers are served by the smaller one
    ids = demo.create("interaction", rows)
    later = demo.create("interaction", [{**values, "postponed_from": ids[place]} for place, values in moved])
    _participants(demo, dict(zip([*ids, *later], [*rows, *(values for _, values in moved)], strict=True)))


def _talks(demo: Demo) -> list[Talk]:
    deals = demo.session.table("deal")
    columns = [deals[k] for k in ("account", "contact", "owner", "department", "territory", "opened_on", "closed_on")]
    query = select(deals.id, *columns).where(deals.visible, deals["account"].is_not(None), deals["owner"].is_not(None), deals["opened_on"].is_not(None))
    return [Talk(*row) for row in demo.session.execute(query.order_by(deals.id))]


def _between(demo: Demo, first: date, last: date) -> date:
    return first + timedelta(days=demo.chance.randint(0, max((last - first).days, 0)))


def _past(demo: Demo, talk: Talk, day: date, place: str) -> dict[str, Any]:
    """What became of a contact of a past day: mostly it was held."""
    chance = demo.chance
    state = demo.weighted({"held": 86, "no_show": 5, "cancelled": 4, "planned": 100 * OVERDUE})
    if state == "planned" and (demo.today - day).days > 20:
        state = "held"  # what is overdue for long has been cleared away
    values = _in_state(demo, talk, day, state)
    inbound = chance.random() < INBOUND[place] and state == "held"
    return values | ({"direction": demo.option("direction", "inbound")} if inbound else {})


def _in_state(demo: Demo, talk: Talk, day: date, state: str) -> dict[str, Any]:
    chance = demo.chance
    medium = demo.weighted(MEDIA) if state == "held" else demo.weighted({CALL: 55, MEETING: 35, VISIT: 10})
    start = _moment(demo, day, state)
    usual = USUAL_MINUTES[medium]
    values: dict[str, Any] = {
        "account": talk.account, "contact": talk.contact, "deal": talk.deal, "owner": talk.owner, "department": talk.department, "territory": talk.territory,
        "medium": demo.option("interaction_medium", medium), "direction": demo.option("direction", "outbound"),
        "state": demo.option("interaction_state", state), "subject": chance.choice(SUBJECTS[medium]), "planned_start": start, "planned_minutes": usual,
    }
    if medium in TALKS and chance.random() < 0.4:
        values["agenda"] = chance.choice(AGENDAS)
    return values | (_held(demo, medium, start, usual) if state == "held" else {})


def _held(demo: Demo, medium: str, start: datetime, usual: int) -> dict[str, Any]:
    chance = demo.chance
    at = min(start + timedelta(minutes=chance.choice((0, 0, 0, 5, 10, 15))), datetime.now(UTC).replace(second=0, microsecond=0))
    planned = chance.random() < 0.55  # the others were never planned: somebody called
    told: dict[str, Any] = {"held_at": at, "actual_minutes": max(1, round(usual * chance.lognormvariate(-0.1, 0.5)))}
    told |= {} if planned else {"planned_start": None, "planned_minutes": None}
    if medium in UNANSWERED and chance.random() < 0.12:
        return told | {"result": demo.option("interaction_result", demo.weighted(UNANSWERED[medium])), "actual_minutes": 1}
    told |= {"result": demo.option("interaction_result", demo.weighted(RESULTS)), "minutes": chance.choice(SAID)}
    told |= {"agreed": chance.choice(AGREED)} if chance.random() < 0.35 else {}
    return told | ({"objections": chance.choice(OBJECTIONS)} if chance.random() < 0.15 else {})


def _mentioned(demo: Demo, rows: Sequence[dict[str, Any]]) -> None:
    """Of what was said at length, now and then: about which goods of the deal, and which competitor the customer named."""
    lines, rivals = demo.session.table("deal_line"), demo.session.table("competitor")
    goods: dict[int, list[int]] = {}
    for deal, product in demo.session.execute(select(lines["deal"], lines["product"]).where(lines.visible).order_by(lines.id)):
        goods.setdefault(deal, []).append(product)
    known = list(demo.session.scalars(select(rivals.id).where(rivals.visible).order_by(rivals.id)))
    for values in rows:
        if values.get("minutes") and demo.chance.random() < 0.5:
            values["products"] = goods.get(values["deal"], [])[:2] or None
        if known and (values.get("objections") or values.get("minutes") == COMPARED) and demo.chance.random() < 0.7:
            values["competitors"] = demo.chance.sample(known, demo.weighted({1: 80, 2: 20}))


def _answer(demo: Demo, talk: Talk, asked: datetime) -> list[dict[str, Any]]:
    """We write or call back within some hours."""
    at = asked + timedelta(minutes=round(demo.chance.lognormvariate(4.2, 0.9)))
    if at > datetime.now(UTC):
        return []
    medium = demo.weighted({CALL: 55, EMAIL: 35, MESSAGE: 10})
    values = _in_state(demo, talk, demo.today, "held")
    return [values | {
        "medium": demo.option("interaction_medium", medium), "subject": demo.chance.choice(SUBJECTS[medium]), "held_at": at, "planned_start": None,
        "planned_minutes": None, "actual_minutes": max(1, round(USUAL_MINUTES[medium] * demo.chance.lognormvariate(-0.2, 0.4))), "agenda": None,
        "result": demo.option("interaction_result", demo.weighted(RESULTS)),
    }]


def _moment(demo: Demo, day: date, state: str) -> datetime:
    """Some quarter of an hour of the working day; what is not planned lies in the past."""
    day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
    if state != "planned":
        day = min(day, demo.today)
    zone, now = demo.session.catalog.company.zone, datetime.now(UTC)
    at = datetime.combine(day, time(demo.chance.randint(9, 17), demo.chance.choice((0, 15, 30, 45))), zone).astimezone(UTC)
    return at if state == "planned" or at <= now else now.replace(second=0, microsecond=0) - timedelta(minutes=demo.chance.randint(5, 90))


def _participants(demo: Demo, made: Mapping[int, Mapping[str, Any]]) -> None:
    """At meetings and visits mostly a colleague is there too."""
    chance, rows = demo.chance, []
    meeting = {demo.option("interaction_medium", key) for key in (MEETING, VISIT)}
    held = demo.option("interaction_state", "held")
    owners = sorted({v["owner"] for v in made.values()})
    for number, values in made.items():
        if values["medium"] in meeting and chance.random() < 0.6:
            colleague = chance.choice([o for o in owners if o != values["owner"]] or owners)
            present = chance.random() < 0.92 if values["state"] == held else None
            rows.append({"interaction": number, "colleague": colleague, "present": present, "role": demo.option("participant_role", "advises")})
    demo.create("interaction_participant", rows)
