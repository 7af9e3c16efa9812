"""An entity that exists in these tests alone: it has a field of every type that the product's own entities do not show.

Elsewhere the class is mapped and no more: it has no table and is in no catalog.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from sqlalchemy import Engine
from sqlalchemy.orm import Mapped

from crm.backoffice.entities import Base, Declared, Record
from crm.backoffice.fields import boolean, duration, file, formula, iban, image, integer, money, multi_picklist, rich_text, tax_code
from crm.backoffice.types import FileRef
from crm.messages import Label


class Sample(Record):
    """One of each."""

    __tablename__ = "sample"

    lasts: Mapped[int | None] = duration(Label("Тривалість", "Lasts"), indexed=True)
    bank: Mapped[str | None] = iban(Label("Рахунок", "Account number"), searchable=True)
    trades: Mapped[tuple[int, ...] | None] = multi_picklist("industry", Label("Галузі", "Trades"))
    story: Mapped[str | None] = rich_text(Label("Опис", "Story"), searchable=True)
    rate: Mapped[Decimal | None] = money(Label("Ставка за годину", "Hourly rate"))
    cost: Mapped[Decimal | None] = formula("round(rate * lasts / 60, 2)", money(Label("Вартість", "Cost"), indexed=True))
    taxed: Mapped[Decimal | None] = formula("cost * 1.2", money(Label("З податком", "With tax")))
    long: Mapped[bool | None] = formula("lasts >= 120", boolean(Label("Довга", "Long")))
    quarters: Mapped[int | None] = formula("lasts / 15", integer(Label("Чвертей години", "Quarters of an hour")))
    paper: Mapped[FileRef | None] = file(Label("Документ", "Paper"), most=100_000, searchable=True)
    photo: Mapped[FileRef | None] = image(Label("Світлина", "Photo"))
    tax: Mapped[str | None] = tax_code(Label("Код", "Tax number"), searchable=True)


TABLE = Sample.__table__
Base.metadata.remove(TABLE)  # type: ignore[arg-type]
DECLARED = Declared(
    key="sample", label=Label("Зразок", "Sample"), plural=Label("Зразки", "Samples"), area="contacts", prefix="S",
    columns=("name", "lasts", "bank", "tax", "trades"),
)


@contextmanager
def known(engine: Engine) -> Iterator[None]:
    """Inside, the entity is one of the product's and has its table."""
    Sample.__entity__ = DECLARED
    with engine.begin() as connection:
        TABLE.create(connection)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        Sample.__entity__ = None
