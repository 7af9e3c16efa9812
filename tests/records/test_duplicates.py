"""Duplicates among the records that are there: keys are mended, pairs are found by what few share, and each reader meets only his own."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.likeness import search as searching
from crm.backoffice.likeness.candidates import COMMON, NAMESAKES
from crm.backoffice.likeness.duplicates import doubt_again, groups, like, part
from crm.backoffice.likeness.evidence import DECIDED, EVIDENCE, SEARCHES
from crm.backoffice.likeness.index import KEYS
from crm.backoffice.likeness.search import search
from crm.backoffice.merging import merge
from crm.backoffice.undo import undo
from crm.contacts.models import Account
from crm.errors import BadRequest, Forbidden, NotFound
from tests.company import Company

NAMES = ("Марта", "Богдан", "Фросина", "Юхим", "Зеновій", "Лукія", "Гордій", "Килина", "Устим", "Ярина", "Семен", "Пріська", "Віктор", "Домна")
ALL = {"entity": "account", "actions": ["read", "update", "delete"], "scope": "all", "fields": {"*": "edit"}}


def found(company: Company, *, decided: bool = False, entity: str = "account", person: int | None = None) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
    session: DataSession = company.system(write=False) if person is None else company.session(person, write=False)
    with session:
        return [(group.ids, group.fields) for group in groups(session, company.catalog.entity(entity), decided=decided).groups]


def searched(company: Company, entity: str = "account") -> searching.Searched:
    return search(company.engine, company.catalog, entity, pause=0)


def test_records_are_found_by_a_code_a_phone_and_a_name_in_any_spelling(company: Company) -> None:
    a, b, c, d, e, f, _ = company.make(
        "account", {"name": "ТОВ «Криниця»"}, {"name": "Krynytsia LLC"}, {"name": "Обрій", "phone": "+380441234567"},
        {"name": "Зовсім інша", "phone": "+380441234567"}, {"name": "Захід", "tax_code": "14360570"}, {"name": "Схід", "tax_code": "14360570"},
        {"name": "Одинак"},
    )
    done = searched(company)
    assert (done.records, done.mended, done.pairs) == (7, 0, 3)
    assert found(company) == [((e, f), ("tax_code",)), ((c, d), ("phone",)), ((a, b), ("name",))]


def test_shops_that_differ_in_a_number_are_not_the_same(company: Company) -> None:
    company.make("account", {"name": "Магазин «Лан» 1"}, {"name": "Магазин «Лан» 12"}, {"name": "Магазин «Лан» №3"})
    searched(company)
    assert found(company) == []


def test_people_with_other_initials_are_not_the_same(company: Company) -> None:
    one, _, three = company.make("account", {"name": "ФОП Швець О. М."}, {"name": "ФОП Швець А. В."}, {"name": "Швець О.М., ФОП"})
    searched(company)
    assert found(company) == [((one, three), ("name",))]


def test_reasons_add_up_and_groups_are_joined_by_pairs(company: Company) -> None:
    one, two, three = company.make(
        "account", {"name": "Криниця", "phone": "+380441234567"}, {"name": "Криниця", "phone": "+380441234567"}, {"name": "Інша", "phone": "+380441234567"})
    searched(company)
    with company.system(write=False) as session:
        (group,) = groups(session, company.catalog.entity("account")).groups
        assert like(session, company.catalog.entity("account"), two) == [(one, ("name", "phone")), (three, ("phone",))]
    # a name of 0.6 and a phone of 0.7 leave 0.4 × 0.3 of the doubt
    assert (group.ids, group.fields, group.score) == ((one, two, three), ("name", "phone"), 0.88)


def test_records_that_came_past_the_door_get_their_keys(company: Company) -> None:
    one, two = company.make("account", {"name": "Криниця"}, {"name": "Обрій"})
    with company.engine.execution_options(writer=True).begin() as connection:
        connection.execute(update(Account.__table__).where(Account.__table__.c.id == two).values(name="Криниця"))
        connection.execute(delete(KEYS).where(KEYS.c.record_id == one))
        connection.execute(insert(KEYS).values(entity="account", record_id=two, field="fax", key="старе"))
    assert searched(company).mended == 2
    assert found(company) == [((one, two), ("name",))]
    assert searched(company).mended == 0
    with company.engine.connect() as connection:
        assert connection.execute(select(KEYS.c.key).where(KEYS.c.field == "fax")).all() == []


def test_an_interrupted_search_goes_on_where_it_stood(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "PART", 2)
    numbers = company.make("account", *({"name": name} for name in ("Криниця", "Обрій", "Лан", "Криниця", "Обрій")))
    parts: list[list[int]] = []
    compare = searching._compare

    def dies(engine: Any, blocks: Any, ids: Any) -> None:
        if len(parts) == 2:
            raise KeyboardInterrupt
        compare(engine, blocks, ids)
        parts.append(list(ids))

    monkeypatch.setattr(searching, "_compare", dies)
    with pytest.raises(KeyboardInterrupt):
        searched(company)
    with company.engine.connect() as connection:
        assert connection.execute(select(SEARCHES.c.step, SEARCHES.c.place, SEARCHES.c.finished_at)).one() == ("compare", numbers[3], None)
    parts.clear()
    searched(company)
    assert parts == [numbers[4:]]
    assert found(company) == [((numbers[0], numbers[3]), ("name",)), ((numbers[1], numbers[4]), ("name",))]
    parts.clear()
    monkeypatch.setattr(searching, "_compare", compare)
    assert searched(company).pairs == 2, "and a whole one after it begins anew"


def test_what_many_share_tells_nothing_and_groups_have_at_most_ten(company: Company) -> None:
    company.make("account", *({"name": f"Слово{'а' * n}ж", "phone": "+380440000000"} for n in range(COMMON + 1)))
    company.make("contact", *({"name": "Іван Шевченко"} for _ in range(NAMESAKES + 1)))
    company.make("contact", *({"name": name, "phone": "+380441111111"} for name in NAMES))
    for entity in ("account", "contact"):
        searched(company, entity)
    assert all("phone" not in fields for _, fields in found(company))
    groups_of_people = found(company, entity="contact")
    assert all(len(ids) <= 10 and fields == ("phone",) for ids, fields in groups_of_people) and len(groups_of_people) == 2
    with company.engine.connect() as connection:
        pairs = connection.execute(select(EVIDENCE.c.one_id).where(EVIDENCE.c.entity == "contact")).all()
    assert len(pairs) <= 14 * 10


def test_a_changed_value_takes_what_rested_on_it_along(company: Company) -> None:
    one, two = company.make("account", {"name": "Криниця", "phone": "+380441234567"}, {"name": "Криниця", "phone": "+380441234567"})
    searched(company)
    with company.system() as session:
        records.change(session, "account", two, {"phone": "+380447654321"})
        session.commit()
    assert found(company) == [((one, two), ("name",))]
    with company.system() as session:
        records.change(session, "account", one, {"name": "Обрій"})
        session.commit()
    assert found(company) == []


def test_what_was_merged_is_gone_until_the_merge_is_taken_back(company: Company) -> None:
    one, two = company.make("account", {"name": "Криниця"}, {"name": "Криниця"})
    searched(company)
    with company.system() as session:
        merge(session, "account", one, [two], {})
        session.commit()
        batch = session.batch
    searched(company)
    assert found(company) == []
    with company.system() as session:
        undo(session, batch)
        session.commit()
    assert found(company) == [((one, two), ("name",))]


def test_what_is_said_to_be_different_stays_so_until_it_is_taken_back(company: Company) -> None:
    one, two, three = company.make("account", {"name": "Криниця"}, {"name": "Криниця"}, {"name": "Krynytsia"})
    person = company.person(company.role("keeper", ALL))
    searched(company)
    kind = company.catalog.entity("account")
    with company.session(person) as session:
        part(session, kind, [one, three])
        part(session, kind, [three, one])
        session.commit()
    assert found(company) == [((one, two, three), ("name",))], "both are still like the second one"
    with company.session(person) as session:
        part(session, kind, [one, two, three])
        session.commit()
        (told,) = groups(session, kind, decided=True).groups
    assert (told.ids, told.by, told.at is not None) == ((one, two, three), person, True)
    searched(company)
    assert found(company) == []
    with company.session(person) as session:
        doubt_again(session, kind, [one, two])
        session.commit()
    assert found(company) == [((one, two), ("name",))]


@pytest.mark.parametrize(("ids", "refusal"), [([0], BadRequest), ([0, 0], BadRequest), ([0, 999], NotFound), (list(range(11)), BadRequest), ([0, 2], NotFound)])
def test_who_may_not_or_wrongly_decides_is_refused(company: Company, ids: list[int], refusal: type[Exception]) -> None:
    numbers = company.make("account", *({"name": "Криниця", "city": city} for city in ("Київ", "Київ", "Львів")))
    person = company.person(company.role("kyiv", {**ALL, "scope": "where", "where": {"field": "city", "op": "eq", "value": "Київ"}}))
    kind = company.catalog.entity("account")
    chosen = [numbers[n] if n < 3 else 10**6 + n for n in ids]
    with company.session(person) as session, pytest.raises(refusal):
        part(session, kind, chosen)
    with company.session(person) as session:
        part(session, kind, numbers[:2])
    reader = company.person(company.role("looks", {**ALL, "actions": ["read"]}))
    with company.session(reader) as session, pytest.raises(Forbidden):
        part(session, kind, numbers[:2])
    with company.engine.connect() as connection:
        assert connection.execute(select(DECIDED)).all() == []


SECRETS: dict[str, Mapping[str, Any]] = {
    "a field that is hidden": {**ALL, "fields": {"*": "edit", "phone": "hidden", "name": "hidden"}},
    "a field that is masked": {**ALL, "fields": {"*": "edit", "phone": "masked", "name": "masked"}},
    "a field that shows on one of the two": {
        **ALL, "fields": {"*": "edit", **{key: {"mode": "read", "where": {"field": "city", "op": "eq", "value": "Київ"}} for key in ("phone", "name")}}},
    "one of the two records": {**ALL, "scope": "where", "where": {"field": "city", "op": "eq", "value": "Київ"}},
}


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_is_told_of_pairs_that_rest_on(company: Company, secret: str) -> None:
    one, two, _ = company.make(
        "account", {"name": "Криниця", "phone": "+380441234567", "city": "Київ"}, {"name": "Криниця", "phone": "+380441234567", "city": "Львів"},
        {"name": "Інша", "city": "Київ"},
    )
    searched(company)
    person = company.person(company.role("less", SECRETS[secret]))
    kind = company.catalog.entity("account")
    assert found(company, person=person) == []
    with company.session(person, write=False) as session:
        assert like(session, kind, one) == [] == like(session, kind, two)


def test_no_group_comes_together_by_a_record_that_is_not_seen(company: Company) -> None:
    one, unseen, other = company.make(
        "account", {"name": "Криниця", "city": "Київ"}, {"name": "Криниця", "phone": "+380441234567", "city": "Львів"},
        {"name": "Обрій", "phone": "+380441234567", "city": "Київ"},
    )
    searched(company)
    assert [ids for ids, _ in found(company)] == [(one, unseen, other)]
    person = company.person(company.role("kyiv", {**ALL, "scope": "where", "where": {"field": "city", "op": "eq", "value": "Київ"}}))
    assert found(company, person=person) == []


def test_only_what_has_likeness_is_searched(company: Company) -> None:
    with pytest.raises(NotFound):
        searched(company, "deal")
