"""What `explain` says of a person, a record, a field and an action is what his session does, over roles made by chance."""

from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from crm.backoffice import lists, records
from crm.backoffice.guard import UserSession
from crm.backoffice.lists import ListQuery, Masked
from crm.errors import BramaError, Forbidden, Invalid, NotFound, UnknownName
from crm.permissions import Inquiry, explain
from tests.company import Company
from tests.rights.random_roles import ENTITIES, FIELDS, World, build

BOTH = frozenset({"read", "export"})
LEAVES = "The record would leave what you may write."
WRITTEN = {
    "account": ("name", "city", "employees", "revenue", "address", "credit_limit", "payment_days", "owner", "territory"),
    "deal": ("name", "amount", "probability", "next_step", "cost", "margin", "description", "owner", "department"),
    "deal_line": ("quantity", "price", "discount", "amount"),
}


class Asked:
    """One person's session, with what it shows of every record; each question is asked both ways and compared."""

    def __init__(self, world: World, user: int, rng: Random, tally: Counter[str]) -> None:
        self.world, self.rng, self.tally = world, rng, tally
        self.session: UserSession = world.company.session(user)
        self.user = user
        self.shown = {e: self.rows(e) for e in ENTITIES}
        self.exported = {e: self.stream(e) for e in ENTITIES}
        self.inquiries: dict[tuple[str, int], Inquiry] = {}

    def rows(self, entity: str) -> dict[int, Any]:
        if not self.session.sight.may(entity, "read"):
            return {}
        page = lists.page(self.session, ListQuery(entity, self.session.sight.readable(entity), size=200))
        return {row.id: row.values for row in page.rows}

    def stream(self, entity: str) -> dict[int, Any]:
        query = ListQuery(entity, self.session.sight.readable(entity, BOTH), actions=BOTH)
        return {row.id: row.values for row in lists.stream(self.session, query)}

    def inquiry(self, entity: str, record: int) -> Inquiry:
        if (entity, record) not in self.inquiries:
            self.inquiries[entity, record] = Inquiry(self.session, self.session.catalog.entity(entity), record)
        return self.inquiries[entity, record]

    def compare(self, what: str, did: Any, says: Any, *place: Any) -> None:
        self.tally[f"{what} {did}"] += 1
        rules = self.session.access.of(place[0]) if self.session.access else ()
        assert did == says, f"{what} of {place} by user {self.user}: the session {did}, explain {says}; rules:\n" + "\n".join(map(str, rules))

    # --- what the session does ------------------------------------------------------------------------------------

    def read(self, entity: str, record: int, field: str) -> None:
        row = self.shown[entity].get(record)
        value = row.get(field) if row is not None else None
        did = "hidden" if value is None else "masked" if isinstance(value, Masked) else "shown"
        found = self.inquiry(entity, record).answer(field, "read")
        assert found.allowed == (found.mode in ("read", "edit"))
        self.compare("read", did, "shown" if found.allowed else found.mode, entity, record, field)

    def one(self, entity: str, record: int) -> None:
        try:
            alone = lists.record(self.session, entity, record).values
        except NotFound:
            alone = None
        assert alone == self.shown[entity].get(record), (entity, record)
        self.compare("record", alone is not None, self.inquiry(entity, record).answer(None, "read").allowed, entity, record)

    def export(self, entity: str, record: int, field: str) -> None:
        row = self.exported[entity].get(record)
        did = row is not None and row.get(field) is not None and not isinstance(row[field], Masked)
        self.compare("export", did, self.inquiry(entity, record).answer(field, "export").allowed, entity, record, field)
        self.compare("export record", row is not None, self.inquiry(entity, record).answer(None, "export").allowed, entity, record)

    def update(self, entity: str, record: int, field: str) -> None:
        says = self.inquiry(entity, record).answer(field, "update").allowed
        value = self.other_value(entity, field, record)
        with self.undone():
            try:
                did = field in records.change(self.session, entity, record, {field: value}).changed
            except Forbidden as refused:
                did = str(refused.message.id) == LEAVES  # the field may be changed, the record may not become so
            except (NotFound, UnknownName):
                did = False
        self.compare("update", did, says, entity, record, field)

    def delete(self, entity: str, record: int) -> None:
        with self.undone():
            try:
                did = bool(records.remove(self.session, entity, record).changed)
            except (NotFound, Forbidden):
                did = False
        self.compare("delete", did, self.inquiry(entity, record).answer(None, "delete").allowed, entity, record)

    def assign(self, entity: str, record: int) -> None:
        """Only who may change the owner can show by doing it whether he may give the record away."""
        says = self.inquiry(entity, record)
        if not says._writes("owner", "update"):
            return
        with self.undone():
            try:
                did = bool(records.change(self.session, entity, record, {"owner": self.other_value(entity, "owner", record)}).changed)
            except (Forbidden, NotFound):
                did = False
        self.compare("assign", did, says.answer(None, "assign").allowed, entity, record)

    def create(self, entity: str) -> None:
        given = {"name": "Нова"} if entity != "deal_line" else {"deal": self.rng.choice(self.world.ids["deal"]), "product": self.world.ids["product"][0]}
        given |= {f: self.other_value(entity, f) for f in self.rng.sample(WRITTEN[entity], self.rng.randint(0, 3))}
        with self.undone():
            try:
                with self.session.begin_nested():
                    record = records.create(self.session, entity, given)
                did = True
            except (Forbidden, UnknownName, Invalid):
                did = False
                record = records.follow_with_new(self.session, entity, [given])[0]
            inquiry = Inquiry(self.session, self.session.catalog.entity(entity), record)
            says = inquiry.answer(None, "create").allowed and all(inquiry.answer(f, "create").allowed for f in given)
            self.compare("create", did, says, entity, given)

    # --- around it ------------------------------------------------------------------------------------------------

    def other_value(self, entity: str, field: str, record: int = 0) -> Any:
        places = {"owner": self.world.people, "department": self.world.departments, "territory": self.world.territories}
        if field in places:
            now = self.world.standing.get((entity, record), {}).get(field)
            return self.rng.choice([number for number in places[field] if number != now])
        match field:
            case "discount" | "probability":
                return Decimal(self.rng.randint(10, 90)) / 1000
        spec = self.session.catalog.entity(entity).fields[field]
        return self.rng.randint(2000, 3000) if spec.type in ("integer", "money", "decimal") else f"нове {self.rng.random()}"

    def undone(self) -> Any:
        session = self.session

        class Undone:
            def __enter__(self) -> None:
                self.savepoint = session.begin_nested()

            def __exit__(self, *_: object) -> None:
                self.savepoint.rollback()

        return Undone()

    def question(self) -> None:
        entity = self.rng.choice(ENTITIES)
        seen = list(self.shown[entity])
        # Half of the questions concern records that are seen, where the finer answers are.
        record = self.rng.choice(seen) if seen and self.rng.random() < 0.6 else self.rng.choice(self.world.ids[entity])
        match self.rng.choices(("read", "export", "update", "delete", "create", "assign", "one"), (40, 16, 24, 7, 8, 3, 5))[0]:
            case "read":
                self.read(entity, record, self.rng.choice(FIELDS[entity]))
            case "export":
                self.export(entity, record, self.rng.choice(FIELDS[entity]))
            case "update":
                self.update(entity, record, self.rng.choice(WRITTEN[entity]))
            case "delete":
                self.delete(entity, record)
            case "create":
                self.create(entity)
            case "assign" if entity != "deal_line":
                self.assign(entity, record)
            case _:
                self.one(entity, record)


def test_what_explain_says_is_what_the_session_does(company: Company) -> None:
    people, each = (25, 200) if company.engine.dialect.name == "sqlite" else (13, 400)  # opening a session costs more there
    rng = Random(20261124)
    world = build(company, rng, people)
    tally: Counter[str] = Counter()
    for user in world.people:
        asked = Asked(world, user, rng, tally)
        try:
            for _ in range(each):
                asked.question()
        finally:
            asked.session.close()
    assert sum(tally.values()) >= people * each
    for seldom in (
        "read masked",
        "export True",
        "update True",
        "update False",
        "delete True",
        "create True",
        "create False",
        "assign True",
        "assign False",
        "record False",
    ):
        assert tally[seldom] >= people * each // 2000, (seldom, tally)


def test_explain_in_a_session_of_its_own_says_the_same(company: Company) -> None:
    rng = Random(7)
    world = build(company, rng, 8)
    for user in world.people:
        with company.session(user, write=False) as session:
            assert session.access is not None
            for entity in ENTITIES:
                record = rng.choice(world.ids[entity])
                inquiry = Inquiry(session, session.catalog.entity(entity), record)
                for field in (*FIELDS[entity], None):
                    assert explain(company.engine, company.catalog, session.access, entity, record, field, "update") == inquiry.answer(field, "update")


def test_explain_prints_the_condition_of_the_fields_mode_and_otherwise_of_the_rule(company: Company) -> None:
    small, kyiv = {"field": "employees", "op": "lt", "value": 50}, {"field": "city", "op": "eq", "value": "Київ"}
    company.role("r", {"entity": "account", "actions": ["read"], "where": kyiv, "fields": {
        "*": "read", "revenue": {"mode": "read", "where": small}, "phone": {"mode": "masked", "where": small}}})
    me = company.person("r")
    one, large = company.make("account", {"name": "А", "city": "Київ", "employees": 10}, {"name": "Б", "city": "Київ", "employees": 90})

    def says(record: int, field: str | None) -> tuple[Any, Any, Any]:
        found = explain(company.engine, company.catalog, company.access(me), "account", record, field).as_dict()
        return found["mode"], found["rule"], found["condition"]

    assert says(one, "revenue") == ("read", "r#1", small)
    assert says(one, "phone") == ("masked", "r#1", small)
    assert says(one, "name") == ("read", "r#1", kyiv)
    assert says(one, None) == (None, "r#1", kyiv)
    assert says(large, "revenue") == ("hidden", None, None)


def test_explain_names_the_rule_that_decides(company: Company) -> None:
    company.role("r", {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read", "revenue": "hidden"}},
                 {"entity": "account", "actions": ["read", "update"], "scope": "own", "fields": {"*": "edit", "phone": "masked"}})
    me = company.person("r")
    mine, other = company.make("account", {"name": "А", "owner": me}, {"name": "Б"})

    def says(record: int | None, field: str | None, action: Any = "read") -> tuple[Any, ...]:
        found = explain(company.engine, company.catalog, company.access(me), "account", record, field, action)
        return found.allowed, found.mode, found.rule and found.rule.name

    assert says(mine, "revenue") == (True, "edit", "r#2")
    assert says(other, "revenue") == (False, "hidden", None)
    assert says(mine, "city", "update") == (True, "edit", "r#2")
    assert says(other, "city", "update") == (False, "read", None)
    assert says(mine, "owner", "update") == (False, "read", "r#1")  # nobody lets him give it away
    assert says(other, None, "delete") == (False, None, "r#1")
    assert says(None, "revenue")[0] is True
    with pytest.raises(BramaError):
        says(mine, "nothing")
    for number in (10**6, 2**31, 10**40, -1):
        with pytest.raises(NotFound):
            says(number, None)
