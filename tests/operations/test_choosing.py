"""Texts of others that name an erased person: shown and asked for first. A word that others use stays in them unless it is chosen."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy import select

from config import Settings
from crm.backoffice import records
from crm.backoffice.guard import DataSession
from crm.backoffice.journal import JournalRow
from crm.backoffice.personal import choosing, erasing
from crm.backoffice.personal.choosing import Choice, Listing
from crm.backoffice.personal.erasing import Touch
from tests.company import Company

JOURNAL = JournalRow.__table__
Erase = Callable[..., Touch]


@pytest.fixture
def erase(company: Company, settings: Settings) -> Erase:
    def run(number: int, choice: Choice | None = None) -> Touch:
        return erasing.erase(
            company.engine, company.catalog, "contact", number, instance=settings.instance, kept=settings.files, jobs=settings.jobs_database, actor_id=None,
            source="cli", choice=choice)

    return run


def listing(company: Company, settings: Settings, session: DataSession, number: int, most: int = 200) -> Listing:
    return choosing.listing(company.engine, session, "contact", number, instance=settings.instance, kept=settings.files, most=most)


def text(company: Company, entity: str, number: int, key: str = "name") -> str:
    with company.system(write=False) as session:
        table = company.catalog.entity(entity).table
        return str(session.kernel(select(table.c[key]).where(table.c.id == number)).scalar())


def test_a_person_named_by_a_common_word_leaves_texts_of_others_alone_unless_they_are_chosen(
    company: Company, settings: Settings, erase: Erase, flask: Callable[..., Result]
) -> None:
    one, other = company.make("contact", *({"name": name, "last_name": name} for name in ("Поставка", "Знижка")))
    left, taken = company.make("deal", {"name": "Поставка насосів"}, {"name": "Знижка на насоси; Знижка"})
    [firm] = company.make("account", {"name": "ТОВ «Поставка»", "description": "Обіцяна знижка 5 %"})
    (settings.instance / "imports").mkdir(exist_ok=True)
    (settings.instance / "imports" / "deals.csv").write_text("Поставка насосів;зле\n")
    with company.system(write=False) as session:
        found = listing(company, settings, session, one)
        assert {(n.place, n.grade, n.taken) for n in found.named} == {
            (f"deal.{left}.name", "word", False), (f"account.{firm}.name", "word", False), ("file.deals.csv", "word", False)}
        assert found.doubtful
        assert [n.said for n in listing(company, settings, session, other).named if n.place.startswith("deal")] == [
            (("Знижка", True), (" на насоси; ", False), ("Знижка", True))]
    done = erase(one)
    assert done.mentions == {} and done.files == 0 and done.rows == {"contact": 1}
    assert text(company, "deal", left) == "Поставка насосів" and text(company, "account", firm) == "ТОВ «Поставка»"
    assert (settings.instance / "imports" / "deals.csv").is_file() and text(company, "contact", one) == "Стерта особа"
    erase(other, Choice(blank=frozenset({f"deal.{taken}.name"})))
    assert text(company, "deal", taken) == "[…] на насоси; […]" and text(company, "account", firm, "description") == "Обіцяна знижка 5 %"
    with company.system(write=False) as session:  # the chosen text with its history, and no other
        past = session.kernel(select(JOURNAL.c.changes).where(JOURNAL.c.entity == "deal", JOURNAL.c.record_id.in_([left, taken]))).scalars().all()
    assert [one["name"][1] for one in past] == ["Поставка насосів", "[…] на насоси; […]"]
    assert json.loads(flask("journal", "verify").stdout)["ok"]


@pytest.mark.parametrize(("name", "said", "goes"), [
    ("Наступний крок", "Наступний крок: дзвінок", False), ("Наступний Крок", "наступний крок: дзвінок", False),
    ("Нова Пошта", "Доставка: Нова Пошта", False), ("Коваль Іван", "Дзвонив Іван Коваль, і Коваль обіцяв", True),
    ("Коваль Іван", "ДЗВОНИВ КОВАЛЬ ІВАН", True), ("Лео ван Дамм", "дзвонив Лео Ван Дамм", True), ("李 小龍", "дзвонив 李 小龍", True),
])
def test_a_name_of_several_words_goes_where_it_is_written_as_a_name_and_nothing_else_is_called_so(
    company: Company, erase: Erase, name: str, said: str, goes: bool
) -> None:
    company.make("account", {"name": "Нова Пошта"})
    [person] = company.make("contact", {"name": name, "last_name": "Коваль" if name.startswith("Коваль") else None})
    [deal] = company.make("deal", {"name": said})
    erase(person)
    assert (text(company, "deal", deal) == said) is not goes
    assert not goes or not any(word.casefold() in text(company, "deal", deal).casefold() for word in name.split())


def test_an_address_goes_everywhere_and_a_surname_from_records_that_refer_to_the_person(company: Company, settings: Settings, erase: Erase) -> None:
    [person] = company.make("contact", {"name": "Коваль Іван", "last_name": "Коваль", "email": "ivan@koval.example", "phone": "+380671234567"})
    his, other = company.make("deal", {"name": "Ворота: Ковальов", "contact": person}, {"name": "Коваль по металу"})
    [firm] = company.make("account", {"name": "ФОП", "description": "писати на IVAN@koval.example або +380671234567"})
    with company.system(write=False) as session:
        assert {n.place: n.grade for n in listing(company, settings, session, person).named} == {
            f"deal.{his}.name": "likely", f"deal.{other}.name": "word", f"account.{firm}.description": "sure"}
        first, *_ = listing(company, settings, session, person, most=1).named
        assert (first.place, listing(company, settings, session, person, most=1).more) == (f"deal.{other}.name", {"sure": 1, "likely": 1, "word": 0})
    erase(person, Choice(keep=frozenset({f"account.{firm}.description"})))
    assert text(company, "deal", his) == "Ворота: […]" and text(company, "deal", other) == "Коваль по металу"
    assert "IVAN@koval.example" in text(company, "account", firm, "description")


def test_a_history_goes_with_its_text(company: Company, erase: Erase) -> None:
    [person] = company.make("contact", {"name": "Коваль Іван", "last_name": "Коваль"})
    [deal] = company.make("deal", {"name": "Ворота, Коваль", "next_step": "Коваль"})
    with company.system() as session:
        records.change(session, "deal", deal, {"name": "Ворота, Коваль Іван"})
        session.commit()
    erase(person)
    with company.system(write=False) as session:
        past = session.kernel(select(JOURNAL.c.changes).where(JOURNAL.c.entity == "deal", JOURNAL.c.record_id == deal).order_by(JOURNAL.c.id)).scalars().all()
    assert (past[0]["name"], past[1]["name"]) == ([None, "Ворота, […]"], ["Ворота, […]", "Ворота, […]"])
    assert past[0]["next_step"] == [None, "Коваль"] and text(company, "deal", deal, "next_step") == "Коваль"


def test_who_does_not_see_everything_is_asked_of_what_he_sees_and_takes_words_only_where_he_may_write(
    company: Company, settings: Settings, erase: Erase
) -> None:
    [person] = company.make("contact", {"name": "Коваль Іван", "last_name": "Коваль", "email": "ivan@koval.example"})
    mine, seen, hidden = company.make("deal", *({"name": f"Коваль {n}", "description": "Коваль, ivan@koval.example"} for n in range(3)))
    role = company.role(
        "eraser", {"entity": "contact", "actions": ["read", "erase"], "scope": "all", "fields": {"*": "read", "email": "hidden"}},
        {"entity": "deal", "actions": ["read", "update"], "where": {"field": "name", "op": "eq", "value": "Коваль 0"},
         "fields": {"*": "edit", "description": "read"}},
        {"entity": "deal", "actions": ["read"], "where": {"field": "name", "op": "eq", "value": "Коваль 1"}, "fields": {"*": "read"}})
    eraser = company.person(role)
    everything = Choice(grades=frozenset({"sure", "likely", "word"}))
    with company.session(eraser) as session:
        found = listing(company, settings, session, person)
        assert {(n.place, n.grade, n.may) for n in found.named} == {
            (f"deal.{mine}.name", "word", True), (f"deal.{mine}.description", "word", False),
            (f"deal.{seen}.name", "word", False), (f"deal.{seen}.description", "word", False)}
        assert all("koval.example" not in piece or not marked for n in found.named for piece, marked in n.said)
        choice = choosing.settled(company.engine, session, "contact", person, everything, instance=settings.instance, kept=settings.files)
    assert choice == Choice(frozenset({f"deal.{mine}.name"}), frozenset(), frozenset({"sure"}))
    erase(person, choice)
    assert [text(company, "deal", n) for n in (mine, seen, hidden)] == ["[…] 0", "Коваль 1", "Коваль 2"]
    # What is surely about her goes wherever it stands, and with it the rest of that text.
    assert {text(company, "deal", n, "description") for n in (mine, seen, hidden)} == {"[…], […]"}


def test_the_command_tells_the_places_and_asks_before_it_leaves_or_takes_a_word(company: Company, flask: Callable[..., Result]) -> None:
    company.make("contact", {"name": "Поставка", "code": "C-one"}, {"name": "Знижка", "code": "C-two"}, {"name": "Ремонт", "code": "C-three"})
    deals = company.make("deal", {"name": "Поставка насосів"}, {"name": "Знижка на все"}, {"name": "Ремонт"})
    planned = json.loads(flask("personal", "erase", "contact", "C-one").stdout)
    assert planned["named"] == [{"place": f"deal.{deals[0]}.name", "entity": "deal", "code": f"D-{deals[0]}", "field": "name", "text": "«Поставка» насосів",
                                 "grade": "word", "blanked": False, "may": True}] and planned["named_more"] == {}
    refused = flask("personal", "erase", "contact", "C-one", "--confirm", "C-one")
    assert refused.exit_code == 1 and "--blank" in refused.stderr and text(company, "contact", 1) == "Поставка"
    assert flask("personal", "erase", "contact", "C-one", "--confirm", "C-one", "--blank", "x", "--keep", "x").exit_code == 1
    assert flask("personal", "erase", "contact", "C-one", "--confirm", "C-one", "--yes").exit_code == 0
    assert flask("personal", "erase", "contact", "C-two", "--confirm", "C-two", "--blank", "all").exit_code == 0
    assert flask("personal", "erase", "contact", "C-three", "--confirm", "C-three", "--keep", "all").exit_code == 0
    assert [text(company, "deal", n) for n in deals] == ["Поставка насосів", "[…] на все", "Ремонт"]
