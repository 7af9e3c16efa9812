"""A line fills the form of a new interaction and writes nothing by itself."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from tests.kit_forms.house import Browser, House, controls
from tests.statements import statements

SignIn = Callable[..., Browser]


def form(browser: Browser, line: str, **more: str) -> str:
    return browser.get(f"/interaction/new/?say={quote(line)}", **({"headers": {"Referer": more["page"]}} if more else {})).get_data(as_text=True)


def notes(page: str) -> str:
    found = re.search(r'id="line-notes".*?</div>', page, re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[0]))) if found else ""


def test_a_line_fills_the_form_and_saving_it_makes_what_was_told(house: House, browser: SignIn) -> None:
    person, olena = house.make("contact", name="Петренко Іван"), browser("Olena")
    account = house.make("account", name="Полісся-Агро")
    house.make("position", contact=person, account=account)
    before = house.count("interaction")
    page = form(olena, "завтра 10:00 дзвінок Петренку, 25 хв, про договір")
    assert house.count("interaction") == before
    found = controls(page)
    tomorrow = (datetime.now(house.catalog.company.zone) + timedelta(days=1)).date()
    assert (found["contact"], found["subject"], found["planned_start"], found["held_at"]) == (str(person), "Договір", f"{tomorrow}T10:00", "")
    assert found["state"] == str(house.option("interaction_state", "planned"))
    answer = olena.submit("/interaction/new/?say=x", {}, untouched=found)
    assert answer.status_code == 303, answer.get_data(as_text=True)[:2000]
    made = house.stored("interaction", int(answer.headers["Location"].split("/")[-2]))
    assert (made["account"].id, made["contact"].id, made["planned_minutes"], made["owner"].id) == (account, person, 25, house.people["Olena"])
    assert made["planned_start"].astimezone(house.catalog.company.zone).strftime("%H:%M") == "10:00"


def test_what_is_over_is_filled_as_held(house: House, browser: SignIn) -> None:
    account = house.make("account", name="ТОВ «Ромашка»")
    found = controls(form(browser("Olena"), "Met at Romashka yesterday at 3pm, 45 min, about prices"))
    assert (found["state"], found["medium"]) == (str(house.option("interaction_state", "held")), str(house.option("interaction_medium", "meeting")))
    assert (found["account"], found["actual_minutes"], found["planned_start"], found["subject"]) == (str(account), "45\xa0min", "", "Prices")
    assert found["held_at"].endswith("T15:00")


def test_who_else_it_may_be_is_told_and_chosen_by_one_press(house: House, browser: SignIn) -> None:
    people = {house.make("contact", name=name) for name in ("Сидоренко Іван", "Сидоренко Ганна", "Сидоренко Марко")}
    page = form(browser("Olena"), "дзвінок Сидоренку про ціну")
    chosen = int(controls(page)["contact"])
    links = re.findall(r'href="([^"]+)"', page[page.index('id="line-notes"'):])
    told = {html.unescape(link) for link in links if "contact=" in link}
    assert {int(link.rpartition("=")[2]) for link in told} | {chosen} == people
    link = sorted(told)[0]
    other = controls(browser("Olena").get(link).get_data(as_text=True))
    assert (other["contact"], other["subject"]) == (link.rpartition("=")[2], "Ціну")
    assert "Можливо, це" in notes(form(browser("Olena", language="uk"), "дзвінок Сидоренку"))


def test_words_that_name_nobody_stand_in_the_subject(house: House, browser: SignIn) -> None:
    page = form(browser("Olena"), "завтра дзвінок Невідомському щодо ціни")
    found = controls(page)
    assert (found["subject"], found["contact"], found["account"]) == ("Невідомському щодо ціни", "", "")
    assert "Невідомському" in notes(page)


def test_whom_the_line_names_counts_more_than_the_page_one_came_from(house: House, browser: SignIn) -> None:
    here, named = house.make("account", name="Джерело-Плюс"), house.make("account", name="ТОВ «Барвінок»")
    came = f"http://localhost/account/{here}/"
    assert controls(form(browser("Olena"), "завтра дзвінок про ціни", page=came))["account"] == str(here)
    page = form(browser("Olena"), "завтра візит у Барвінок", page=came)
    assert controls(page)["account"] == str(named)
    assert re.search(rf'name="from" value="/account/{here}/"', page)
    again = browser("Olena").get(f"/interaction/new/?say={quote('завтра дзвінок про ціни')}&from=/account/{here}/").get_data(as_text=True)
    assert controls(again)["account"] == str(here)


def test_who_may_not_add_one_is_told_nothing_by_a_line(house: House, browser: SignIn) -> None:
    house.make("contact", name="Прихований Остап")
    answers = {browser("Stepan").get(f"/interaction/new/?say={quote(line)}").status_code for line in ("дзвінок Прихованому", "дзвінок Неіснуючому")}
    assert answers == {403}


def test_odd_lines_are_answered_by_a_form(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    for line in ("", " ", "\0", "%", "'; drop table", "<b>x</b>", "з", "про", "а" * 490, "10" * 200, "завтра " * 60, "🙂 🙂", "__ %_ \\"):
        answer = olena.get("/interaction/new/", query_string={"say": line})
        assert answer.status_code == 200, line
        assert "<b>x</b>" not in answer.get_data(as_text=True)
    assert olena.get("/interaction/new/", query_string={"say": "завтра " * 500}).status_code == 200
    assert olena.get("/account/new/?say=завтра").status_code == 200  # an entity that takes no line
    assert 'name="say"' not in olena.get("/account/new/").get_data(as_text=True)


def test_a_line_asks_few_questions_however_many_it_may_mean(house: House, browser: SignIn) -> None:
    house.make_many("contact", [{"name": f"Коваленко {n}"} for n in range(150)])
    olena = browser("Olena")
    form(olena, "дзвінок")
    with statements(house.engine) as none:
        form(olena, "дзвінок")
    with statements(house.engine) as many:
        form(olena, "завтра дзвінок Коваленку Іваненку Петренку у ТОВ Ромашка з Барвінком до Полісся про все")
    assert len(many) - len(none) <= 8  # four of them look for names, the others say how what was found is called


def test_new_offers_a_line_only_to_those_who_may_add_one(house: House, browser: SignIn) -> None:
    assert 'data-say="Log in one line"' in browser("Olena").get("/").get_data(as_text=True)
    assert "data-say" not in browser("Stepan").get("/").get_data(as_text=True)


def test_the_moment_of_a_line_is_that_of_the_writers_clock(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    olena.post("/profile/", {"time_zone": "America/New_York"})
    try:
        found = controls(form(olena, "2027-03-14 10:00 дзвінок"))
        assert found["planned_start"] == "2027-03-14T10:00"
        account = house.make("account", name="За океаном")
        answer = olena.submit("/interaction/new/", {"account": str(account)}, untouched=found)
        made = house.stored("interaction", int(answer.headers["Location"].split("/")[-2]))
        assert made["planned_start"] == datetime(2027, 3, 14, 14, 0, tzinfo=UTC)
    finally:
        olena.post("/profile/", {"time_zone": ""})
