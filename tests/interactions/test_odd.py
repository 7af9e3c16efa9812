"""What real work brings to interactions: ends before starts, nights when clocks change, three hundred participants, numbers from abroad."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.interactions.test_screens import NINE, interaction
from tests.kit_forms.house import Browser, House
from tests.statements import statements

SignIn = Callable[..., Browser]


@pytest.mark.parametrize("typed", ["-30", "−30", "-1:30", "9:00-8:00", "45 днів тому", "99999999999999999999", "1e9"])
def test_an_end_before_its_start_cannot_be_typed(house: House, browser: SignIn, typed: str) -> None:
    account, olena = house.make("account", name="Полісся-Агро"), browser("Olena")
    before = house.count("interaction")
    answer = olena.submit("/interaction/new/", {"account": str(account), "planned_start": "2026-03-02T10:00", "planned_minutes": typed})
    assert (answer.status_code, house.count("interaction")) == (422, before)
    number = interaction(house, account=account)
    assert olena.submit(f"/interaction/{number}/edit/", {"planned_minutes": typed}).status_code == 422
    assert house.stored("interaction", number)["ends_at"] == NINE + timedelta(minutes=30)


def test_a_meeting_over_the_night_when_clocks_change_lasts_as_long_as_planned(house: House, browser: SignIn) -> None:
    account, olena = house.make("account", name="Полісся-Агро"), browser("Olena")

    def make(start: str) -> dict[str, datetime]:
        answer = olena.submit("/interaction/new/", {"account": str(account), "planned_start": start, "planned_minutes": "3:00"})
        assert answer.status_code == 303
        return house.stored("interaction", int(answer.headers["Location"].split("/")[-2]))

    spring, autumn = make("2026-03-29T01:30"), make("2026-10-25T01:30")
    zone = house.catalog.company.zone
    for found, local in ((spring, "05:30"), (autumn, "03:30")):
        assert found["ends_at"] - found["planned_start"] == timedelta(hours=3)
        assert found["ends_at"].astimezone(zone).strftime("%H:%M") == local
    missing = olena.submit("/interaction/new/", {"account": str(account), "planned_start": "2026-03-29T03:30", "planned_minutes": "30"})
    assert missing.status_code == 422
    assert "the clocks go forward" in missing.get_data(as_text=True)
    twice = interaction(house, account=account, planned_start=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))  # the second 3:30 of that night
    assert olena.submit(f"/interaction/{twice}/edit/", {"subject": "Друга година"}).status_code == 303
    assert house.stored("interaction", twice)["planned_start"] == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_three_hundred_participants_cost_no_more_questions_than_three(house: House, browser: SignIn) -> None:
    account, olena = house.make("account", name="Полісся-Агро"), browser("Olena")
    people = house.make_many("contact", [{"name": f"Учасник {n:03}"} for n in range(300)])
    few, many = interaction(house, account=account), interaction(house, account=account)
    rows = [{"interaction": number, "contact": person} for number, crowd in ((few, people[:3]), (many, people)) for person in crowd]
    house.make_many("interaction_participant", rows)

    def asked(path: str) -> int:
        olena.get(path)
        with statements(house.engine) as sent:
            assert olena.get(path).status_code == 200
        return len(sent)

    for page in ("", "?related=participants", "?tab=participants", "?counts=1", "edit/"):
        assert asked(f"/interaction/{many}/{page}") <= asked(f"/interaction/{few}/{page}") + 1, page
    overview = olena.get(f"/interaction/{many}/?related=participants").get_data(as_text=True)
    assert len(re.findall(r"Учасник \d{3}", overview)) <= 20
    assert "300" in olena.get(f"/interaction/{many}/?counts=1").get_data(as_text=True)
    state = str(house.option("interaction_state", "rescheduled"))
    with statements(house.engine) as sent:
        answer = olena.post(f"/interaction/{many}/edit/", {"state": state, "next_start": "2026-04-02T10:00", "row_version": "1"})
    assert answer.status_code == 303
    assert len(sent) < 100
    assert house.count("interaction_participant") == 3 + 300 + 300


@pytest.mark.parametrize(("typed", "kept"), [
    ("+48 22 123 45 67", "+48221234567"), ("0048 22 123 45 67", "+48221234567"), ("+1 (212) 555-0123", "+12125550123"), ("044 234 56 78", "+380442345678"),
    ("+999 12", "+999 12"), ("дзвонити Марті", "дзвонити Марті"),
])
def test_a_phone_from_another_country_is_kept_and_found(house: House, browser: SignIn, typed: str, kept: str) -> None:
    olena = browser("Olena")
    answer = olena.submit("/contact/new/", {"name": "Марта Закордонна", "phone": typed})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:1500]
    person = int(answer.headers["Location"].split("/")[-2])
    assert house.stored("contact", person)["phone"] == kept
    number = interaction(house, account=house.make("account", name="Полісся-Агро"), contact=person)
    assert "Марта Закордонна" in olena.get(f"/interaction/{number}/").get_data(as_text=True)
    if kept.startswith("+") and len(kept) > 8:
        assert "Марта Закордонна" in olena.get(f"/contact/?search={kept[-7:]}").get_data(as_text=True)
