"""The rows of a company, the same from the same seed: people, customers, products, deals with lines and stage history, and the journal
that making them would have written, digests included. Sort and search keys are the fields' own. Interactions are in `interactions.py`."""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Any

from sqlalchemy import Connection

from benchmarks.load import copy
from crm.backoffice import journal
from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.sales.models import Deal, DealLine, StageHistory
from crm.sales.stays import OF_STAY, Move, Place, places, stays

READER, PASSWORD = "reader@firm.example", "seven quiet storks"
SELLER = "seller@firm.example"
FIRST = 1000  # numbers below are for what a company has from the start
DEPARTMENTS, TERRITORIES, SELLERS, PRODUCTS = 20, 10, 500, 400
DEALS_OF_A_CUSTOMER = 20
BORN = datetime(2022, 1, 3, 8, tzinfo=UTC)
STAGES = (("lead", 8), ("qualified", 8), ("proposal", 8), ("negotiation", 6), ("contract", 5), ("won", 40), ("lost", 25))
SHARES = tuple(accumulate(share for _, share in STAGES))
STEPS = ("Зателефонувати", "Надіслати пропозицію", "Узгодити договір", "Показати зразки", "Нагадати про рахунок", None)
GIVEN = ("Олена", "Іван", "Ґалина", "Юрій", "Марта", "Степан", "Зоряна", "Євген", "Їжачка", "Богдан")
FAMILY = ("Коваль", "Шевчук", "Їжак", "Єрмак", "Бондар", "Ткач", "Мельник", "Лисенко", "Гнатюк", "Ґудзь")
FIRMS = ("Криниця", "Зоря", "Обрій", "Ґанок", "Єдність", "Їдальня", "Лан", "Промінь", "Вежа", "Поділля")
CITIES = ("Київ", "Львів", "Одеса", "Дніпро", "Харків", "Їзмаїл", "Чернівці", "Ґалич")
GOODS = ("Насос", "Котел", "Кабель", "Щит", "Генератор", "Фільтр", "Клапан", "Ґрати", "Стелаж", "Вентилятор")

Row = dict[str, Any]


@dataclass
class Filler:
    """Makes rows as the one door would store them."""

    catalog: Catalog
    rng: Random
    deals: int
    people: Sequence[int]  # the two who sign in
    stages: Mapping[str, int]
    pipeline: int
    options: Mapping[str, Sequence[int]]
    empty: dict[str, Row] = field(default_factory=dict)

    @cached_property
    def places(self) -> dict[int, Place]:
        return places(self.catalog.configured["stage"].values())

    @property
    def accounts(self) -> int:
        return max(self.deals // DEALS_OF_A_CUSTOMER, 1)

    def stored(self, entity: str, number: int, at: datetime, values: Mapping[str, Any]) -> Row:
        """The row of a record made at `at`."""
        kind = self.catalog.entities[entity]
        row = dict(self.empty.get(entity) or self._empty(kind))
        row |= {"id": number, "created_at": at, "updated_at": at}
        for key, value in values.items():
            row |= kind.fields[key].stored(value)
        return row

    def _empty(self, kind: Entity) -> Row:
        row: Row = {"id": 0, "row_version": 1, "created_at": BORN, "updated_at": BORN, "created_by_id": 1, "updated_by_id": 1}
        for spec in kind.fields.values():
            if not spec.system:
                row |= spec.stored(None)
        self.empty[kind.key] = row
        return row

    def journaled(self, entity: str, number: int, at: datetime, values: Mapping[str, Any]) -> Row:
        """The journal's row of its making."""
        fields = self.catalog.entities[entity].fields
        changes = {key: [None, fields[key].journal(value)] for key, value in values.items() if value is not None}
        row: Row = {
            "at": at, "actor_id": 1, "source": "ui", "reason": "", "entity": entity, "record_id": number, "action": "create", "version": 1,
            "changes": changes, "batch": f"{number:032x}", "salt": f"{self.rng.getrandbits(128):032x}", "previous": "",
        }
        return {**row, "digest": journal.digest_of(row)}


def departments(f: Filler) -> Iterator[Row]:
    for n in range(DEPARTMENTS):
        yield f.stored("department", FIRST + n, BORN, {"code": f"DEP-{FIRST + n}", "name": f"Відділ {n + 1}", "parent": FIRST if n else None})


def territories(f: Filler) -> Iterator[Row]:
    for n in range(TERRITORIES):
        yield f.stored("territory", FIRST + n, BORN, {"code": f"T-{FIRST + n}", "name": f"Регіон {n + 1}"})


def place(seller: int) -> Row:
    return {"department": FIRST + seller % DEPARTMENTS, "territory": FIRST + seller % TERRITORIES}


def sellers(f: Filler) -> Iterator[Row]:
    for n in range(SELLERS):
        name = f"{GIVEN[n % 10]} {FAMILY[n // 10 % 10]}"
        values = {"code": f"U-{FIRST + n}", "name": f"{name} {n // 100 + 1}" if n >= 100 else name, "active": True, **place(n)}
        yield {**f.stored("user", FIRST + n, BORN, values), "password_hash": None, "language": None, "time_zone": None}


def accounts(f: Filler) -> Iterator[Row]:
    for n in range(f.accounts):
        seller = n % SELLERS
        yield f.stored("account", FIRST + n, BORN, {
            "code": f"A-{FIRST + n}", "name": f"{FIRMS[n % 10]}-{n // 10 + 1}", "city": CITIES[n % 8], "revenue": Decimal(f.rng.randint(10, 90_000) * 1000),
            "currency": "UAH", "country": "UA", "owner": FIRST + seller, **place(seller),
        })


def products(f: Filler) -> Iterator[Row]:
    for n in range(PRODUCTS):
        yield f.stored("product", FIRST + n, BORN, {
            "code": f"P-{FIRST + n}", "name": f"{GOODS[n % 10]} {100 + n}", "price": price(n), "currency": "UAH", "active": True,
        })


def price(product: int) -> Decimal:
    return Decimal(product * 7919 % 90_000 + 500) / 10


@dataclass(frozen=True)
class Course:
    """How one deal went."""

    number: int
    account: int
    seller: int
    stage: str
    opened: date
    closed: date | None
    product: int
    quantity: int

    @property
    def amount(self) -> Decimal:
        return price(self.product) * self.quantity

    @property
    def at(self) -> datetime:
        return datetime.combine(self.opened, BORN.timetz()) + timedelta(seconds=self.number % 28_800)


def course(f: Filler, number: int) -> Course:
    rng = f.rng
    account = rng.randrange(f.accounts)
    stage = STAGES[bisect(SHARES, rng.random() * SHARES[-1])][0]
    opened = BORN.date() + timedelta(days=rng.randrange(1300))
    closed = opened + timedelta(days=rng.randrange(1, 150)) if stage in ("won", "lost") else None
    return Course(number, account, account % SELLERS, stage, opened, closed, rng.randrange(PRODUCTS), rng.randrange(1, 60))


def sell(connection: Connection, f: Filler, numbers: range) -> list[Course]:
    """Deals with their lines, history and journal; how each went."""
    courses: list[Course] = []
    deals: list[Row] = []
    lines: list[Row] = []
    history: list[Row] = []
    journaled: list[Row] = []
    for n in numbers:
        one = course(f, n)
        courses.append(one)
        number, at, told = FIRST + n, one.at, moves(f, one)
        for entity, rows, values, own in (
            ("deal", deals, deal_values(f, one), number), ("deal_line", lines, line_values(one), number),
            *(("stage_history", history, move, FIRST + n * 2 + place) for place, move in enumerate(told)),
        ):
            rows.append(f.stored(entity, own, at, values))
            journaled.append(f.journaled(entity, own, at, values))
        for row, worked_out in zip(history[-len(told):], stays_of(f, told), strict=True):
            row |= worked_out
    for cls, rows in ((Deal, deals), (DealLine, lines), (StageHistory, history), (journal.JournalRow, journaled)):
        copy(connection, cls, rows)
    return courses


def deal_values(f: Filler, one: Course) -> Row:
    channels, sources, reasons = (f.options[key] for key in ("sales_channel", "source", "loss_reason"))
    # Every fiftieth deal is one of the two who sign in.
    owner = f.people[one.number // 50 % 2] if one.number % 50 == 0 else FIRST + one.seller
    return {
        "code": f"D-{FIRST + one.number}", "name": f"{GOODS[one.product % 10]} для «{FIRMS[one.account % 10]}-{one.account // 10 + 1}»",
        "account": FIRST + one.account, "pipeline": f.pipeline, "stage": f.stages[one.stage], "amount": one.amount,
        "currency": "USD" if one.number % 11 == 0 else "UAH",
        "cost": one.amount * 3 / 5, "margin": one.amount * 2 / 5, "probability": f.catalog.configured["stage"][f.stages[one.stage]].values["probability"],
        "opened_on": one.opened, "expected_on": one.opened + timedelta(days=60 + one.number % 90) if one.number % 7 else None, "closed_on": one.closed,
        "next_step": STEPS[one.number % 6] if one.closed is None else None,
        "next_step_on": one.opened + timedelta(days=14) if one.closed is None and one.number % 6 != 5 else None,
        "sales_channel": channels[one.number % len(channels)], "source": sources[one.number % len(sources)],
        "loss_reason": reasons[one.number % len(reasons)] if one.stage == "lost" else None, "owner": owner, **place(one.seller),
    }


def line_values(one: Course) -> Row:
    return {"deal": FIRST + one.number, "product": FIRST + one.product, "quantity": Decimal(one.quantity), "price": price(one.product), "amount": one.amount}


def stays_of(f: Filler, told: Sequence[Row]) -> list[Row]:
    """What the one door works out for the rows of a deal's history."""
    written = [Move(n, move["stage"], move["from_stage"], move["entered_at"]) for n, move in enumerate(told)]
    found = stays(written, f.places, f.catalog.company.zone)
    return [{name: getattr(found[n], name) for name in OF_STAY} for n, _ in enumerate(told)]


def moves(f: Filler, one: Course) -> list[Row]:
    """The deal's stage history: where it began, and where it stands when that is elsewhere."""
    start = {"deal": FIRST + one.number, "from_stage": None, "stage": f.stages["lead"], "entered_at": one.at, "amount": one.amount}
    if one.stage == "lead":
        return [start]
    entered = datetime.combine(one.closed or one.opened + timedelta(days=9), BORN.timetz())
    return [start, {**start, "from_stage": f.stages["lead"], "stage": f.stages[one.stage], "entered_at": entered}]
