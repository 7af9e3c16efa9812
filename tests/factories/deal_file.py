"""A file of deals as another system might give it, of any length, the same from the same seed: each row a deal with its customer, its
seller and a line. `MAPPING` says how it is read."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from crm.backoffice.money import round_half_up

MAPPING = """
entity: deal
file: {format: csv, empty: ["", "NULL"]}
match: [code]
dates: ["%Y-%m-%d"]
defaults: {pipeline: sales}
columns:
  number: code
  subject: name
  customer: {field: account, by: name, missing: create}
  seller: {field: owner, by: name, missing: create}
  product: {field: lines.product, by: name, missing: create}
  quantity: lines.quantity
  price: lines.price
  discount: lines.discount
  stage: stage
  opened: [opened_on, stage_entered.lead]
  closed: [closed_on, stage_entered.closed]
  expected: expected_on
  amount: [amount, lines.amount]
  channel: sales_channel
  remark: description
"""
COLUMNS = (
    "number", "subject", "customer", "seller", "product", "quantity", "price", "discount",
    "stage", "opened", "closed", "expected", "amount", "channel", "remark",
)
NUMBER = "Z-"  # how codes of the file begin
STAGES = ("lead", "qualified", "proposal", "negotiation", "contract", "won", "lost")
WEIGHTS = (6, 6, 6, 5, 4, 44, 29)
CHANNELS = ("direct", "dealer", "retail", "online", "tender", "")
GOODS = ("Насос", "Котел", "Кабель", "Щит", "Генератор", "Фільтр", "Клапан", "Ґрати", "Їжа для птиці", "Стелаж")
FIRMS = ("Криниця", "Зоря", "Обрій", "Ґанок", "Єдність", "Їдальня", "Лан", "Промінь", "Вежа", "Поділля")
GIVEN = ("Олена", "Іван", "Ґалина", "Юрій", "Марта", "Степан", "Зоряна", "Євген")
FAMILY = ("Коваль", "Шевчук", "Їжак", "Єрмак", "Бондар", "Ткач", "Мельник", "Лисенко")
FIRST_DAY = date(2022, 1, 3)


def rows(count: int, seed: int) -> Iterator[tuple[str, ...]]:
    """`count` rows in the order of COLUMNS: one customer for fifty deals, one product for five hundred, 64 sellers at most."""
    rng = Random(seed)
    customers = [f"{FIRMS[n % 10]}-{n // 10 + 1}" for n in range(max(count // 50, 2))]
    products = [(f"{GOODS[n % 10]} {100 + n}", Decimal(rng.randint(500, 900_000)) / 100) for n in range(max(count // 500, 5))]
    sellers = [f"{given} {family}" for given in GIVEN for family in FAMILY][: max(count // 1000, 4)]
    for number in range(1, count + 1):
        product, price = rng.choice(products)
        quantity = rng.randint(1, 40)
        discount = Decimal(rng.choice((0, 0, 0, 5, 10, 15))) / 100
        stage = rng.choices(STAGES, WEIGHTS)[0]
        opened = FIRST_DAY + timedelta(days=rng.randint(0, 1200))
        closed = opened + timedelta(days=rng.randint(1, 180)) if stage in ("won", "lost") else None
        customer = rng.choice(customers)
        yield (
            f"{NUMBER}{number:07}", f"{product.split()[0]} для «{customer}»", customer, rng.choice(sellers), product,
            str(quantity), str(price), str(discount or ""), stage,
            opened.isoformat(), closed.isoformat() if closed else "", (opened + timedelta(days=90)).isoformat(),
            str(round_half_up(quantity * price * (1 - discount), 4)), rng.choice(CHANNELS), "повторне замовлення" if rng.random() < 0.2 else "NULL",
        )


def write(path: Path, count: int, seed: int, *, only_every: int = 1) -> Path:
    """Write the file; `only_every` 20 leaves one row of twenty, as it looked before: another amount, nothing closed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, row in enumerate(rows(count, seed)):
            if only_every == 1:
                writer.writerow(row)
            elif number % only_every == 0:
                earlier = dict(zip(COLUMNS, row, strict=True)) | {"stage": "proposal", "closed": "", "amount": "1.00", "remark": "", "channel": ""}
                writer.writerow(earlier.values())
    return path
