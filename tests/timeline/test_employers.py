"""A person changes employer: the old position ends, the new one begins, and what was said stays where it was said."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from crm.backoffice import lists, records
from crm.contacts.employment import change_employer
from crm.errors import Invalid
from tests.company import Company
from tests.kit_forms.house import Browser, House
from tests.timeline.test_timeline import held, pages, text

SignIn = Callable[..., Browser]


def positions(company: Company, contact: int) -> list[tuple[int, date | None, date | None, bool]]:
    """Company, first day, last day, primary; in the order in which they were made."""
    with company.system(write=False) as session:
        rows = lists.stream(session, lists.ListQuery("position", ("account", "contact", "since", "until", "primary"), sort=(("id", False),)))
        return [
            (row.values["account"].id, row.values["since"], row.values["until"], row.values["primary"]) for row in rows if row.values["contact"].id == contact
        ]


def test_the_old_position_ends_the_day_before_and_both_were_primary_in_their_time(company: Company) -> None:
    old, new, third = company.make("account", {"name": "Обрій"}, {"name": "Лан"}, {"name": "Нива"})
    (person,) = company.make("contact", {"name": "Марта"})
    company.make("position", {"account": old, "contact": person, "since": date(2020, 1, 1)})
    for account, since in ((new, date(2024, 3, 1)), (third, date(2025, 1, 1))):
        with company.system() as session:
            change_employer(session, person, {"account": account, "since": since, "title": "Директорка"})
            session.commit()
    # 2024 is a leap year: February ends on the 29th.
    assert positions(company, person) == [
        (old, date(2020, 1, 1), date(2024, 2, 29), True), (new, date(2024, 3, 1), date(2024, 12, 31), True), (third, date(2025, 1, 1), None, True),
    ]


def test_a_change_that_cannot_have_been_is_refused_and_changes_nothing(company: Company) -> None:
    old, new = company.make("account", {"name": "Обрій"}, {"name": "Лан"})
    (person,) = company.make("contact", {"name": "Марта"})
    company.make("position", {"account": old, "contact": person, "since": date(2024, 5, 1)})
    for values, field in (({"account": old, "since": date(2025, 1, 1)}, "account"), ({"account": new, "since": date(2024, 5, 1)}, "since")):
        with company.system() as session:
            with pytest.raises(Invalid) as refused:
                change_employer(session, person, values)
            assert set(refused.value.fields) == {field}
    with company.system() as session, pytest.raises(Invalid) as backwards:
        records.create(session, "position", {"account": new, "contact": person, "since": date(2024, 5, 2), "until": date(2024, 5, 1)})
    assert set(backwards.value.fields) == {"until"}
    assert positions(company, person) == [(old, date(2024, 5, 1), None, True)]


def test_primary_positions_never_overlap_the_newest_one_counts(company: Company) -> None:
    accounts = company.make("account", *({"name": f"Компанія {n}"} for n in range(4)))
    (person,) = company.make("contact", {"name": "Марта"})
    first, second, third = date(2020, 1, 1), date(2022, 6, 30), date(2022, 7, 1)
    for account, since, until in ((accounts[0], first, second), (accounts[1], third, None), (accounts[2], second, second)):
        company.make("position", {"account": account, "contact": person, "since": since, "until": until})
    assert [p[3] for p in positions(company, person)] == [False, True, True]  # the third shares its one day with the first alone
    company.make("position", {"account": accounts[3], "contact": person})
    assert [p[3] for p in positions(company, person)] == [False, False, False, True]


def test_what_was_said_stays_with_the_old_company_and_goes_on_at_the_new(house: House, browser: SignIn) -> None:
    old, new = house.make("account", name="Обрій"), house.make("account", name="Лан")
    person = house.make("contact", name="Марта Ткач")
    house.make("position", account=old, contact=person, since=date(2020, 1, 1))
    house.make("interaction", **held(house, 9, contact=person, name="На старому місці"))
    olena = browser("Olena")
    card = text(olena.get(f"/contact/{person}/"))
    assert f'href="/contact/{person}/employer"' in card
    page = text(olena.get(f"/contact/{person}/employer"))
    assert "The position at Обрій ends on the day before" in page
    answer = olena.submit(f"/contact/{person}/employer", {"account": new, "title": "Директорка"})
    assert answer.status_code == 303, text(answer)[:2000]
    house.make("interaction", **{**held(house, 0, contact=person, name="На новому місці"), "held_at": datetime.now(UTC) - timedelta(minutes=1)})
    assert pages(house, "Olena", "contact", person, kinds=("interaction",)) == ["На новому місці", "На старому місці"]
    assert pages(house, "Olena", "account", old, kinds=("interaction",)) == ["На старому місці"]
    assert pages(house, "Olena", "account", new, kinds=("interaction",)) == ["На новому місці"]


def test_the_form_refuses_says_why_and_keeps_out_who_may_not(house: House, browser: SignIn) -> None:
    account, person = house.make("account", name="Обрій"), house.make("contact", name="Марта", owner=house.people["Olena"])
    house.make("position", account=account, contact=person, since=date(2020, 1, 1))
    path = f"/contact/{person}/employer"

    def sent(**values: Any) -> Any:
        return browser("Olena").submit(path, values)

    assert sent(account="").status_code == 422
    again = sent(account=account)
    assert again.status_code == 422 and "This person works there already." in text(again)
    assert sent(account=10**6).status_code == 422
    assert sent(account=account, until="2020-01-01").status_code == 400
    assert sent(since="never").status_code == 422
    assert browser("Olena").get("/contact/999999/employer").status_code == 404
    assert browser("Bohdan").get(path).status_code == 404  # not one of his people
    assert browser("Stepan").get(path).status_code == 403  # no people at all
