"""A small company on the real application, for tests of its screens in a browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from config import Settings
from crm.application import create_app
from crm.backoffice import lists, records
from crm.organization.founding import add_person
from crm.organization.sign_in import revoke
from tests.browser.server import served
from tests.company import Company, today

PASSWORD = "seven quiet storks"
PEOPLE = (("Olena", "owner"), ("Mykola", "head"), ("Oksana", "seller"), ("Petro", "head"), ("Vasyl", "watcher"))
ROLES = """
roles:
  watcher:
    label: {uk: Глядач, en: Watcher}
    rules: [{entity: deal, actions: [read], scope: all, fields: {"*": read}}, {entity: user, actions: [read], scope: all, fields: {"*": read}}]
"""
INDUSTRIES = ("trade", "agriculture", "medical")
STAGES = ("lead", "proposal", "negotiation", "won", "lost")
TODAY = today()
QUARTER_BEGAN = date(TODAY.year, (TODAY.month - 1) // 3 * 3 + 1, 1)


class Firm(Company):
    """The application, and where it answers."""

    def __init__(self, folder: Path, template: Path) -> None:
        """`template` is a database with the standard configuration, to be copied."""
        shutil.copy(template, folder / "brama.db")
        settings = Settings(instance=folder, database_url=f"sqlite:///{folder / 'brama.db'}", secret_key="k" * 40, testing=True)
        self.app: Flask = create_app(settings)
        super().__init__(self.app.extensions["brama"].engine)
        self.people: dict[str, int] = {}
        self.address = ""
        self.configure(ROLES)
        with self.system() as session:
            for name, role in PEOPLE:
                self.people[name] = add_person(session, f"{name.lower()}@firm.example", name, roles=(role,), password=PASSWORD)
            session.commit()

    def change(self, entity: str, number: int, **values: Any) -> None:
        with self.system() as session:
            records.change(session, entity, number, values)
            session.commit()

    def tidy(self) -> None:
        """Deals that a test made go to the recycle bin: lists of the next one count the company's own."""
        table = self.catalog.entity("deal").table
        with self.system() as session:
            made = list(session.execute(select(table.c.id).where(table.c.id > self.last_deal, table.c.deleted_at.is_(None))).scalars())
            records.remove_many(session, "deal", made)
            session.commit()

    def remove(self, entity: str, *numbers: int) -> None:
        with self.system() as session:
            records.remove_many(session, entity, numbers)
            session.commit()

    def end_sign_ins(self, name: str) -> None:
        """Whoever is signed in as this person is so no longer."""
        with self.system() as session:
            revoke(session, self.people[name])
            session.commit()

    def stored(self, entity: str, number: int) -> dict[str, Any]:
        with self.system(write=False) as session:
            return dict(lists.record(session, entity, number).values)

    def fill(self) -> None:
        """Thirty companies with people, and a hundred and twenty deals, every fifth of them won and every fifth lost."""
        options = {key: self.option("industry", key) for key in INDUSTRIES}
        accounts = self.make("account", *(
            {"name": f"ТОВ «Смерека {n}»", "industry": options[INDUSTRIES[n % 3]], "city": ("Київ", "Львів", "Одеса")[n % 3], "employees": 10 * n,
             "revenue": Decimal(1000 * n), "phone": f"+38044567{n:04d}", "owner": self.people["Oksana" if n % 2 else "Mykola"]}
            for n in range(1, 31)))
        contacts = self.make("contact", *({"last_name": f"Коваль{n}", "first_name": "Ірина", "email": f"iryna{n}@client.example"} for n in range(1, 13)))
        self.make("position", *({"account": accounts[n], "contact": contact, "title": "директорка"} for n, contact in enumerate(contacts)))
        products = self.make("product", *({"name": f"Холодильник {n}", "price": Decimal(100 * n)} for n in range(1, 7)))
        stages = {key: self.stage(key) for key in STAGES}
        loss = self.option("loss_reason", "price")
        deals = self.make("deal", *(
            {"name": f"Угода {n:03d}", "code": f"T-{n:03d}", "account": accounts[n % 30], "stage": stages[STAGES[n % 5]], "amount": 1000 * n + Decimal("0.5"),
             "opened_on": QUARTER_BEGAN - timedelta(days=40 + n), "closed_on": QUARTER_BEGAN - timedelta(days=n % 30) if n % 5 > 2 else None,
             "expected_on": QUARTER_BEGAN + timedelta(days=(n % 4) * 120), "owner": self.people["Oksana" if n % 2 else "Mykola"],
             **({"loss_reason": loss} if n % 5 == 4 else {})}
            for n in range(1, 121)))
        self.last_deal = max(deals)
        self.make("deal_line", *({"deal": deals[n], "product": products[n % 6], "quantity": Decimal(1), "price": Decimal(100)} for n in range(12)))


@contextmanager
def serving(firm: Firm) -> Iterator[Firm]:
    """The firm's application answers at `firm.address` as long as this lasts; afterwards it has no address."""
    try:
        with served(firm.app) as firm.address:
            yield firm
    finally:
        firm.address = ""
        firm.engine.dispose()
