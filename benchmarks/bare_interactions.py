"""The past with customers by Flask, SQL and Jinja and nothing else: lists of interactions, a customer's card and timeline, and the figures
of the reports, which are SQL and, for the response in working minutes, a line of arithmetic."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g, render_template, request
from sqlalchemy import Engine, text

from benchmarks.bare import cell
from crm.backoffice.catalog import Catalog

KYIV = ZoneInfo("Europe/Kyiv")
HEADS = ("Назва", "Коли", "Спосіб", "Напрямок", "Стан", "Компанія", "Людина", "Тривалість", "Відповідальний")
SELECT = """
SELECT i.id, i.name, i.starts_at, i.medium_id, i.direction_id, i.state_id, a.name AS account, c.name AS contact, i.actual_minutes, u.name AS owner
FROM interaction i LEFT JOIN account a ON a.id = i.account_id LEFT JOIN contact c ON c.id = i.contact_id LEFT JOIN "user" u ON u.id = i.owner_id
WHERE i.deleted_at IS NULL AND i.starts_at IS NOT NULL {where} ORDER BY i.starts_at DESC, i.id DESC LIMIT :size {offset}
"""
LISTS = {
    "all": "", "filtered": "AND i.medium_id = :medium AND i.starts_at >= :since AND i.starts_at < :until", "account": "AND i.account_id = :account",
    "deep": "AND (i.starts_at, i.id) < (:at, :after)", "offset": "",
}
INTEGERS = ("medium", "account", "after", "size", "offset", "place")
ACCOUNT = """
SELECT a.code, a.name, a.tax_code, a.city, a.phone, a.website, a.revenue, a.currency, u.name AS owner, d.name AS department, t.name AS territory, a.created_at
FROM account a LEFT JOIN "user" u ON u.id = a.owner_id LEFT JOIN department d ON d.id = a.department_id LEFT JOIN territory t ON t.id = a.territory_id
WHERE a.id = :account AND a.deleted_at IS NULL
"""
# What happened: deals opened and closed, interactions, other moves of deals; of the same moment in this order of places, the newest row first.
MOVES = """
SELECT * FROM (SELECT {place} AS place, h.id, h.entered_at AS at, h.stage_id AS a, h.from_stage_id AS b, d.name AS title, '' AS said, d.id AS target
FROM deal d JOIN stage_history h ON h.deal_id = d.id
WHERE d.account_id = :account AND d.deleted_at IS NULL AND h.deleted_at IS NULL AND h.entered_at <= :now AND {kind} {before}
ORDER BY h.entered_at DESC, h.id DESC LIMIT :size) AS m{place}
"""
TALKS = """
SELECT * FROM (SELECT 1 AS place, i.id, i.starts_at AS at, i.medium_id AS a, i.state_id AS b, i.name AS title, substr(i.minutes, 1, 400) AS said, i.id AS target
FROM interaction i WHERE i.account_id = :account AND i.deleted_at IS NULL AND i.starts_at <= :now {before}
ORDER BY i.starts_at DESC, i.id DESC LIMIT :size) AS m1
"""
ENDS = "(h.from_stage_id IS NULL OR h.stage_id IN (SELECT id FROM stage WHERE kind IN ('won', 'lost')))"
JOURNAL = "SELECT at, action, changes FROM journal WHERE entity = 'account' AND record_id = :account ORDER BY id DESC LIMIT :size"
CHOSEN = "i.deleted_at IS NULL AND i.starts_at >= :since AND i.starts_at < :until"
COUNTS = f"""
SELECT i.owner_id, u.name, count(*) FILTER (WHERE i.state_id = :planned) AS planned, count(*) FILTER (WHERE i.state_id = :held) AS held,
count(*) FILTER (WHERE i.state_id = :no_show) AS no_show, count(*) FILTER (WHERE i.state_id = :cancelled) AS cancelled,
count(*) FILTER (WHERE i.state_id = :planned AND i.ends_at < :now) AS overdue,
count(*) FILTER (WHERE i.state_id = :held AND i.direction_id = :inbound) AS inbound,
count(*) FILTER (WHERE i.state_id = :held AND i.direction_id = :outbound) AS outbound,
sum(i.actual_minutes) FILTER (WHERE i.state_id = :held) AS minutes
FROM interaction i LEFT JOIN "user" u ON u.id = i.owner_id WHERE {CHOSEN} GROUP BY i.owner_id, u.name
"""
WAITS = f"""
SELECT i.owner_id, i.starts_at, (SELECT o.starts_at FROM interaction o WHERE o.account_id = i.account_id AND o.deleted_at IS NULL
AND o.direction_id = :outbound AND o.state_id = :held AND o.starts_at >= i.starts_at ORDER BY o.starts_at LIMIT 1) AS answered
FROM interaction i WHERE i.direction_id = :inbound AND i.state_id = :held AND {CHOSEN}
"""
SPENT = f"""
SELECT i.owner_id, u.name, count(*) AS held, count(i.actual_minutes) AS timed, sum(i.actual_minutes) AS minutes,
count(DISTINCT CASE WHEN i.actual_minutes IS NOT NULL THEN a.id END) AS clients,
count(DISTINCT CASE WHEN i.actual_minutes IS NOT NULL THEN d.id END) AS deals,
count(DISTINCT CASE WHEN i.actual_minutes IS NOT NULL AND s.kind = 'won' THEN d.id END) AS won_deals
FROM interaction i LEFT JOIN "user" u ON u.id = i.owner_id LEFT JOIN account a ON a.id = i.account_id AND a.deleted_at IS NULL
LEFT JOIN deal d ON d.id = i.deal_id AND d.deleted_at IS NULL LEFT JOIN stage s ON s.id = d.stage_id
WHERE i.state_id = :held AND {CHOSEN} GROUP BY i.owner_id, u.name
"""
DUE = """
SELECT i.owner_id, u.name, count(*) AS due, count(*) FILTER (WHERE i.state_id = :held) AS kept, count(*) FILTER (WHERE i.state_id = :planned) AS overdue
FROM interaction i LEFT JOIN "user" u ON u.id = i.owner_id WHERE i.deleted_at IS NULL AND i.ends_at < :now GROUP BY i.owner_id, u.name
"""
TOUCHES = """
SELECT m.stage_id, s.name, count(*) AS touches, sum(i.actual_minutes) AS minutes
FROM interaction i JOIN deal d ON d.id = i.deal_id AND d.deleted_at IS NULL LEFT JOIN (
SELECT deal_id, stage_id, entered_at, lead(entered_at) OVER (PARTITION BY deal_id ORDER BY entered_at, id) AS until FROM stage_history WHERE deleted_at IS NULL
) m ON m.deal_id = i.deal_id AND m.entered_at <= i.starts_at AND (m.until IS NULL OR m.until > i.starts_at) LEFT JOIN stage s ON s.id = m.stage_id
WHERE i.deleted_at IS NULL AND i.state_id = :held GROUP BY m.stage_id, s.name
"""

Figures = dict[int | None, dict[str, Any]]


@dataclass
class Past:
    """The bare SQL over one database, and the options' labels by number."""

    engine: Engine
    labels: dict[int, str]
    options: dict[str, int]
    scaled: bool = field(init=False)

    def __post_init__(self) -> None:
        self.scaled = self.engine.dialect.name == "sqlite"

    def moment(self, at: datetime) -> str:
        """A moment as a value of a condition."""
        return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" + ("" if self.scaled else "+00")

    def rows(self, sql: str, **values: Any) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return connection.execute(text(sql), values).all()

    def timeline(self, account: int, size: int, before: tuple[str, int, int] | None = None) -> list[Any]:
        """What happened with a customer, newest first; before a moment, place and number where they are given."""
        parts: list[str] = []
        values: dict[str, Any] = {"account": account, "size": size, "now": self.moment(datetime.now(UTC))}
        for place, sql, at, kind in ((0, MOVES, "h", ENDS), (1, TALKS, "i", ""), (2, MOVES, "h", f"NOT {ENDS}")):
            column = "entered_at" if at == "h" else "starts_at"
            later = ""
            if before:
                limit = "<=" if place > before[1] else "<"
                later = f"AND ({at}.{column}, {at}.id) < (:at, :id)" if place == before[1] else f"AND {at}.{column} {limit} :at"
            parts.append(sql.format(place=place, kind=kind, before=later))
        if before:
            values |= {"at": before[0], "id": before[2]}
        found = self.rows(" UNION ALL ".join(parts), **values)
        return sorted(found, key=lambda row: (instant(row.at), -row.place, row.id), reverse=True)[:size]

    def interactions(self, since: datetime, until: datetime) -> Figures:
        """The report on interactions by owner."""
        values: dict[str, Any] = {**self.options, "since": self.moment(since), "until": self.moment(until)}
        counted = self.rows(COUNTS, **values, now=self.moment(datetime.now(UTC)))
        found: Figures = {row.owner_id: {**row._mapping, "minutes": row.minutes if row.held else 0} for row in counted}
        waits: dict[int, list[int]] = defaultdict(list)
        for row in self.rows(WAITS, **values):
            if row.answered is not None:
                waits[row.owner_id].append(worked(instant(row.answered)) - worked(instant(row.starts_at)))
        for owner, figures in found.items():
            figures["median_response"] = median(waits[owner]) / 60 if owner in waits else None
        return found

    def time_spent(self, since: datetime, until: datetime) -> Figures:
        """The report on time spent by owner."""
        values = {"held": self.options["held"], "since": self.moment(since), "until": self.moment(until)}
        return {row.owner_id: dict(row._mapping) for row in self.rows(SPENT, **values)}

    def overdue(self) -> Figures:
        """The report on what is overdue, by owner; without ages."""
        values = {"held": self.options["held"], "planned": self.options["planned"], "now": self.moment(datetime.now(UTC))}
        return {row.owner_id: dict(row._mapping) for row in self.rows(DUE, **values)}

    def touches(self) -> Figures:
        """Touches and minutes of all deals by stage; without the spread over deals."""
        return {row.stage_id: dict(row._mapping) for row in self.rows(TOUCHES, held=self.options["held"])}

    def formatted(self, row: Any) -> list[str]:
        """The cells of a row as the product's list shows them."""
        labels, at = self.labels, instant(row.starts_at).astimezone(KYIV)
        return [
            row.name, f"{cell(at.date(), False)} {at:%H:%M}", labels[row.medium_id], labels[row.direction_id], labels[row.state_id], row.account or "",
            row.contact or "", lasting(row.actual_minutes), row.owner or "",
        ]


def past_of(engine: Engine, catalog: Catalog) -> Past:
    names = ("interaction_state", "interaction_medium", "direction")
    every = [option for name in names for option in catalog.picklists[name].options]
    return Past(engine, {o.id: o.label.text("uk") for o in every}, {o.key: o.id for o in every})


def add_past(app: Flask, past: Past, menu: Sequence[tuple[str, str]]) -> None:
    """Give the bare application its pages of interactions and customers."""

    def rows(name: str) -> list[Any]:
        params: dict[str, Any] = {k: int(v) if k in INTEGERS else v for k, v in request.args.items()}
        params.setdefault("size", 50)
        offset = "OFFSET :offset" if "offset" in params else ""
        return list(past.rows(SELECT.format(where=LISTS[name], offset=offset), **{**params, "size": params["size"] + 1})[: params["size"]])

    def page(name: str, **values: Any) -> str:
        return render_template(name, menu=menu, user=g.user, path=request.path, **values)

    @app.get("/raw/interactions/<name>")
    def raw_interactions(name: str) -> str:
        return page("list.html", heads=HEADS, rows=[(row.id, row[1:]) for row in rows(name)])

    @app.get("/babel/interactions/<name>")
    def babel_interactions(name: str) -> str:
        return page("list.html", heads=HEADS, rows=[(row.id, past.formatted(row)) for row in rows(name)])

    @app.get("/raw/account/<int:number>")
    def account(number: int) -> str:
        values = past.rows(ACCOUNT, account=number)[0]
        journal = past.rows(JOURNAL, account=number, size=13)
        return page("record.html", heads=values._fields, values=values, lines=past.timeline(number, 13), history=[], journal=journal)

    @app.get("/raw/account/<int:number>/timeline")
    def timeline(number: int) -> str:
        before = (request.args["at"], int(request.args["place"]), int(request.args["id"])) if "at" in request.args else None
        found = past.timeline(number, 51, before)
        journal = [] if before else past.rows(JOURNAL, account=number, size=51)
        return page("record.html", heads=(), values=(), lines=found[:50], history=[], journal=journal)

    @app.get("/raw/report/<name>")
    def report(name: str) -> str:
        if name in ("overdue", "stage_touches"):
            found = past.overdue() if name == "overdue" else past.touches()
        else:
            since, until = (datetime.fromisoformat(request.args[key]) for key in ("since", "until"))
            found = past.interactions(since, until) if name == "interactions" else past.time_spent(since, until)
        shown = sorted(found.items(), key=lambda one: list(one[1].values())[2], reverse=True)
        return page("list.html", heads=list(shown[0][1]), rows=[(number, list(one.values())) for number, one in shown])


def instant(value: Any) -> datetime:
    """A moment of the database; SQLite gives it as text."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def lasting(minutes: int | None) -> str:
    """`1 год 30 хв`."""
    if minutes is None:
        return ""
    hours, rest = divmod(minutes, 60)
    return " ".join(f"{number}\u00a0{unit}" for number, unit in ((hours, "год"), (rest, "хв")) if number) or "0\u00a0хв"


def worked(at: datetime) -> int:
    """Seconds of working time from a Monday long ago until a moment: five days a week, from nine until six in Kyiv."""
    local = at.astimezone(KYIV)
    weeks, day = divmod(local.date().toordinal() - 1, 7)  # day 1 of the calendar was a Monday
    today = min(max((local.hour - 9) * 3600 + local.minute * 60 + local.second, 0), 9 * 3600) if day < 5 else 0
    return (weeks * 5 + min(day, 5)) * 9 * 3600 + today
