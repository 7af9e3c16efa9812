"""A watched view on the screen: asked for in the menu, told at the bell, read by a press that leads to what has entered."""

import re
from collections.abc import Callable

from flask_mail import Message

from crm import watching
from crm.backoffice import outbox
from crm.backoffice.jobs import Work
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw
from crm.extensions import mail
from crm.letters.notices import ask_for_letters
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
    path = re.search(r'action="(/notices/\w{16})"', page)
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


def test_what_a_changed_saved_condition_brings_in_is_no_news(house: House, browser: SignIn) -> None:
    def near(city: str) -> None:
        with house.system() as session:
            said = {"entity": "account", "label": "Near", "where": {"field": "city", "op": "eq", "value": city}}
            apply(session, from_raw({"conditions": {"near": said}}, session.catalog))
            session.commit()

    near("Київ")
    house.make("account", name="Львівська", city="Львів")
    someone = browser("Olena")
    name = keep(someone, "Поруч", where='{"saved":"near"}', columns="name,city")
    assert someone.post(f"/account/views/{name}", {"watched": "1"}).status_code == 200
    near("Львів")
    watching.look_for(house.engine, house.catalog, house.people["Olena"])
    assert someone.get("/notices/unread").get_json() == {"unread": 0}
    house.make("account", name="Нова", city="Львів")
    watching.look_for(house.engine, house.catalog, house.people["Olena"])
    assert someone.get("/notices/unread").get_json() == {"unread": 1}


def test_unread_notices_come_by_mail_once_to_whoever_wants_them_and_may_still_read(house: House, browser: SignIn) -> None:
    someone, other = browser("Olena"), browser("Bohdan")
    for reader in (someone, other):
        name = keep(reader, "Усі", columns="name")
        reader.post(f"/account/views/{name}", {"watched": "1"})
        assert reader.post("/notices/by-mail", {"on": "1"}).status_code == 303
    assert "Send me no letters" in someone.page("/notices/")
    house.make("account", name="Таємний")
    for person in ("Olena", "Bohdan"):
        watching.look_for(house.engine, house.catalog, house.people[person])
    with house.system() as session:
        apply(session, from_raw({"roles": {"blind": {"label": "Blind", "rules": []}}}, session.catalog))
        session.commit()
    letters = sent(house)
    assert [letter.recipients for letter in letters] == [["olena@firm.example"]], "the other may read no company any more"
    assert "1 запис: Компанії" in str(letters[0].body) and "Таємний" not in str(letters[0].body) and "/notices/" in str(letters[0].html)
    assert sent(house) == [], "nothing is told twice"
    house.make("account", name="Новий")
    watching.look_for(house.engine, house.catalog, house.people["Olena"])
    someone.post("/notices/read")
    assert sent(house) == [], "what is read already is not sent"
    someone.post("/notices/by-mail", {"on": "0"})
    house.make("account", name="Ще новіший")
    watching.look_for(house.engine, house.catalog, house.people["Olena"])
    assert sent(house) == []


def sent(house: House) -> list[Message]:
    """The letters of a day."""
    runtime = house.app.extensions["brama"]
    with house.app.app_context(), mail.record_messages() as letters:
        ask_for_letters(Work(1, {}, None, house.engine, runtime.refresh(), runtime.settings))
        outbox.deliver(house.engine)
    return list(letters)
