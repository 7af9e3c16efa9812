"""The screens of interactions: logged nearly filled, ended by one key, found on the cards of whatever they are about."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from crm.backoffice import lists
from tests.kit_forms.house import Browser, House, controls

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SignIn = Callable[..., Browser]


def interaction(house: House, owner: str = "Olena", **given: Any) -> int:
    options = {"medium": "interaction_medium", "direction": "direction", "state": "interaction_state"}
    keys = {"medium": "call", "direction": "outbound", "state": "planned"}
    chosen = {k: house.option(options[k], given.pop(k, keys[k])) for k in options}
    return house.make("interaction", **{
        "planned_start": NINE, "planned_minutes": 30, "subject": "Постачання", "owner": house.people[owner], **chosen, **given})


def newest(house: House) -> dict[str, Any]:
    with house.system(write=False) as session:
        source = session.table("interaction")
        number = max(session.scalars(select(source.id).where(source.visible)))
        found = {k: lists.plain(v) for k, v in lists.record(session, "interaction", number).values.items()}
    known = house.catalog.options
    return found | {k: known[found[k]].key for k in ("state", "medium", "direction", "result") if found[k]}


def posts(page: str) -> list[dict[str, str]]:
    """What each of the quick forms of a card would post."""
    place = re.search(r'<div class="b-course">(.*?)</div>\s*<dl', page, re.S)
    assert place
    found = []
    for form in re.findall(r"<form.*?</form>", place[1], re.S):
        found.append({html.unescape(n): html.unescape(v) for n, v in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)})
    return found


def test_a_held_call_is_logged_from_a_companys_page_with_a_subject_alone(house: House, browser: SignIn) -> None:
    account, olena = house.make("account", name="Полісся-Агро"), browser("Olena")
    link = re.search(r'href="([^"]+)"[^>]*data-anywhere="l"', olena.get(f"/account/{account}/").get_data(as_text=True))
    assert link
    path = html.unescape(link[1])
    page = olena.get(path, headers={"Referer": f"http://localhost/account/{account}/"}).get_data(as_text=True)
    assert re.search(r'<input[^>]*name="subject"[^>]*autofocus|<input[^>]*autofocus[^>]*name="subject"', page)
    answer = olena.submit(path, {"subject": "Запитали про ціни"}, untouched=controls(page))
    assert answer.status_code == 303, answer.get_data(as_text=True)[:2000]
    made = newest(house)
    assert (made["account"], made["medium"], made["direction"], made["state"], made["name"]) == (account, "call", "outbound", "held", "Запитали про ціни")
    assert datetime.now(UTC) - made["held_at"] < timedelta(minutes=5)
    assert (made["actual_minutes"], made["owner"]) == (15, house.people["Olena"])


def test_a_deals_and_a_persons_page_lend_their_company(house: House, browser: SignIn) -> None:
    account, olena = house.make("account", name="Полісся-Агро"), browser("Olena")
    person = house.make("contact", name="Марта")
    house.make("position", account=account, contact=person)
    deal = house.make("deal", name="Угода", account=account)
    for entity, number in (("contact", person), ("deal", deal)):
        path = "/interaction/new/?state=held&medium=meeting"
        page = olena.get(path, headers={"Referer": f"http://localhost/{entity}/{number}/?tab=interactions"}).get_data(as_text=True)
        assert olena.submit(path, {"subject": "Зустріч"}, untouched=controls(page)).status_code == 303
        assert (newest(house)["account"], newest(house)[entity], newest(house)["actual_minutes"]) == (account, number, 60)


def test_where_one_comes_from_fills_nothing_that_one_may_not_see(house: House, browser: SignIn) -> None:
    hidden = house.make("deal", name="Чужа", owner=house.people["Olena"], account=house.make("account", name="Таємна"))
    page = browser("Sofiia").get("/interaction/new/?state=held", headers={"Referer": f"http://localhost/deal/{hidden}/"}).get_data(as_text=True)
    assert "Чужа" not in page
    assert controls(page)["deal"] == ""
    for odd in ("javascript:alert(1)", "http://localhost/user/1/", "http://localhost//", f"http://localhost/deal/{2**40}/", "%%%"):
        assert browser("Sofiia").get("/interaction/new/", headers={"Referer": odd}).status_code == 200


def test_words_of_the_address_that_mean_nothing_are_left_out(house: House, browser: SignIn) -> None:
    found = controls(browser("Olena").get("/interaction/new/?state=dancing&medium=smoke&held_at=noon&planned_minutes=x&account=0").get_data(as_text=True))
    assert found["state"] == str(house.option("interaction_state", "planned"))
    assert (found["account"], found["held_at"]) == ("", "")


def test_one_key_says_what_became_of_a_planned_one(house: House, browser: SignIn) -> None:
    account, olena = house.make("account", name="Полісся-Агро"), browser("Olena")
    states = ("held", "no_show", "rescheduled", "cancelled")
    page = olena.get(f"/interaction/{interaction(house, account=account)}/").get_data(as_text=True)
    assert [form["state"] for form in posts(page) if "state" in form] == [str(house.option("interaction_state", key)) for key in states]
    assert re.findall(r'data-key="(\w)"', page[page.index('class="b-course"'):page.index('id="facts"')]) == ["h", "n", "p", "1", "2", "x", "s"]
    for state in states:
        number = interaction(house, account=account)
        wanted = str(house.option("interaction_state", state))
        form = next(f for f in posts(olena.get(f"/interaction/{number}/").get_data(as_text=True)) if f.get("state") == wanted)
        more = {"next_start": "2026-04-02T10:00"} if state == "rescheduled" else {}
        assert olena.post(f"/interaction/{number}/edit/", {**form, **more}).status_code == 303
        assert house.stored("interaction", number)["state"] == house.option("interaction_state", state)
        assert 'class="b-course"></div>' in olena.get(f"/interaction/{number}/").get_data(as_text=True)  # what has ended knows no key
    assert newest(house)["state"] == "cancelled"


def test_postponing_without_a_time_asks_for_it_and_keeps_what_was_chosen(house: House, browser: SignIn) -> None:
    number, olena = interaction(house, account=house.make("account", name="Полісся-Агро")), browser("Olena")
    state = str(house.option("interaction_state", "rescheduled"))
    answer = olena.post(f"/interaction/{number}/edit/", {"state": state, "row_version": "1"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "When is it postponed to?" in page
    assert controls(page)["state"] == state
    uk = browser("Olena", language="uk").post(f"/interaction/{number}/edit/", {"state": state, "row_version": "1"}).get_data(as_text=True)
    assert "На коли її перенесено?" in uk


def test_who_may_not_change_it_has_no_keys_and_cannot_press_them(house: House, browser: SignIn) -> None:
    account = house.make("account", name="Полісся-Агро")
    department = house.make("department", name="Продажі")
    house.change("user", house.people["Sofiia"], department=department)
    theirs = interaction(house, account=account, department=department)
    elsewhere = interaction(house, account=account)
    sofiia = browser("Sofiia")
    assert 'class="b-course"></div>' in sofiia.get(f"/interaction/{theirs}/").get_data(as_text=True)
    state = str(house.option("interaction_state", "held"))
    assert sofiia.post(f"/interaction/{theirs}/edit/", {"state": state, "row_version": "1"}).status_code == 403
    assert sofiia.post(f"/interaction/{elsewhere}/edit/", {"state": state, "row_version": "1"}).status_code == 404
    stepan = browser("Stepan")
    assert "data-anywhere" not in stepan.get("/deal/").get_data(as_text=True)
    assert stepan.get("/interaction/").status_code == stepan.get("/interaction/new/").status_code == 403


def test_cards_of_company_person_deal_and_user_list_their_interactions(house: House, browser: SignIn) -> None:
    account, person = house.make("account", name="Полісся-Агро"), house.make("contact", name="Марта")
    deal = house.make("deal", name="Угода", account=account)
    interaction(house, account=account, contact=person, deal=deal, subject="Саме про це")
    interaction(house, account=house.make("account", name="Інша"), owner="Sofiia", subject="Про інше")
    olena = browser("Olena")
    for entity, number in (("account", account), ("contact", person), ("deal", deal), ("user", house.people["Olena"])):
        assert f"/{entity}/{number}/?related=interactions" in olena.get(f"/{entity}/{number}/").get_data(as_text=True)  # already on the overview
        part = olena.get(f"/{entity}/{number}/?tab=interactions").get_data(as_text=True)
        assert "Саме про це" in part
        assert "Про інше" not in part


def test_results_are_narrowed_by_the_medium(house: House, browser: SignIn) -> None:
    page = browser("Olena").get("/interaction/new/").get_data(as_text=True)
    select_ = re.search(r'<select[^>]*name="result".*?</select>', page, re.S)
    assert select_ and 'data-depends-on="medium"' in select_[0]
    call, meeting, visit = (house.option("interaction_medium", key) for key in ("call", "meeting", "visit"))
    parents = {int(number): parent for number, parent in re.findall(r'<option value="(\d+)"(?: data-parent="([^"]*)")?', select_[0])}
    assert parents[house.option("interaction_result", "busy")] == str(call)
    assert parents[house.option("interaction_result", "nobody_there")] == f"{meeting} {visit}"
    assert parents[house.option("interaction_result", "agreed")] == ""
