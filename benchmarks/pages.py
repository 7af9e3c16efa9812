"""The questions that every contender is asked, and how: the list, its order, its filter, a page far down, a search, a record, a save."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask
from sqlalchemy import Engine, event, select, text

from benchmarks.bare import make_bare
from benchmarks.bare_interactions import Past, add_past, past_of
from benchmarks.caller import Caller
from benchmarks.data import FIRST, READER
from benchmarks.stock import make_stock
from benchmarks.timing import Times, Work, in_turn
from config import Settings
from crm.application import create_app
from crm.backoffice import paging
from crm.backoffice.catalog import load_catalog
from crm.backoffice.database import make_engine
from crm.backoffice.guard import user_session
from crm.contacts.models import Account
from crm.permissions import access_for
from crm.sales.models import Deal

CITY = "Київ"
SOUGHT = FIRST + 161  # the customer that is searched for, Зоря-17; in a small company the nearest before it that has deals
PAGE = 50
COLUMNS = "name,account,stage,amount,currency,expected_on,next_step,next_step_on,owner"
SIZES = (25, 50, 200)
NO_TEXT = re.compile(r'<svg.*?</svg>|<span class="b-av[^"]*" aria-hidden="true">.*?</span>', re.DOTALL)
TIME = re.compile(r'<time[^>]* title="([^"]*)">.*?</time>', re.DOTALL)
BARE, FORMATTED, SCREEN, OFFSET, STOCK, PRODUCT = "bare", "bare, formatted", "the same screen", "bare, by offset", "stock Flask-Admin", "Brama"


@dataclass
class Stage:
    """The contenders over one database."""

    settings: Settings
    product: Caller
    app: Flask
    bare: Caller
    stock: Caller
    engine: Engine
    user: int
    deals: int
    interactions: int
    past: Past
    statements: list[str] = field(default_factory=list)

    @property
    def product_engine(self) -> Engine:
        return self.app.extensions["brama"].engine  # type: ignore[no-any-return]

    def close(self) -> None:
        self.engine.dispose()
        self.product_engine.dispose()


@dataclass(frozen=True)
class Question:
    """One question: its name, and what each contender does to answer it."""

    name: str
    contenders: dict[str, Work]
    listed: bool = False


def set_stage(database_url: str, instance: Path) -> Stage:
    """The product, the bare page and stock Flask-Admin over a filled database, each with the same person signed in."""
    settings = Settings(instance=instance, database_url=database_url, secret_key="k" * 40, log_level="ERROR")
    app = create_app(settings)
    engine = make_engine(database_url, statement_seconds=0)
    with engine.connect() as connection:
        user = int(connection.execute(text('SELECT id FROM "user" WHERE email = :email'), {"email": READER}).scalar_one())
        deals = int(connection.execute(text("SELECT count(*) FROM deal")).scalar_one())
        interactions = int(connection.execute(text("SELECT count(*) FROM interaction")).scalar_one())
    product = Caller(app).sign_in(READER)
    page = product.get(f"/deal/?columns={COLUMNS}").text
    menu = re.findall(r'<li><a href="([^"]+)" data-nav="[^"]*"[^>]*title="([^"]+)"', page)
    assert len(menu) > 5, "the menu of the product is not found"
    head, rest = page.split("<tbody>\n")
    entries = [(unescape(label), url) for url, label in menu]
    by_hand, past = make_bare(engine, entries, (head + "<tbody>\n", rest[rest.index("  </tbody>") :])), past_of(engine, load_catalog(engine))
    add_past(by_hand, past, entries)
    bare = Caller(by_hand)
    stock = Caller(make_stock(engine, len(menu)))
    for caller in (bare, stock):
        caller.get(f"/sign-in/{user}")
    stage = Stage(settings, product, app, bare, stock, engine, user, deals, interactions, past)

    @event.listens_for(stage.product_engine, "before_cursor_execute")
    def count_statement(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            stage.statements.append(statement)

    return stage


def queries(stage: Stage, path: str) -> int:
    """How many statements the product sends to answer `path`."""
    stage.product.get(path)
    stage.statements.clear()
    stage.product.get(path)
    return len(stage.statements)


def questions(stage: Stage) -> Iterator[Question]:
    """Everything that is timed. Raises AssertionError when contenders do not show the same rows."""
    won, place, deep, sought = _won(stage), _page_number(stage), _deep(stage), quote(_sought(stage))
    leaves = [{"field": "stage", "op": "eq", "value": "won"}, {"field": "account.city", "op": "eq", "value": CITY}]
    where = quote(json.dumps({"all": leaves}, ensure_ascii=False))
    filtered = f"stage={won}&city={quote(CITY)}"
    last = f"amount={deep[0]}&after={deep[1]}"
    filters = _stock_filters(stage)
    yield _list(stage, "list, first page", f"/deal/?columns={COLUMNS}", "list", "/admin/deal/")
    yield _list(stage, "list by amount", f"/deal/?columns={COLUMNS}&sort=-amount", "sorted", "/admin/deal/?sort=3&desc=1")
    yield _list(stage, "list by customer", f"/deal/?columns={COLUMNS}&sort=account", "customer", "/admin/deal/?sort=1")
    yield _list(
        stage, "filter and sort", f"/deal/?columns={COLUMNS}&where={where}&sort=-closed_on", f"filtered?{filtered}", f"/admin/deal/?{filters}&sort=5&desc=1",
    )
    yield _list(
        stage, f"page {place:,} by amount", f"/deal/?columns={COLUMNS}&sort=-amount&after={paging.encode(deep, False)}", f"deep?{last}",
        f"/admin/deal/?sort=3&desc=1&page={place - 1}", offset=f"offset?offset={(place - 1) * PAGE}",
    )
    yield _list(stage, "search", f"/deal/?columns={COLUMNS}&search={sought}", f"search?sought={sought}", f"/admin/deal/?search={sought}")
    number = FIRST + stage.deals // 2
    yield Question("record", {
        PRODUCT: lambda: stage.product.get(f"/deal/{number}/"), BARE: lambda: stage.bare.get(f"/raw/deal/{number}"),
        FORMATTED: lambda: stage.bare.get(f"/babel/deal/{number}"), STOCK: lambda: stage.stock.get(f"/admin/deal/details/?id={number}"),
    })
    saves = count()

    def value() -> str:
        return f"Крок {next(saves)}"

    yield Question("save a cell", {
        PRODUCT: lambda: stage.product.post(f"/deal/{number}/cell/next_step", {"value": value()}),
        BARE: lambda: stage.bare.post(f"/raw/deal/{number + 1}", {"value": value(), "bare": "1"}),
        STOCK: lambda: stage.stock.post("/admin/deal/ajax/update/", {"list_form_pk": str(number + 2), "next_step": value()}),
    })


def _list(stage: Stage, name: str, product: str, bare: str, stock: str, *, offset: str = "") -> Question:
    same_cells(stage, name, product, f"/babel/{bare}", skip=0)
    same_cells(stage, name, product, f"/screen/{bare}", skip=1)
    contenders: dict[str, Work] = {
        PRODUCT: lambda: stage.product.get(product), BARE: lambda: stage.bare.get(f"/raw/{bare}"), FORMATTED: lambda: stage.bare.get(f"/babel/{bare}"),
        SCREEN: lambda: stage.bare.get(f"/screen/{bare}"),
    }
    if offset:
        contenders[OFFSET] = lambda: stage.bare.get(f"/raw/{offset}")
    contenders[STOCK] = lambda: stage.stock.get(stock)
    return Question(name, contenders, listed=True)


def same_cells(stage: Stage, name: str, product: str, bare: str, *, skip: int) -> None:
    """The product and another page, whose first `skip` cells of a row hold no value, show the same text in the same rows."""
    ours, theirs = cells(stage.product.get(product).text, skip=1), cells(stage.bare.get(bare).text, skip=skip)
    assert ours and ours == theirs, f"{name}: not the same cells: {next((p for p in zip(ours.items(), theirs.items(), strict=False) if p[0] != p[1]), None)}"


def cells(page: str, *, skip: int) -> dict[str, list[str]]:
    """The text of every cell by the row's number: of a day said in words the exact one beneath; avatars and drawings are no text; the first
    `skip` cells of a row hold no value."""
    found = {}
    for number, row in re.findall(r'<tr data-id="(\d+)"[^>]*>(.*?)</tr>', page, re.DOTALL):
        inner = [NO_TEXT.sub("", TIME.sub(r"\1", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        found[number] = [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in inner[skip:]]
    return found


def _won(stage: Stage) -> int:
    catalog = load_catalog(stage.engine)
    return next(s.id for s in catalog.configured["stage"].values() if s.code == "sales.won")


def _sought(stage: Stage) -> str:
    """The name of the customer that is searched for, in another case than it stands in."""
    customers = select(Account.name).join(Deal, Deal.account_id == Account.id).where(Account.id <= SOUGHT).order_by(Account.id.desc()).limit(1)
    with stage.engine.connect() as connection:
        return str(connection.execute(customers).scalar_one()).lower()


def _page_number(stage: Stage) -> int:
    """20,000, or the last full page of a smaller table."""
    return min(20_000, stage.deals // PAGE)


def _deep(stage: Stage) -> tuple[Any, int]:
    """Amount and number of the row before that page."""
    catalog = load_catalog(stage.engine)
    with user_session(stage.engine, access_for(stage.engine, stage.user, catalog), catalog) as session:
        deal = session.table("deal")
        query = select(deal["amount"], deal.id).where(deal.visible).order_by(deal["amount"].desc(), deal.id.desc())
        row = session.execute(query.offset((_page_number(stage) - 1) * PAGE - 1).limit(1)).one()
    return row[0], row[1]


def _stock_filters(stage: Stage) -> str:
    """The address of stock Flask-Admin's filters, which go by their places."""
    page = stage.stock.get("/admin/deal/").text
    found = re.search(r'id="filter-groups-data"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found, "the filters of stock Flask-Admin are not found"
    groups = json.loads(unescape(found[1]))
    places = {name: next(str(option["arg"]) for option in options if option["operation"] == "equals") for name, options in groups.items()}
    stage_key, city = (next(place for name, place in places.items() if wanted in name) for wanted in ("Stage / Key", "Account / City"))
    return f"flt0_{stage_key}=won&flt1_{city}={quote(CITY)}"


def timed(asked: Iterable[Question], rounds: int, only: str = "") -> Iterator[tuple[Question, dict[str, Times]]]:
    """Each question whose name has `only` in it, or one of its parts between commas, with the times of all contenders."""
    for question in asked:
        if any(part in question.name for part in only.split(",")):
            yield question, in_turn(question.contenders, rounds)
