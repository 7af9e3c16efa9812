"""Home: how a person is greeted."""

import re
from collections.abc import Callable

import pytest
from freezegun import freeze_time
from sqlalchemy import update

from crm.organization.models import User
from tests.kit.conftest import Browser, House

SignIn = Callable[..., Browser]


def greeting(page: str) -> str:
    found = re.search(r"<h1[^>]*>\s*([^<]*?)\s*</h1>", page)
    assert found
    return found[1]


# In Kyiv it is two hours later in winter, in New York five hours earlier.
@pytest.mark.parametrize(
    ("moment", "zone", "english", "ukrainian"),
    [
        ("2026-01-15 02:30", None, "Hello, Olena", "Вітаємо, Olena"),
        ("2026-01-15 02:30", "America/New_York", "Good evening, Olena", "Доброго вечора, Olena"),
        ("2026-01-15 03:00", None, "Good morning, Olena", "Доброго ранку, Olena"),
        ("2026-01-15 10:00", None, "Good afternoon, Olena", "Доброго дня, Olena"),
        ("2026-01-15 16:00", None, "Good evening, Olena", "Доброго вечора, Olena"),
        ("2026-01-15 21:00", None, "Hello, Olena", "Вітаємо, Olena"),
        ("2026-01-15 21:00", "America/New_York", "Good afternoon, Olena", "Доброго дня, Olena"),
    ],
)
def test_a_person_is_greeted_by_the_hour_of_his_own_zone(
    house: House, browser: SignIn, moment: str, zone: str | None, english: str, ukrainian: str
) -> None:
    with house.engine.begin() as connection:
        connection.execute(update(User).where(User.id == house.people["Olena"]).values(time_zone=zone))
    with freeze_time(moment):
        assert greeting(browser("Olena").page("/")) == english
        assert greeting(browser("Olena", "uk").page("/")) == ukrainian
