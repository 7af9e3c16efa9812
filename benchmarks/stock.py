"""Flask-Admin as it comes, over the same tables: its own mapping, its own views, its own templates; filters, search, inline edit, export."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Flask, Response, g
from flask import session as cookie
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_admin.theme import Bootstrap4Theme
from flask_babel import Babel
from sqlalchemy import Engine, ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, scoped_session, sessionmaker


class Base(DeclarativeBase):
    """Nothing of the product's mapping is used."""


class Person(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None]

    def __str__(self) -> str:
        return self.name


class Account(Base):
    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name__sort: Mapped[str | None]
    city: Mapped[str | None]

    def __str__(self) -> str:
        return self.name


class Stage(Base):
    __tablename__ = "stage"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str]

    def __str__(self) -> str:
        return self.name


class Product(Base):
    __tablename__ = "product"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    def __str__(self) -> str:
        return self.name


class Deal(Base):
    __tablename__ = "deal"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    code__find: Mapped[str | None]
    name: Mapped[str]
    name__find: Mapped[str | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    amount: Mapped[Decimal | None]
    currency: Mapped[str | None]
    opened_on: Mapped[date | None]
    expected_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    next_step: Mapped[str | None]
    next_step_on: Mapped[date | None]
    account: Mapped[Account | None] = relationship()
    stage: Mapped[Stage] = relationship()
    owner: Mapped[Person | None] = relationship()


class DealView(ModelView):  # type: ignore[misc]  # Flask-Admin is not typed
    """Everything switched on that the product's list offers too."""

    column_list = ("name", "account", "stage", "amount", "currency", "expected_on", "next_step", "next_step_on", "owner")
    column_sortable_list = ("name", ("account", "account.name__sort"), "amount", "expected_on", "closed_on")
    column_default_sort = ("expected_on", True)
    column_searchable_list = ("code__find", "name__find")
    column_filters = ("stage.key", "account.city", "amount", "expected_on", "currency")
    column_editable_list = ("next_step",)
    column_export_list = ("code", "name", "account", "stage", "amount", "currency", "opened_on", "expected_on", "closed_on", "owner")
    form_columns = ("name", "amount", "currency", "expected_on", "next_step", "next_step_on")
    form_ajax_refs = {"account": {"fields": ("name",), "page_size": 10}}
    page_size = 50
    can_set_page_size = True
    can_export = True
    can_view_details = True
    export_max_rows = 0

    def is_accessible(self) -> bool:
        return g.get("user") is not None


def make_stock(engine: Engine, menu: int) -> Flask:
    """`menu` is how many entries the menu has in all."""
    app = Flask("stock", template_folder=None)
    app.config["SECRET_KEY"] = "stock"
    Babel(app)  # Flask-Admin uses it where it is installed
    db = scoped_session(sessionmaker(engine))

    @app.before_request
    def know_who() -> None:
        if "user" in cookie:
            g.user = db.execute(select(Person).where(Person.id == cookie["user"])).scalar()

    @app.get("/sign-in/<int:user>")
    def sign_in(user: int) -> Response:
        cookie["user"] = user
        return Response("")

    @app.teardown_appcontext
    def give_back(_: Any) -> None:
        db.remove()

    admin = Admin(app, name="Stock", theme=Bootstrap4Theme())
    admin.add_view(DealView(Deal, db, name="Deals", endpoint="deal"))
    for number, model in zip(range(menu - 1), (Account, Product, Person, Stage) * menu, strict=False):
        admin.add_view(ModelView(model, db, name=f"{model.__name__} {number}", endpoint=f"entry{number}"))
    return app
