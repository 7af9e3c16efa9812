"""Names in their cases, and whom the words of a line name for their writer."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.backoffice.guard import user_session
from crm.backoffice.text import fold
from crm.contacts.cases import names, spelled, stems
from crm.contacts.interactions.spoken.line import understand
from crm.contacts.interactions.spoken.whom import Whom, whom
from crm.permissions import access_for
from tests.company import Company
from tests.interactions.test_lines import NOW

FORMS = """Петренку Петренко | Іваненком Іваненко | Ользі Ольга | Сидору Сидір | Кравцем Кравець | Левицькому Левицький | Левицькій Левицька | Марією Марія
Юрію Юрій | Андрієм Андрій | Іллі Ілля | Ромашці Ромашка | Ромашкою Ромашка | Коваля Коваль | Мельником Мельник | Ігореві Ігор | Шевчукові Шевчук
Голубку Голубок | Полісся Полісся | Поліссям Полісся | Петрові Петро | Бойкові Бойко | Любовʼю Любов | Якову Яків | Федорові Федір | Надії Надія
petrenko Петренко | Shevchuk Шевчук | kovalskyi Ковальський | Гордієнком Гордієнко | Антоном Антін | Яремі Ярема | Ґонті Ґонта | Хлібодарами Хлібодари
Світланою Світлана | Зозулі Зозуля | Сокола Сокіл | Вовка Вовк | Smith Smith"""
PAIRS = [pair.split() for pair in FORMS.replace("\n", " | ").split(" | ")]
OTHERS = [
    ("Петренку", "Петриченко"), ("Іваненком", "Іванчук"), ("Ользі", "Олена"), ("Левицькому", "Левицька"), ("договір", "Договоренко"), ("Smith", "Smithson"),
]


@pytest.mark.parametrize(("said", "name"), PAIRS)
def test_a_case_leads_to_the_name(said: str, name: str) -> None:
    assert names(fold(name), fold(said))
    # The database is asked by a beginning: it must find the name too.
    assert any(fold(name).startswith(stem) for spelling in spelled(fold(said)) for stem in stems(spelling))


@pytest.mark.parametrize(("said", "name"), OTHERS)
def test_another_name_is_not_meant(said: str, name: str) -> None:
    assert not names(fold(name), fold(said))


@given(st.text(max_size=60))
def test_any_word_has_forms_and_a_bounded_number_of_beginnings(word: str) -> None:
    folded = fold(word)
    assert names(folded, folded)
    assert 1 <= len(stems(folded)) <= 12


ROLE = """
roles:
  own_people:
    label: {uk: Свої, en: Own}
    rules:
      - {entity: contact, actions: [read, create], scope: own, fields: {"*": edit}}
      - {entity: account, actions: [read], scope: all, fields: {"*": read}}
      - {entity: interaction, actions: [read, create], scope: own, fields: {"*": edit}}
  nameless:
    label: {uk: Без імен, en: Nameless}
    rules:
      - {entity: contact, actions: [read], scope: all, fields: {"*": read, name: hidden}}
      - {entity: interaction, actions: [read, create], scope: own, fields: {"*": edit}}
"""


@pytest.fixture
def ask(company: Company) -> Callable[..., Whom]:
    company.configure(ROLE)

    def found(line: str, person: int) -> Whom:
        with user_session(company.engine, access_for(company.engine, person, company.catalog), company.catalog) as session:
            return whom(session, understand(line, NOW).rest)

    return found


def test_a_person_is_found_in_any_case_and_one_of_several_is_told_with_the_others(company: Company, ask: Callable[..., Whom]) -> None:
    owner = company.person("owner")
    first, second, namesake = company.make("contact", {"name": "Петренко Іван"}, {"name": "Петренко Ганна"}, {"name": "Петриченко Олег"})
    alone = ask("завтра дзвінок Івану Петренку", owner)
    assert alone.contact and (alone.contact.id, alone.others, alone.places) == (first, (), {0, 1})
    several = ask("завтра дзвінок Петренку", owner)
    assert several.contact and {several.contact.id, *(o.id for o in several.others)} == {first, second}
    assert namesake not in {o.id for o in several.others}
    assert ask("завтра дзвінок Сидоренку", owner) == Whom()


def test_a_company_is_found_and_tells_who_of_several_is_meant(company: Company, ask: Callable[..., Whom]) -> None:
    owner = company.person("owner")
    one, two = company.make("contact", {"name": "Петренко Іван"}, {"name": "Петренко Ганна"})
    (firm,) = company.make("account", {"name": "ТОВ «Ромашка»"})
    company.make("position", {"contact": two, "account": firm})
    found = ask("завтра зустріч з Петренком у ТОВ Ромашка про крани", owner)
    assert found.contact and found.account and (found.contact.id, found.account.id, found.others) == (two, firm, ())
    only = ask("візит у Ромашку", owner)
    assert only.account and (only.account.id, only.contact) == (firm, None)
    told = ask("дзвінок Петренку", owner)
    assert {(n.id, n.where) for n in (told.contact, *told.others) if n} == {(one, ""), (two, "ТОВ «Ромашка»")}


def test_ones_own_people_come_first_and_the_rest_is_counted(company: Company, ask: Callable[..., Whom]) -> None:
    owner = company.person("owner")
    company.make("contact", *({"name": f"Коваль {n}"} for n in range(12)))
    (mine,) = company.make("contact", {"name": "Коваль Яна", "owner": owner})
    found = ask("дзвінок Ковалю", owner)
    assert found.contact and (found.contact.id, len(found.others), found.more) == (mine, 5, 7)


def test_a_line_names_nobody_whom_its_writer_may_not_see(company: Company, ask: Callable[..., Whom]) -> None:
    me, other, blind = company.person("own_people"), company.person("owner"), company.person("nameless")
    company.make("contact", {"name": "Таємний Степан", "owner": other})
    assert ask("дзвінок Степану Таємному", me) == Whom() == ask("дзвінок Степану Невідомому", me)
    assert ask("дзвінок Степану Таємному", blind) == Whom()
    assert ask("дзвінок Степану Таємному", other).contact is not None
