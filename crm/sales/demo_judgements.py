"""What the demo's people expected of months that are over and expect of the next ones: each leans his own way, and changes his mind once."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from crm.backoffice.demo import Demo
from crm.backoffice.periods import Period, month as month_of
from crm.organization.demo import DEPARTMENTS, PEOPLE, Company
from crm.sales.judgements.models import COMMIT, FORECAST, JUDGEMENT

# who judges: of which department ("": of himself), and how he leans
JUDGES = (("head", "DEMO-SALES", 1.04), ("west", "DEMO-WEST", 1.22), ("centre", "DEMO-CENTRE", 0.9), ("south", "DEMO-SOUTH", 1.05), ("seller", "", 0.95))
REASONS = (
    "Два великі договори вже в юристів, решта йде за графіком.", "Клієнти переносять бюджети на наступний квартал.", "Перед сезоном попит завжди зростає.",
    "Частину угод ведуть новачки, рахую обережно.", "Зідзвонився з усіма за списком: підтвердили строки.",
)
AGAIN = "Дві угоди перенесли замовники, одну додали."
PAST, AHEAD = 6, 2  # months


def fill(demo: Demo, company: Company, deals: Sequence[Mapping[str, Any]]) -> None:
    """Judgements in the order in which they were stated."""
    rows = [row for judge, unit, leaning in JUDGES for row in _of(demo, company, deals, judge, unit, leaning)]
    demo.create(JUDGEMENT, sorted(rows, key=lambda row: (row["stated_on"], row["owner"])))


def _of(demo: Demo, company: Company, deals: Sequence[Mapping[str, Any]], judge: str, unit: str, leaning: float) -> Iterator[dict[str, Any]]:
    chance = Random(f"judgements of {judge}")  # noqa: S311 - a demo
    people = {company.people[p.key] for p in PEOPLE if (p.key == judge if not unit else unit in _up(p.department))}
    for place in range(-PAST, AHEAD + 1):
        days = _month(demo.today, place)
        worth = _worth(demo, [deal for deal in deals if deal["owner"] in people], days.first, days.last)
        stated = min(days.first - timedelta(days=chance.randint(33, 45)), demo.today - timedelta(days=chance.randint(2, 9)))
        of = {"unit": company.departments[unit]} if unit else {"seller": company.people[judge]}
        base = {"owner": company.people[judge], "month": days.first, **of}
        for measure, share in ((FORECAST, 1.0), (COMMIT, 0.72)):
            first = _rounded(worth * leaning * share * chance.uniform(0.8, 1.2))
            yield {**base, "measure": measure, "amount": first, "reason": chance.choice(REASONS), "stated_on": stated}
            if measure == FORECAST and chance.random() < 0.4:
                later = min(stated + timedelta(days=chance.randint(5, 20)), demo.today)
                yield {**base, "measure": measure, "amount": _rounded(float(first) * chance.uniform(0.85, 1.1)), "reason": AGAIN, "stated_on": later}


def _up(department: str) -> list[str]:
    """A department and all above it."""
    found = []
    while department:
        found.append(department)
        department = DEPARTMENTS[department][1]
    return found


def _month(today: date, place: int) -> Period:
    months = today.year * 12 + today.month - 1 + place
    return month_of(date(months // 12, months % 12 + 1, 1))


def _worth(demo: Demo, deals: Sequence[Mapping[str, Any]], first: date, last: date) -> float:
    """What was won in the days, and two fifths of what is open and expected in them."""
    kinds = {s.id: s.values["kind"] for s in demo.session.catalog.configured["stage"].values()}
    won = sum(float(d["amount"]) for d in deals if kinds[d["stage"]] == "won" and d.get("closed_on") and first <= d["closed_on"] <= last)
    return won + sum(float(d["amount"]) * 0.4 for d in deals if kinds[d["stage"]] == "open" and d.get("expected_on") and first <= d["expected_on"] <= last)


def _rounded(amount: float) -> Decimal:
    """As people say it: to tens of thousands, and never nothing."""
    return Decimal(max(round(amount / 10_000), 1) * 10_000)
