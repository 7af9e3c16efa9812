"""The demo company's sales: a catalogue, two pipelines, and two years of deals with lines, seasons and the history of their stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import select

from crm.backoffice.catalog import Configured
from crm.backoffice.demo import Demo
from crm.backoffice.money import round_half_up
from crm.contacts.demo import Customers
from crm.organization.demo import PEOPLE, TEAM_OF_REGION, Company, Person
from crm.sales import demo_costs, demo_judgements, demo_nights
from crm.sales.demo_detours import detour
from crm.sales.demo_goods import BRANCHES, LINES, NEXT_STEPS, TOGETHER, Branch, Good
from crm.sales import demo_teams
from crm.sales.demo_rivals import ACTIONS, RIVALS
from crm.sales.forecast import settling
from crm.sales.models import Deal

DEALS = 1_640
MONTHS = 24
GROWTH = 1.25  # deals a month at the end against the beginning
SEASONS = (0.72, 0.86, 1.08, 1.18, 1.16, 1.02, 0.78, 0.82, 1.16, 1.20, 1.10, 0.92)  # January to December
REASONS = {"price": 30, "competitor": 22, "timing": 14, "no_budget": 14, "no_need": 8, "quality": 3, "no_answer": 9}
CHANNELS = {"direct": 62, "dealer": 14, "tender": 12, "online": 9, "retail": 3}
SOURCES = {"website": 22, "referral": 26, "exhibition": 12, "cold_call": 18, "tender": 10, "advertising": 8, "social": 4}
# Per pipeline and open stage: the chance to go on, and the middle of the days that a deal stays.
WAYS: dict[str, dict[str, tuple[float, float]]] = {
    "sales": {"lead": (0.80, 5), "qualified": (0.79, 10), "proposal": (0.75, 14), "negotiation": (0.76, 16), "contract": (0.90, 8)},
    "demo-service": {"request": (0.86, 4), "survey": (0.82, 9), "offer": (0.70, 12)},
}
SERVICE = {
    "pipelines": {"demo-service": {
        "label": {"uk": "Сервісні договори", "en": "Service contracts"}, "entity": "deal",
        "stages": [
            {"key": "request", "label": {"uk": "Запит", "en": "Request"}, "type": "open", "probability": 0.3},
            {"key": "survey", "label": {"uk": "Обстеження", "en": "Survey"}, "type": "open", "probability": 0.5},
            {"key": "offer", "label": {"uk": "Пропозиція", "en": "Offer"}, "type": "open", "probability": 0.7, "duties": demo_teams.DUTIES},
            {"key": "won", "label": {"uk": "Укладено", "en": "Signed"}, "type": "won", "probability": 1},
            {"key": "lost", "label": {"uk": "Відмова", "en": "Declined"}, "type": "lost", "probability": 0},
        ],
    }},
}


@dataclass
class Catalogue:
    """The ids of what is sold, and the stages of each pipeline by key."""

    lines: dict[str, int]
    products: dict[str, int]
    stages: dict[str, dict[str, Configured]]


@dataclass
class Course:
    """How one deal went: the stages it entered and when, and how it ended (open: not yet)."""

    pipeline: str
    entered: list[tuple[str, date]] = field(default_factory=list)

    @property
    def stage(self) -> str:
        return self.entered[-1][0]

    @property
    def closed_on(self) -> date | None:
        return self.entered[-1][1] if self.stage in ("won", "lost") else None


def fill(demo: Demo, company: Company, customers: Customers) -> None:
    """Make the catalogue, then the deals with their lines and the history of their stages."""
    goods = _catalogue(demo)
    rivals = _rivals(demo, goods)
    deals: list[dict[str, Any]] = []
    lines: list[list[dict[str, Any]]] = []
    courses: list[Course] = []
    buyers = _buyers(demo, customers)
    for opened in sorted(_openings(demo)):
        account = demo.weighted(buyers)
        owner = _owner(demo, company, customers.regions[account])
        branch = _branch(demo, customers.industries[account])
        own = _lines(demo, goods, branch)
        amount = sum((line["amount"] for line in own), Decimal(0))
        course = _course(demo, "demo-service" if branch.line == "BL-SERVICE" else "sales", opened, owner, amount)
        course.entered = detour(course.entered, Random(f"way {len(courses)}"))  # noqa: S311 - a demo
        deals.append(_deal(demo, goods, company, customers, account, owner, branch, course, amount, own))
        lines.append(own)
        courses.append(course)
    ids = demo.create("deal", deals)
    demo.create("deal_line", [{"deal": deal, **{k: v for k, v in line.items() if k != "cost"}} for deal, own in zip(ids, lines, strict=True) for line in own])
    demo.create("stage_history", [row for deal, course, values in zip(ids, courses, deals, strict=True) for row in _history(demo, goods, deal, course, values)])
    _interests(demo, goods, customers, deals)
    _expectations(demo, ids)
    demo_nights.fill(demo, goods.stages, ids, deals, courses)
    demo_judgements.fill(demo, company, deals)
    demo_costs.fill(demo, company.people["head"])
    demo_teams.fill(demo, company, deals, ids)
    _met(demo, goods, rivals, deals, ids, lines)


def _catalogue(demo: Demo) -> Catalogue:
    lines = dict(zip(LINES, demo.create("product_category", [{"code": code, "name": name} for code, name in LINES.items()]), strict=True))
    categories = demo.create("product_category", [{"code": b.code, "name": b.name, "parent": lines[b.line]} for b in BRANCHES])
    rows = [
        {
            "code": good.code, "name": good.name, "name_en": good.name_en, "category": category, "unit": demo.option("unit", good.unit),
            "price": demo.money(good.price),
            "cost": demo.money(good.price * good.cost), "vat_rate": Decimal("0.2"),
        }
        for branch, category in zip(BRANCHES, categories, strict=True) for good in branch.goods
    ]
    products = dict(zip((str(row["code"]) for row in rows), demo.create("product", rows), strict=True))
    demo.change("product", {products[code]: {"goes_with": [products[other] for other in others]} for code, others in TOGETHER.items()})
    configured = demo.session.catalog.configured
    stages = {
        pipeline.code: {s.key: s for s in configured["stage"].values() if s.parent_id == pipeline.id}
        for pipeline in configured["pipeline"].values() if pipeline.code in WAYS
    }
    return Catalogue(lines, products, stages)


def _met(
    demo: Demo, goods: Catalogue, rivals: Mapping[int, frozenset[int]], deals: Sequence[Mapping[str, Any]], ids: Sequence[int],
    lines: Sequence[Sequence[Mapping[str, Any]]],
) -> None:
    """Rivals are met where they sell the like of what is offered, mostly in larger deals; a deal lost to one was lost to the cheapest of them."""
    kinds = {s.id: s.values["kind"] for s in demo.session.catalog.configured["stage"].values()}
    to_rival, rows = demo.option("loss_reason", "competitor"), list[dict[str, Any]]()
    for number, deal, own in zip(ids, deals, lines, strict=True):
        sold = {line["product"] for line in own}
        fitting = [rival for rival, products in rivals.items() if sold & products]
        lost_to = deal["loss_reason"] == to_rival
        if not fitting or (not lost_to and demo.chance.random() > 0.28):
            continue
        chosen = demo.chance.sample(fitting, min(len(fitting), demo.chance.choice((1, 1, 1, 2))))
        offers = {rival: round_half_up(deal["amount"] * Decimal(demo.chance.randint(82, 118)) / 100, 0) for rival in chosen}
        winner = min(chosen, key=lambda rival: offers[rival]) if lost_to else None
        for rival in chosen:
            kind = kinds[deal["stage"]]
            status = "won" if rival == winner else "active" if kind == "open" else "withdrawn" if demo.chance.random() < 0.15 else "lost"
            rows.append({
                "deal": number, "competitor": rival, "status": demo.option("rival_status", status),
                "threat": demo.option("rival_threat", demo.weighted({"low": 30, "medium": 45, "high": 25})),
                "offered_price": offers[rival] if demo.chance.random() < 0.7 else None,
            })
    demo.create("deal_competitor", rows)


def _rivals(demo: Demo, goods: Catalogue) -> dict[int, frozenset[int]]:
    """The competitors, each with the products of ours that it rivals."""
    made = demo.create("competitor", [
        {
            "code": rival.code, "name": rival.name, "website": rival.website, "country": rival.country, "strengths": rival.strengths,
            "price_position": demo.option("price_position", rival.prices), "products": [goods.products[code] for code in rival.goods],
            "weaknesses": rival.weaknesses, "answers": rival.answers,
        }
        for rival in RIVALS
    ])
    known = dict(zip((rival.code for rival in RIVALS), made, strict=True))
    demo.create("competitor_action", [
        {
            "name": what, "competitor": known[code], "kind": demo.option("competitor_action_kind", kind), "known_from": source,
            "happened_on": demo.today - timedelta(days=days),
        }
        for code, kind, days, what, source in ACTIONS
    ])
    return {number: frozenset(goods.products[code] for code in rival.goods) for number, rival in zip(made, RIVALS, strict=True)}


def _interests(demo: Demo, goods: Catalogue, customers: Customers, deals: Sequence[Mapping[str, Any]]) -> None:
    """A company is interested in the lines that it has had deals in, now and then in one that its trade needs; some have not been asked yet."""
    asked: dict[int, set[int]] = {}
    for deal in deals:
        asked.setdefault(deal["account"], set()).add(deal["business_line"])
    for account, industry in customers.industries.items():
        if demo.chance.random() < 0.4:
            needed = sorted({branch.line for branch in BRANCHES if industry in branch.industries})
            asked.setdefault(account, set()).update(goods.lines[line] for line in needed[:1])
    demo.change("account", {account: {"interests": sorted(lines)} for account, lines in asked.items()})


def _expectations(demo: Demo, ids: Sequence[int]) -> None:
    """Sellers say of some deals how probable they are and in which category they count; the others follow the stage. Past deals are counted."""
    deal, open_ones = Deal.__table__, demo.session.catalog.stages("open")
    said: dict[int, dict[str, Any]] = {}
    query = select(deal.c.id, deal.c.probability).where(deal.c.id.in_(ids), deal.c.stage_id.in_(open_ones)).order_by(deal.c.id)
    for number, probability in demo.session.kernel(query).all():
        luck = demo.chance.random()
        if luck < 0.2:
            said[number] = {"probability": min(Decimal("0.95"), max(Decimal("0.05"), probability + Decimal(demo.chance.choice((-20, -10, 10, 15))) / 100))}
        elif luck < 0.3:
            said[number] = {"forecast_category": demo.option("forecast_category", demo.chance.choice(("commit", "best_case", "omitted")))}
    demo.change("deal", said)
    settling.recount(demo.session)
    while settling.give(demo.session, len(ids)):
        pass


def _openings(demo: Demo) -> list[date]:
    """The working days on which deals begin: more in season, more every month, none after today."""
    first = demo.today - timedelta(days=round(MONTHS * 30.44))
    days = [first + timedelta(days=n) for n in range((demo.today - first).days + 1)]
    working = [d for d in days if d.weekday() < 5]
    weights = [SEASONS[d.month - 1] * GROWTH ** ((d - first).days / len(days)) for d in working]
    return demo.chance.choices(working, weights, k=DEALS)


def _buyers(demo: Demo, customers: Customers) -> dict[int, float]:
    """How often each account asks for something: a few very often, most now and then, some never."""
    prospect = demo.option("account_kind", "prospect")
    return {
        account: min(demo.chance.paretovariate(1.6), 12) * (0.35 if values["kind"] == prospect else 1.0)
        for account, values in customers.accounts.items() if demo.chance.random() < 0.93
    }


def _owner(demo: Demo, company: Company, region: str) -> Person:
    team = TEAM_OF_REGION[region]
    return demo.weighted({p: p.share * (3 if p.region == region else 1) for p in PEOPLE if p.share and p.department in (team, "DEMO-SALES")})


def _branch(demo: Demo, industry: str) -> Branch:
    return demo.weighted({b: b.weight * (3 if industry in b.industries else 1) for b in BRANCHES})


def _lines(demo: Demo, goods: Catalogue, branch: Branch) -> list[dict[str, Any]]:
    """One to four different goods of the branch; equipment often with installation."""
    chance = demo.chance
    chosen = chance.sample(branch.goods, min(len(branch.goods), demo.weighted({1: 40, 2: 34, 3: 18, 4: 8})))
    found = [_line(demo, goods, good) for good in chosen]
    if branch.line in ("BL-COLD", "BL-CLIMATE") and chance.random() < 0.45:
        installation = next(g for b in BRANCHES for g in b.goods if g.code == "MN-1")
        found.append(_line(demo, goods, installation, 1))
    return found


def _line(demo: Demo, goods: Catalogue, good: Good, quantity: int | None = None) -> dict[str, Any]:
    chance = demo.chance
    if quantity is None:
        quantity = {
            "piece": chance.choice((1, 1, 1, 2, 2, 3, 4, 6)) if good.price > 30_000 else chance.randint(2, 24), "square_metre": chance.randint(60, 480),
            "kg": chance.randrange(20, 400, 10), "month": chance.choice((6, 12, 12, 12, 24)), "hour": chance.randint(4, 60), "package": chance.randint(2, 30),
            "service": 1,
        }[good.unit]
    price = demo.money(good.price)
    discount = Decimal(demo.weighted({0: 58, 3: 12, 5: 16, 7: 6, 10: 6, 12: 2})) / 100
    amount = round_half_up(quantity * price * (1 - discount), 4)
    return {
        "product": goods.products[good.code], "quantity": Decimal(quantity), "price": price, "discount": discount or None, "amount": amount,
        "cost": demo.money(good.price * good.cost) * quantity,
    }


def _course(demo: Demo, pipeline: str, opened: date, owner: Person, amount: Decimal) -> Course:
    """Stage by stage: stay some days, go on or be lost, until it is decided or today is reached. Large deals take longer and are won less."""
    chance = demo.chance
    ways = WAYS[pipeline]
    size = min(max(float(amount / demo.money(400_000)), 0.2), 4.0)
    course = Course(pipeline, [(next(iter(ways)), opened)])
    day = opened
    for place, (go_on, stay) in enumerate(ways.values(), 1):
        day = _working(day + timedelta(days=max(1, round(stay * chance.lognormvariate(0, 0.65) * size**0.18))))
        if day > demo.today:
            return course
        odds = go_on * (1 + (owner.skill - 1) * 0.45) * (1.03 if size < 1 else 0.97)
        if chance.random() >= min(odds, 0.97):
            course.entered.append(("lost", day))
            return course
        course.entered.append((list(ways)[place] if place < len(ways) else "won", day))
    return course


def _working(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def _deal(
    demo: Demo, goods: Catalogue, company: Company, customers: Customers, account: int, owner: Person, branch: Branch, course: Course, amount: Decimal,
    lines: list[dict[str, Any]],
) -> dict[str, Any]:
    chance = demo.chance
    stage = goods.stages[course.pipeline][course.stage]
    opened, closed = course.entered[0][1], course.closed_on
    ways = WAYS[course.pipeline]
    left = sum(stay for _, stay in list(ways.values())[list(ways).index(course.stage):]) if course.stage in ways else 0
    title = chance.choice(branch.titles).format(n=chance.randint(2, 12), year=opened.year + 1)
    step = closed is None and chance.random() < 0.86
    return {
        "name": title, "account": account, "contact": chance.choice(customers.people[account]), "pipeline": stage.parent_id, "stage": stage.id,
        "amount": amount, "recurs_every": 12 if branch.line == "BL-SERVICE" else None,
        "cost": sum((line["cost"] for line in lines), Decimal(0)), "opened_on": opened, "closed_on": closed,
        "expected_on": demo_nights.promised(opened, closed) if closed else max(opened, _working(
            demo.today + timedelta(days=-chance.randint(2, 20) if chance.random() < 0.1 else round(left * chance.uniform(0.4, 1.6)) + 1))),
        "next_step": chance.choice(NEXT_STEPS) if step else None, "next_step_on": _working(demo.today + timedelta(days=chance.randint(-3,
            18))) if step else None,
        "source": demo.option("source", demo.weighted(SOURCES)), "sales_channel": demo.option("sales_channel", demo.weighted(CHANNELS)),
        "business_line": goods.lines[branch.line], "loss_reason": demo.option("loss_reason", demo.weighted(REASONS)) if course.stage == "lost" else None,
        "owner": company.people[owner.key], "department": company.departments[owner.department], "territory": customers.accounts[account]["territory"],
    }


def _history(demo: Demo, goods: Catalogue, deal: int, course: Course, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for every stage entered, at some working hour of its day in the company's zone; never later than now."""
    zone, now = demo.session.catalog.company.zone, datetime.now(UTC)
    stages = goods.stages[course.pipeline]
    rows: list[dict[str, Any]] = []
    before: int | None = None
    for key, day in course.entered:
        moment = datetime.combine(day, time(demo.chance.randint(9, 17), demo.chance.randrange(60)), zone).astimezone(UTC)
        stage = stages[key]
        rows.append({
            "deal": deal, "from_stage": before, "stage": stage.id, "entered_at": min(moment, now), "amount": values["amount"],
            "probability": stage.values["probability"],
        })
        before = stage.id
    return rows
