"""A company with enough of everything, the same from the same seed: people of every role, records of theirs and of others, a past."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import yaml
from sqlalchemy import insert, select, update

from crm.backoffice import records
from crm.backoffice.database import make_engine
from crm.backoffice.entities import Entity
from crm.backoffice.exchange import batches
from crm.backoffice.exchange.uploads import ImportUpload
from crm.backoffice.guard import system_session
from crm.backoffice.layouts import fillable
from crm.contacts.segments import counting
from crm.organization.founding import add_person
from crm.organization.models import User
from crm.organization.sign_in import Where, accounts, open_session
from tests.company import Company, build
from tests.factories.anything import Anything
from tests.factories.codes import firm_code
from tests.leaks import kept, roles
from tests.leaks.chance import FOUNDED, repeatable

PASSWORD = "seven quiet storks"
CITIES = ("Київ", "Львів", "Одеса", "Дніпро")
GIVEN = ("Олена", "Іван", "Ґалина", "Юрій", "Марта", "Степан")
FAMILY = ("Коваль", "Шевчук", "Їжак", "Єрмак", "Бондар", "Ткач")


def email(role: str) -> str:
    """The address of the person who holds `role`."""
    return f"{role.replace('_', '.')}@firm.example"


def found(url: str, seed: int) -> None:
    """Make the company in an empty database."""
    with repeatable(FOUNDED, f"{seed}:company"):
        _found(url, seed)


def _found(url: str, seed: int) -> None:
    engine = make_engine(url)
    build(engine)
    company = Company(engine)
    company.configure(yaml.safe_dump(roles.MADE, allow_unicode=True))
    company.configure(json.dumps(kept.document()))
    company.configure(roles.document())
    arranged = ("account", "deal", *roles.MADE["entities"])
    company.configure(json.dumps({"layouts": {key: laid_out(company.catalog.entity(key)) for key in arranged}}))
    rng = Random(seed)
    people = hire(company, rng)
    fill(company, rng, people)
    live(company, rng, people)
    keep_registers(company, people)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


def laid_out(kind: Entity) -> dict[str, Any]:
    """A layout that names every field everywhere, and orders the list by what roles hide: it shows nobody more."""
    fields, written = [*reversed(kind.fields)], fillable(kind)
    return {
        "columns": fields, "sort": ",".join(key for key in ("margin", "revenue", "credit_limit", "amount") if key in kind.fields),
        "sections": [{"label": {"uk": "Усе", "en": "All"}, "fields": [{key: "wide"} for key in fields]}], "related": [*reversed(kind.relations)],
        "quick": [key for key in fields if key in written], "rest": "hidden",
        "face": fields[:8],
    }


def hire(company: Company, rng: Random) -> list[int]:
    top, other = company.make("department", {"name": "Продажі"}, {"name": "Закупівля"})
    below, beside = company.make("department", {"name": "Північна група", "parent": top}, {"name": "Склад", "parent": other})
    territories = company.make("territory", {"name": "Північ"}, {"name": "Південь"})
    departments, people = (top, other, below, beside), []
    with company.system() as session:
        for role in roles.rules():
            people.append(add_person(session, email(role), f"Особа {role}", roles=(role,), password=PASSWORD))
        for n in range(6):
            people.append(add_person(session, f"colleague{n}@firm.example", f"{GIVEN[n]} {FAMILY[n]}", roles=("seller",)))
        for person in people[-3:]:
            open_session(session, session.execute(accounts().where(User.id == person)).one(), Where("10.0.0.1", "Firefox/140 Linux"))
        for n, person in enumerate(people):
            values = {"department": departments[0 if n < len(roles.rules()) else n % 4], "territory": territories[n % 2]}
            phone = f"+38044{rng.randint(2000000, 5999999)}"
            records.change(session, "user", person, {**values, "phone": phone, "position": "менеджер", "first_name": GIVEN[n % 6], "last_name": FAMILY[n % 5]})
        session.commit()
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(User.__table__).values(language="en"))
    return people


def keep_registers(company: Company, people: list[int]) -> None:
    """Records of what administrators have made, some of each person."""
    with company.system() as session:
        anything, there = Anything(session), {}
        for entity, said in roles.MADE["entities"].items():
            led = {key: one["to"] for key, one in said["fields"].items() if one.get("to")}
            for to in {"account", *led.values()}:
                there[to] = list(session.execute(select(session.catalog.entity(to).table.c.id).order_by("id").limit(9)).scalars())
            for n in range(14):
                references = {key: there[to][n % len(there[to])] for key, to in led.items() if there[to] and key != "several"}
                given: dict[str, Any] = {"beside": None, **references, "several": tuple(there[led["several"]][: n % 3]), "owner": people[n % len(people)]}
                anything.one(entity, n % 2, **given, code=f"{entity}-{n}", **({} if n % 3 else {"f_text": None, "f_money": None}))
        session.commit()


def fill(company: Company, rng: Random, people: list[int]) -> None:
    def option(picklist: str) -> int:
        return rng.choice([o.id for o in company.catalog.picklists[picklist].options if not o.retired])

    def money(most: int) -> Decimal:
        return Decimal(rng.randint(100, most * 100)) / 100

    today = date.today()
    lines = company.make(
        "product_category",
        *({"name": name, "description": f"опис {rng.random()}", "owner": people[n]} for n, name in enumerate(("Насоси", "Труби", "Крани", "Фільтри"))),
        *({"name": f"Напрям {n}", "owner": people[n % len(people)]} for n in range(len(people))),
    )
    accounts = company.make("account", *(
        {
            "name": f"{rng.choice(('Криниця', 'Зоря', 'Обрій', 'Ґанок'))} {n}", "kind": option("account_kind"), "status": option("account_status"),
            "industry": option("industry"), "tax_code": firm_code(rng.randrange(10**7)), "revenue": money(10**6), "employees": rng.randint(1, 900),
            "founded": rng.randint(1950, 2024), "country": "UA", "region_name": "область", "city": CITIES[n % 4], "address": f"вул. Лугова, {n}",
            "postal_code": f"{rng.randint(10000, 99999)}", "phone": f"+38044{rng.randint(2000000, 5999999)}", "website": f"https://firm{n}.example/",
            "credit_limit": money(10**5), "payment_days": rng.randint(0, 30), "source": option("source"), "description": f"таємниця {rng.random()}",
            "owner": people[n % len(people)], "interests": [*rng.sample(lines, n % 4), lines[4 + n % len(people)]] if n % 3 else None,
        } for n in range(40)
    ))
    with company.system() as session:
        records.change_many(session, "account", {a: {"parent": rng.choice(accounts[:5])} for a in accounts[10:25]})
        session.commit()
    contacts = company.make("contact", *(
        {
            "first_name": rng.choice(GIVEN), "last_name": f"{rng.choice(FAMILY)}{n}", "email": f"{rng.choice('abcdef')}{rng.randint(1, 9999)}@post.example",
            "phone": f"+38050{rng.randint(1000000, 9999999)}", "birth_date": date(1960 + n, 1 + n % 12, 5), "description": f"нотатка {rng.random()}",
            "language": option("spoken_language"), "owner": people[(n * 3) % len(people)],
        } for n in range(30)
    ))
    company.make(
        "position", *({"account": rng.choice(accounts), "contact": c, "title": f"посада {n}", "role": option("position_role")} for n, c in enumerate(contacts))
    )
    company.make("contact_point", *(
        {"contact": rng.choice(contacts), "kind": option("contact_point_kind"), "value": f"@nick{rng.randint(1, 9999)}", "note": f"н{n}"} for n in range(25)
    ))
    products = company.make(
        "product",
        *(
            {
                "name": f"Виріб {n}",
                "category": rng.choice(lines),
                "unit": option("unit"),
                "price": money(900),
                "cost": money(500),
                "vat_rate": Decimal("0.2"),
                "active": n % 3 > 0,
            }
            for n in range(12)
        ),
    )
    with company.system() as session:
        records.change_many(session, "product", {p: {"goes_with": rng.sample(products, 2)} for p in products[::2]})
        records.change_many(session, "account", {a: {"interests": rng.sample(lines, 3)} for a in accounts[::5]})
        session.commit()
    stages = [s for s in company.catalog.configured["stage"].values() if s.parent_id == company.catalog.configured["stage"][company.stage("won")].parent_id]
    deals = company.make("deal", *(
        deal(rng, n, people, accounts, contacts, lines, rng.choice(stages), option, money, today) for n in range(60)
    ), source="demo")
    company.make(
        "deal_line",
        *(
            {
                "deal": rng.choice(deals),
                "product": rng.choice(products),
                "quantity": rng.randint(1, 6),
                "price": money(900),
                "discount": Decimal(rng.randint(0, 4)) / 10,
            }
            for _ in range(90)
        ),
        source="demo",
    )
    company.make(
        "stage_history",
        *(
            {"deal": d, "stage": rng.choice(stages).id, "entered_at": f"2026-0{1 + d % 9}-11T09:00:00+00:00", "amount": money(900), "reason": f"причина {d}"}
            for d in deals
        ),
        source="demo",
    )
    roles = [o.id for o in company.catalog.picklists["team_role"].options]
    places = [(d, rng.choice(roles), rng.choice(people)) for d in deals for _ in range(rng.randint(0, 2))]
    places = list({(d, role): (d, role, user) for d, role, user in places}.values())
    company.make("deal_member", *(
        {"deal": d, "role": role, "user": user, "share": Decimal(rng.randint(0, 4)) / 10, "note": f"примітка {n}"} for n, (d, role, user) in enumerate(places)
    ), source="demo")
    company.make("deal_duty", *(
        {
            "deal": d, "role": role, "stage": rng.choice(stages).id, "user": user, "what": f"обовʼязок {n}", "what_en": f"duty {n}",
            "required": n % 3 == 0, "due_on": today - timedelta(days=rng.randint(-9, 30)),
            "done_at": f"2026-0{1 + n % 9}-13T10:00:00+00:00" if n % 2 else None,
        }
        for n, (d, role, user) in enumerate(places)
    ), source="demo")
    offer(company, rng, people, deals[:30], products, money, today)
    # Every ten days another rate: a sum in hryvnias tells of the day that an amount in euros takes.
    company.make("exchange_rate", *(
        {"currency": "EUR", "day": today - timedelta(days=10 * n), "rate": Decimal(48) - Decimal(n) / 8} for n in range(40)
    ))
    talk(company, rng, people, accounts, contacts, deals[:30], products, option)
    put_together(company, rng, people, accounts, contacts)


def offer(company: Company, rng: Random, people: list[int], deals: list[int], products: list[int], money: Any, today: Any) -> None:
    """Quotes in all states, some in two versions, and the limits of discounts."""
    company.make("discount_limit", {"most": Decimal("0.1")}, {"most": Decimal("0.2"), "category": None, "role": 1})
    states = [o.id for o in company.catalog.picklists["quote_state"].options]
    quotes: list[int] = []
    for n, deal_id in enumerate(rng.sample(deals, 20)):
        for previous in ([None], [None, 0])[n % 3 == 0]:
            quotes += company.make("quote", {
                "deal": deal_id, "previous": quotes[-1] if previous is not None else None, "state": states[(n + len(quotes)) % len(states)],
                "payment_terms": f"оплата {n}", "delivery_terms": f"доставка {n}", "description": f"для своїх {rng.random()}", "owner": people[n % len(people)],
                "valid_until": today + timedelta(days=rng.randint(-30, 60)), "asked_by": rng.choice(people),
                "decision": ("yes", "no", None)[n % 3], "decision_reason": f"тому що {n}", "asked_at": f"2026-0{1 + n % 9}-15T10:00:00+00:00",
            }, source="demo")
    company.make("quote_line", *(
        {
            "quote": rng.choice(quotes), "product": rng.choice(products), "description": f"опис {n}", "quantity": rng.randint(1, 6), "price": money(900),
            "discount": Decimal(rng.randint(0, 4)) / 10, "tax_rate": Decimal("0.2"),
        } for n in range(50)
    ), source="demo")


CONDITIONS: tuple[tuple[str, Any], ...] = (
    ("account", {"field": "revenue", "op": "gt", "value": "500000"}), ("account", {"field": "city", "op": "in", "value": ["Київ", "Львів"]}),
    ("account", {"field": "payment_days", "op": "lt", "value": 14}), ("account", {"not": {"field": "phone", "op": "contains", "value": "7"}}),
    ("account", {"sum": "deals.amount", "op": "gt", "value": "9000"}), ("account", {"any": [
        {"field": "credit_limit", "op": "lt", "value": "40000"},
        {"count": "deals", "where": {"field": "margin", "op": "gt", "value": "2000"}, "op": "ge", "value": 1},
    ]}),
    ("account", {"field": "interests", "op": "not_empty"}), ("account", {"field": "owner.name", "op": "contains", "value": "в"}),
    ("account", {"saved": "rich"}), ("account", {"all": [{"saved": "served"}, {"not": {"saved": "called"}}]}), ("contact", {"saved": "old"}),
    ("account", {"field": "employees", "op": "gt", "value": 300}), ("contact", {"field": "email", "op": "contains", "value": "3"}),
    ("contact", {"field": "birth_date", "op": "lt", "value": "1975-01-01"}), ("contact", {"field": "positions.account.city", "op": "eq", "value": "Київ"}),
    ("contact", {"field": "code", "op": "contains", "value": "1"}),
)


def put_together(company: Company, rng: Random, people: Any, accounts: Any, contacts: Any) -> None:
    """Segments of every kind, by conditions over much that one role or another does not see, with who was in them and left."""
    def rows(count: int) -> list[dict[str, Any]]:
        named = ({"name": f"Сегмент {n}", "name_en": f"Segment {n}", "description": f"навіщо {rng.random()}"} for n in range(count))
        return [{**row, "owner": people[n % len(people)]} for n, row in enumerate(named)]

    static = company.make("segment", *({**row, "of": "contact" if n % 3 == 2 else "account"} for n, row in enumerate(rows(9))))
    by_condition = company.make("segment", *(
        {**row, "of": of, "kind": "dynamic", "condition": json.dumps(node, ensure_ascii=False)}
        for row, (of, node) in zip(rows(len(CONDITIONS)), CONDITIONS, strict=True)
    ))
    members = [
        {"segment": s, ("contact" if n % 3 == 2 else "account"): one, "note": f"чому {rng.random()}"}
        for n, s in enumerate(static) for one in rng.sample(contacts if n % 3 == 2 else accounts, 5)
    ]
    made = company.make("segment_member", *members)
    with company.system() as session:
        for number in by_condition:
            counting.count(session, number)
        records.change_many(session, "segment_member", {number: {"until": datetime.now(UTC)} for number in made[::5]})
        session.commit()
    frozen = company.make("segment", *({**row, "kind": "frozen", "frozen_from": s} for row, s in zip(rows(4), (*by_condition[:5:2], static[0]), strict=True)))
    with company.system() as session:
        for number in frozen:
            counting.freeze(session, number)
        session.commit()


def deal(rng: Random, n: int, people: Any, accounts: Any, contacts: Any, lines: Any, stage: Any, option: Any, money: Any, today: date) -> dict[str, Any]:
    opened = today - timedelta(days=rng.randint(20, 300))
    closed = opened + timedelta(days=rng.randint(1, 19)) if stage.values["kind"] != "open" else None
    return {
        "name": f"Постачання {n}",
        "account": rng.choice(accounts),
        "contact": rng.choice(contacts),
        "stage": stage.id,
        "amount": money(20_000),
        "cost": money(900),
        "margin": money(5_000),
        "probability": Decimal(rng.randint(0, 100)) / 100,
        "opened_on": opened,
        "closed_on": closed,
        "expected_on": today + timedelta(days=rng.randint(-30, 60)),
        "next_step": f"дзвінок {rng.randint(1, 99)}",
        "next_step_on": today + timedelta(days=rng.randint(-9, 20)),
        "source": option("source"),
        "sales_channel": option("sales_channel"),
        "business_line": rng.choice(lines),
        "description": f"угода {rng.random()}",
        "loss_reason": option("loss_reason"),
        "currency": rng.choice(("UAH", "UAH", "EUR")),
        "owner": people[n % len(people)],
    }


def talk(company: Company, rng: Random, people: Any, accounts: Any, contacts: Any, deals: Any, products: Any, option: Any) -> None:
    """Interactions of every state, with who took part."""
    states = {o.key: o.id for o in company.catalog.picklists["interaction_state"].options}
    results = [o.id for o in company.catalog.picklists["interaction_result"].options[:4]]  # those go with every medium
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    def one(n: int) -> dict[str, Any]:
        state = rng.choice(list(states))
        start = now + timedelta(hours=rng.randint(-3000, -1 if state != "planned" else 400))
        held = {"held_at": start + timedelta(minutes=rng.randint(0, 50)), "actual_minutes": rng.randint(1, 90)} if state == "held" else {}
        return {
            "account": rng.choice(accounts), "contact": rng.choice(contacts), "deal": rng.choice(deals), "medium": option("interaction_medium"),
            "direction": option("direction"), "state": states[state], "subject": f"Розмова {n}", "planned_start": start, "planned_minutes": rng.randint(5, 90),
            "minutes": f"сказано {rng.random()}", "agreed": f"домовлено {n}", "objections": f"заперечення {n}", "agenda": f"порядок {n}",
            "result": rng.choice(results), "next_step": f"крок {rng.randint(1, 99)}", "products": rng.sample(products, n % 3),
            "competitors": rng.sample(rivals, n % 4), "owner": people[n % len(people)], "legal_entity": ours[n % 2], **held,
        }

    rivals = company.make("competitor", *(
        {
            "name": f"Суперник {n}", "website": f"https://rival{n}.example/", "account": rng.choice(accounts), "price_position": option("price_position"),
            "products": rng.sample(products, 1 + n % 2), "strengths": f"сильне {rng.random()}", "weaknesses": f"слабке {rng.random()}",
            "answers": f"відповідь {n}", "country": "UA", "description": f"про них {n}", "owner": people[n % len(people)],
        } for n in range(12)
    ))
    met = list({(rng.choice(deals), rng.choice(rivals)) for _ in range(40)})
    company.make("deal_competitor", *(
        {
            "deal": d, "competitor": rival, "threat": option("rival_threat"), "status": option("rival_status"), "note": f"н {d}",
            "offered_price": Decimal(rng.randint(100, 900)),
        }
        for d, rival in sorted(met)
    ), source="demo")
    ours = company.make("legal_entity", {"name": "Головна", "address": "таємна адреса"}, {"name": "Друга", "signatory": "таємний підпис"})
    made = company.make("interaction", *(one(n) for n in range(60)), source="demo")
    with company.system(source="demo") as session:
        records.change_many(session, "interaction", {b: {"postponed_from": a} for a, b in zip(made[:10], made[20:30], strict=True)})
        session.commit()
    company.make("interaction_participant", *(
        {"interaction": rng.choice(made), "contact": c, "present": n % 3 > 0, "minutes": n, "note": f"примітка {n}"} for n, c in enumerate(contacts)
    ))


def live(company: Company, rng: Random, people: list[int]) -> None:
    """A past: changes by several people, and some records removed."""
    def ids(session: Any, entity: str) -> list[int]:
        table = company.catalog.entity(entity).table
        return list(session.execute(select(table.c.id).order_by(table.c.id)).scalars())

    for turn in range(3):
        with system_session(company.engine, "past", company.catalog, write=True, source="ui", actor_id=people[turn]) as session:
            for a in ids(session, "account")[turn::4]:
                records.change(
                    session,
                    "account",
                    a,
                    {"revenue": rng.randint(1, 10**6), "phone": f"+38044{rng.randint(2000000, 5999999)}", "address": f"вул. Нова, {rng.randint(1, 99)}"},
                )
            for d in ids(session, "deal")[turn::4]:
                records.change(
                    session, "deal", d, {"margin": rng.randint(1, 5000), "amount": rng.randint(100, 19000), "next_step": f"лист {rng.randint(1, 99)}"}
                )
            for c in ids(session, "contact")[turn::5]:
                records.change(session, "contact", c, {"email": f"x{rng.randint(1, 9999)}@post.example", "birth_date": date(1980, 2, 1 + turn)})
            session.commit()
    for n, entity in enumerate(("account", "contact", "product", "deal")):
        _imported(company, rng, entity, people[-1 - n % 2])
    double(company)
    with company.system() as session:
        records.remove_many(session, "account", ids(session, "account")[-6:-1])
        records.remove_many(session, "contact", ids(session, "contact")[-5:-1])
        session.commit()


def double(company: Company) -> None:
    """Records that are there twice, each time alike in another field and with another owner."""
    for entity, fields in (("account", ("name", "tax_code", "phone", "website")), ("contact", ("name", "email", "phone"))):
        kind = company.catalog.entity(entity)
        table = kind.table
        with company.system() as session:
            columns = [table.c.id, table.c.owner_id, *(table.c[kind.fields[key].attribute] for key in fields)]
            rows = session.execute(select(*columns).order_by(table.c.id).limit(16)).all()
            for n, row in enumerate(rows):
                held = dict(zip(fields, row[2:], strict=True))
                same = {key: value for place, (key, value) in enumerate(held.items()) if place in (n % len(fields), (n // 2) % len(fields)) and value}
                records.create(session, entity, {"name": f"Подвоєний {n}", "owner": rows[(n * 5 + n % 2) % 16].owner_id, **same})
            session.commit()


def _imported(company: Company, rng: Random, entity: str, person: int) -> None:
    """An import that somebody has done, and a file that he has brought since."""
    now = datetime.now(UTC)
    with system_session(company.engine, "past", company.catalog, write=True, source="import", actor_id=person) as session:
        batch = batches.begin(session, entity=entity, file_name=f"{entity}.csv", fingerprint=f"{rng.randint(0, 10**9)}")
        batches.close(session, batch, "done")
        upload = {
            "key": f"{rng.getrandbits(128):032x}", "entity": entity, "made_by_id": person, "made_at": now, "moved_at": now, "file_key": "",
            "file_name": "further.csv", "size": 10, "mapping": {}, "profile": None, "why": {},
        }
        session.kernel(insert(ImportUpload.__table__), [upload])
        session.commit()
