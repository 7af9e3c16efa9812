"""Records that may be the same are found whatever alphabet, transliteration or layout they were typed in, by what their reader sees."""

import pytest

from crm.backoffice import records
from crm.backoffice.likeness.index import resembling
from crm.backoffice.likeness.many import resembling_many
from crm.backoffice.likeness.words import heard, other_layouts, resemblance, skeleton, words
from tests.company import Company

ALIKE = [
    ("ТОВ «Криниця»", "Криниця, ТзОВ"), ("Криниця", "Krynytsia LLC"), ("Криниця", "Krynytsya"), ("Київський млин", "Kyivskyi mlyn"),
    ("Щедрий край", "Shchedryi krai"), ("Нова пошта", "Нова Пошта"), ("Гірник-Захід", "Hirnyk Zakhid"), ("Шевченко Іван", "Іван Шевченко"),
    ("Агрохолдинг Обрій", "Агрохолдінг Обрій"), ("Криниця", "Rhbybwz"), ("Rhbybwz", "Криниця"),
    ("Приватне підприємство «Обрій»", "ПП Обрій"), ("Ґанок", "Ганок"),
]
APART = [("Криниця", "Обрій"), ("ТОВ «Нива»", "ТОВ «Зоря»"), ("Київ Опт", "Львів Опт Плюс"), ("Шевченко Іван", "Бойко Ганна")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_are_alike(one: str, other: str) -> None:
    assert resemblance(one, other) >= 0.84
    assert heard(one).keys & {k for text in (other, *other_layouts(other)) for k in heard(text).keys}, "and one leads to the other"


@pytest.mark.parametrize(("one", "other"), APART)
def test_names_that_are_not(one: str, other: str) -> None:
    assert resemblance(one, other) < 0.84


def test_what_says_how_a_company_is_organised_does_not_tell_it_apart() -> None:
    assert words("Товариство з обмеженою відповідальністю «Криниця»") == ["криниця"]
    assert words("ТОВ") == ["тов"]
    assert words("«»") == []


@pytest.mark.parametrize("text", ["", "!!!", "1 2 3", "👍", "العربية", "漢字", "a" * 5000, "\u0301\u0301", "ß"])
def test_any_text_has_keys_or_none(text: str) -> None:
    assert all(isinstance(key, str) and 0 < len(key) <= 5 for key in heard(text).keys)
    assert len(skeleton(text)) <= len(text) * 4


def found(company: Company, entity: str, **values: object) -> list[int]:
    with company.system(write=False) as session:
        return [one.id for one in resembling(session, company.catalog.entity(entity), values)]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_a_company_is_found_by_a_name_that_is_alike(company: Company, one: str, other: str) -> None:
    (number,) = company.make("account", {"name": one})
    company.make("account", {"name": "Зовсім інша назва"})
    assert found(company, "account", name=other) == [number]


def test_a_person_is_found_by_a_phone_or_an_address(company: Company) -> None:
    one, two, _ = company.make(
        "contact", {"name": "Ганна Бойко", "phone": "+380441234567"}, {"name": "Г. Б.", "email": "Hanna@Firm.example"}, {"name": "Інша"})
    assert found(company, "contact", name="Хтось", phone="+380441234567") == [one]
    assert found(company, "contact", email="hanna@firm.EXAMPLE") == [two]


def test_the_keys_follow_the_record(company: Company) -> None:
    (number,) = company.make("account", {"name": "Криниця"})
    with company.system() as session:
        records.change(session, "account", number, {"name": "Обрій"})
        session.commit()
    assert (found(company, "account", name="Криниця"), found(company, "account", name="Обрій")) == ([], [number])
    with company.system() as session:
        records.remove(session, "account", number)
        session.commit()
    assert found(company, "account", name="Обрій") == []
    with company.system() as session:
        records.restore(session, "account", number)
        session.commit()
    assert found(company, "account", name="Обрій") == [number]


def test_the_most_alike_come_first_and_no_more_than_five(company: Company) -> None:
    numbers = company.make("account", *({"name": f"Криниця {n}"} for n in range(8)), {"name": "Криниця"})
    assert found(company, "account", name="Криниця")[0] == numbers[-1]
    assert len(found(company, "account", name="Криниця")) == 5


def test_nothing_is_told_of_records_and_fields_that_are_not_seen(company: Company) -> None:
    person = company.person(company.role(
        "blind", {"entity": "account", "actions": ["read", "create"], "scope": "own", "fields": {"*": "edit", "phone": "hidden", "website": "masked"}}))
    phone = "+380441234567"
    mine, theirs = company.make(
        "account", {"name": "Криниця", "phone": phone, "website": "https://one.example", "owner": person}, {"name": "Криниця", "phone": phone})
    kind = company.catalog.entity("account")
    with company.session(person, write=False) as session:
        assert [one.id for one in resembling(session, kind, {"name": "Криниця"})] == [mine]
        assert resembling(session, kind, {"phone": phone}) == []
        assert resembling(session, kind, {"website": "https://one.example"}) == []
    assert set(found(company, "account", name="Криниця", phone=phone)) == {mine, theirs}


def test_a_field_that_shows_on_some_records_counts_there_alone(company: Company) -> None:
    person = company.person(company.role(
        "partly", {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read", "phone": {
            "mode": "read", "where": {"field": "city", "op": "eq", "value": "Київ"}}}}))
    shown, _ = company.make(
        "account", {"name": "а", "city": "Київ", "phone": "+380441234567"}, {"name": "б", "city": "Львів", "phone": "+380441234567"})
    with company.session(person, write=False) as session:
        assert [one.id for one in resembling(session, company.catalog.entity("account"), {"phone": "+380441234567"})] == [shown]


def test_what_a_reader_does_not_see_does_not_change_what_an_import_finds(company: Company) -> None:
    """A company of his own, named by the other layout of a name, would tell by being found or not whether there is one of that name."""
    company.role("own", {"entity": "account", "actions": ["read", "create"], "scope": "own", "fields": {"*": "edit"}})
    reader = company.person("own")
    with company.session(reader) as session:
        mine = records.create(session, "account", {"name": "Rhbybwz"})
        session.commit()

    def alike() -> list[int]:
        with company.session(reader, write=False) as session:
            return [one.id for one in resembling_many(session, company.catalog.entity("account"), {1: {"name": "Криниця"}}).get(1, [])]

    assert alike() == [mine]
    (hidden,) = company.make("account", {"name": "Криниця"})
    assert alike() == [mine]
    with company.system(write=False) as session:
        found = resembling_many(session, company.catalog.entity("account"), {1: {"name": "Криниця"}})[1]
        assert [one.id for one in found] == [hidden]
