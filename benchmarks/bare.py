"""The page that the product is measured against: Flask, SQL and Jinja and nothing else, over the same tables.

It knows who is signed in by one query, shows the same menu and sends the same rows; `/raw/…` as the database gives them, `/babel/…`
with every cell formatted by Flask-Babel to the very text that the product shows, `/screen/…` as the screen that the product shows: its
links, avatars, stages and days within its own frame, which costs this page nothing.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from babel.numbers import get_currency_symbol
from flask import Flask, Response, g, redirect, render_template, request
from flask import session as cookie
from flask_babel import Babel, format_date, format_decimal
from sqlalchemy import Engine, text

HEADS = ("Назва", "Компанія", "Етап", "Сума", "Валюта", "Очікуване закриття", "Наступний крок", "Коли", "Відповідальний")
SELECT = """
SELECT d.id, d.name, a.name AS account, s.name AS stage, d.amount, d.currency, d.expected_on, d.next_step, d.next_step_on, u.name AS owner{more}
FROM deal d LEFT JOIN account a ON a.id = d.account_id LEFT JOIN stage s ON s.id = d.stage_id LEFT JOIN "user" u ON u.id = d.owner_id
WHERE d.deleted_at IS NULL {where} ORDER BY {order} LIMIT :size {offset}
"""
MARKS = ", d.row_version, d.account_id, d.owner_id, s.kind, s.probability"  # what the marks of the screen need beside the values
WHO = 'SELECT u.id, u.name, u.email FROM "user" u WHERE u.id = :id AND u.deleted_at IS NULL'
# question → condition, order; the same questions as the product is asked
LISTS = {
    "list": ("AND d.expected_on IS NOT NULL", "d.expected_on DESC, d.id DESC"),
    "sorted": ("", "d.amount DESC, d.id DESC"),
    "customer": ("", "a.name__sort, d.id"),
    "filtered": ("AND d.stage_id = :stage AND a.city = :city", "d.closed_on DESC, d.id DESC"),
    "deep": ("AND (d.amount, d.id) < (:amount, :after)", "d.amount DESC, d.id DESC"),
    "offset": ("", "d.amount DESC, d.id DESC"),
    "search": ("AND (d.code__find LIKE :sought OR d.name__find LIKE :sought)", "d.expected_on DESC NULLS LAST, d.id DESC"),
}
INTEGERS = ("stage", "size", "offset", "after", "id")
COLUMNS = ("code", "name", "account", "stage", "amount", "currency", "opened_on", "expected_on", "closed_on", "owner")
EXPORT = """
SELECT d.code, d.name, a.code AS account, s.key AS stage, d.amount, d.currency, d.opened_on, d.expected_on, d.closed_on, u.code AS owner
FROM deal d LEFT JOIN account a ON a.id = d.account_id LEFT JOIN stage s ON s.id = d.stage_id LEFT JOIN "user" u ON u.id = d.owner_id
WHERE d.deleted_at IS NULL ORDER BY d.expected_on DESC, d.id DESC
"""


def make_bare(engine: Engine, menu: Sequence[tuple[str, str]], frame: tuple[str, str]) -> Flask:
    """`menu` are the labels and addresses of the product's menu, `frame` its page before and after the rows."""
    app = Flask("bare", template_folder=str(Path(__file__).parent / "templates"))
    app.config.update(SECRET_KEY="bare", BABEL_DEFAULT_LOCALE="uk", BABEL_DEFAULT_TIMEZONE="Europe/Kyiv")
    Babel(app)
    scaled = engine.dialect.name == "sqlite"  # money is kept in ten-thousandths there

    @app.before_request
    def know_who() -> Response | None:
        if request.endpoint == "sign_in":
            return None
        with engine.connect() as connection:
            g.user = connection.execute(text(WHO), {"id": cookie["user"]}).first()
        return None

    @app.get("/sign-in/<int:user>")
    def sign_in(user: int) -> Response:
        cookie["user"] = user
        return Response("")

    def rows(name: str, more: str = "") -> list[Any]:
        where, order = LISTS[name]
        params: dict[str, Any] = {k: int(v) if k in INTEGERS else v for k, v in request.args.items()}
        params.setdefault("size", 50)
        if "sought" in params:
            params["sought"] = f"%{params['sought']}%"
        if "amount" in params:
            params["amount"] = int(Decimal(params["amount"]) * 10_000) if scaled else Decimal(params["amount"])
        offset = "OFFSET :offset" if "offset" in params else ""
        with engine.connect() as connection:
            found = connection.execute(text(SELECT.format(where=where, order=order, offset=offset, more=more)), {**params, "size": params["size"] + 1}).all()
        return list(found[: params["size"]])

    def page(name: str, show: Callable[[Any], Sequence[Any]]) -> str:
        shown = [(row.id, show(row)) for row in rows(name)]
        return render_template("list.html", menu=menu, user=g.user, heads=HEADS, rows=shown, path=request.path)

    @app.get("/raw/<name>")
    def raw(name: str) -> str:
        return page(name, lambda row: row[1:])

    @app.get("/babel/<name>")
    def babel(name: str) -> str:
        return page(name, lambda row: formatted(row, scaled))

    @app.get("/screen/<name>")
    def screen(name: str) -> str:
        head, foot = frame
        shown = [(row, formatted(row, scaled), [written(day) for day in days_of(row)]) for row in rows(name, MARKS)]
        return head + render_template("screen.html", rows=shown, whole=1_000_000 if scaled else 1) + foot

    def record(number: int) -> tuple[Any, list[Any], list[Any], list[Any]]:
        with engine.connect() as connection:
            deal = connection.execute(text(SELECT.format(where="AND d.id = :id", order="d.id", offset="", more="")), {"id": number, "size": 1}).one()
            lines = connection.execute(text(
                "SELECT p.name, l.quantity, l.price, l.discount, l.amount FROM deal_line l JOIN product p ON p.id = l.product_id WHERE l.deal_id = :id"
            ), {"id": number}).all()
            history = connection.execute(text(
                "SELECT s.name, h.entered_at, h.amount FROM stage_history h JOIN stage s ON s.id = h.stage_id WHERE h.deal_id = :id ORDER BY h.id"
            ), {"id": number}).all()
            journal = connection.execute(text(
                "SELECT at, action, changes FROM journal WHERE entity = 'deal' AND record_id = :id ORDER BY id DESC LIMIT 20"), {"id": number}).all()
        return deal, list(lines), list(history), list(journal)

    @app.get("/raw/deal/<int:number>")
    def raw_record(number: int) -> str:
        deal, lines, history, journal = record(number)
        return render_template("record.html", menu=menu, user=g.user, heads=HEADS, values=deal[1:], lines=lines, history=history, journal=journal, path="")

    @app.get("/babel/deal/<int:number>")
    def babel_record(number: int) -> str:
        deal, lines, history, journal = record(number)
        return render_template(
            "record.html", menu=menu, user=g.user, heads=HEADS, values=formatted(deal, scaled), path="", journal=journal,
            lines=[[cell(v, scaled) for v in line] for line in lines], history=[[cell(v, scaled) for v in one] for one in history],
        )

    @app.post("/raw/deal/<int:number>")
    def save(number: int) -> Response:
        with engine.execution_options(writer=True).begin() as connection:
            done = connection.execute(text("UPDATE deal SET next_step = :value, row_version = row_version + 1 WHERE id = :id AND deleted_at IS NULL"), {
                "value": request.form["value"], "id": number})
            assert done.rowcount == 1
        return Response(request.form["value"]) if request.form.get("bare") else redirect(f"/raw/deal/{number}", 303)  # type: ignore[return-value]

    @app.get("/raw/export")
    def export() -> Response:
        return Response(exported(engine), mimetype="text/csv")

    return app


def cell(value: Any, scaled: bool) -> str:
    """A value as the product shows it, by Flask-Babel."""
    match value:
        case None:
            return ""
        case bool() | str():
            return str(value)
        case Decimal() | int() | float():
            exact = Decimal(value) / 10_000 if scaled else Decimal(value)
            return str(format_decimal(exact, "#,##0" if exact == exact.to_integral_value() else "#,##0.00"))
        case datetime() | date():
            return str(format_date(value, "dd.MM.yyyy"))
    return str(value)


def formatted(row: Any, scaled: bool) -> list[str]:
    """The cells of a row as the product's list shows them: a foreign currency stands with its amount too."""
    expected, step = days_of(row)
    amount = cell(row.amount, scaled) + (f" {get_currency_symbol(row.currency, locale='uk')}" if row.currency != "UAH" else "")
    return [row.name, row.account or "", row.stage, amount, row.currency, cell(expected, scaled), row.next_step or "", cell(step, scaled), row.owner or ""]


def days_of(row: Any) -> list[date | None]:
    """The days of a row; SQLite gives them as text."""
    return [date.fromisoformat(day) if isinstance(day, str) else day for day in (row.expected_on, row.next_step_on)]


def written(day: date | None) -> str:
    """A day in words."""
    return "" if day is None else str(format_date(day, "d MMM yyyy"))


def exported(engine: Engine) -> Iterator[bytes]:
    """The deals as CSV, streamed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    with engine.connect().execution_options(stream_results=True, yield_per=2000) as connection:
        for row in connection.execute(text(EXPORT)):
            writer.writerow(row)
            if buffer.tell() > 65_536:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue().encode()
