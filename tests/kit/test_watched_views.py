"""A watched view on the screen: asked for in the menu, told at the bell, read by a press that leads to what has entered."""

import re
from collections.abc import Callable

from crm import watching
from tests.kit.conftest import Browser, House
from tests.kit.test_list import titles
from tests.kit.test_views import KYIV, configure, keep

SignIn = Callable[..., Browser]


def test_who_enters_a_watched_view_is_told_and_found(house: House, browser: SignIn) -> None:
    house.make("account", name="Давній", city="Київ")
    someone = browser("Olena")
    name = keep(someone, "Київські", where=KYIV, columns="name,city")
    assert "Tell me when a record enters" in someone.page(f"/account/?view={name}")
    assert someone.post(f"/account/views/{name}", {"watched": "1"}).status_code == 200
    assert "No longer tell me who enters" in someone.page(f"/account/?view={name}")
    house.make("account", name="Новий", city="Київ")
    house.make("account", name="Інший", city="Львів")
    watching.look_for(house.engine, house.catalog, house.people["Olena"])
    assert someone.get("/notices/unread").get_json() == {"unread": 1}
    page = someone.page("/notices/")
    assert "1 record has entered the view “Київські”: Companies" in page and "Mark all as read" in page
    assert "До вигляду «Київські» потрапив 1 запис: Компанії" in someone.page("/notices/?lang=uk")
    path = re.search(r'action="(/notices/\d+)"', page)
    assert path
    assert browser("Andrii").post(path[1]).status_code == 404, "another's notice is none"
    answer = someone.post(path[1])
    assert answer.status_code == 303 and titles(someone.page(answer.headers["Location"])) == ["Новий"]
    assert someone.get("/notices/unread").get_json() == {"unread": 0}
    assert someone.post(f"/account/views/{name}", {"watched": "0"}).status_code == 200
    house.make("account", name="Ще один", city="Київ")
    watching.look_for(house.engine, house.catalog, house.people["Olena"])
    assert someone.get("/notices/unread").get_json() == {"unread": 0}


def test_all_are_read_at_once_and_nothing_is_said_so(house: House, browser: SignIn) -> None:
    someone = browser("Olena")
    assert "Nothing to tell" in someone.page("/notices/")
    name = keep(someone, "Усі", columns="name")
    someone.post(f"/account/views/{name}", {"watched": "1"})
    house.make("account", name="Новий")
    watching.look_for(house.engine, house.catalog, house.people["Olena"])
    assert someone.post("/notices/read").status_code == 303
    assert someone.get("/notices/unread").get_json() == {"unread": 0} and "Mark all as read" not in someone.page("/notices/")


def test_a_view_that_names_what_is_hidden_is_not_watched(house: House, browser: SignIn) -> None:
    configure(house, rich={"entity": "account", "label": "Rich", "where": {"field": "revenue", "op": "gt", "value": 1}})
    assert browser("Bohdan").post("/account/views/rich", {"watched": "1"}).status_code == 422
    assert browser("Olena").post("/account/views/rich", {"watched": "1"}).status_code == 200
