"""A seller's morning with counted keys and taps: calls logged from where one stands, an overdue one ended, a meeting moved."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect

from crm.backoffice import lists
from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.traffic import quiet

MOST = 4  # keys or taps beside the text that is typed


class Hands:
    """Presses keys and taps, and counts them."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def tap(self, place: Any) -> None:
        place.tap()
        self.count += 1


def newest(firm: Firm) -> dict[str, Any]:
    with firm.system(write=False) as session:
        query = lists.ListQuery("interaction", ("name", "account", "state", "medium", "held_at", "actual_minutes", "owner"), None, (("id", True),), size=1)
        values = {k: lists.plain(v) for k, v in lists.page(session, query).rows[0].values.items()}
    options = firm.catalog.options
    return values | {k: options[values[k]].key for k in ("state", "medium")}


def company(firm: Firm, name: str) -> int:
    return firm.make("account", {"name": name, "owner": firm.people["Oksana"]})[0]


def planned(firm: Firm, account: int, **more: Any) -> int:
    values = {
        "account": account, "medium": firm.option("interaction_medium", "meeting"), "direction": firm.option("direction", "outbound"),
        "state": firm.option("interaction_state", "planned"), "planned_start": datetime.now(UTC) - timedelta(days=1), "planned_minutes": 30,
        "subject": "Перемовини", "owner": firm.people["Oksana"], **more,
    }
    return firm.make("interaction", values)[0]


def test_a_held_call_is_logged_from_a_companys_page_by_two_keys(firm: Firm, desk: Desk) -> None:
    account, page = company(firm, "ПП «Явір»"), desk("Oksana")
    page.goto(f"/account/{account}/")
    quiet(page)
    hands = Hands(page)
    hands.press("l")
    page.wait_for_url("**/interaction/new/**")
    expect(page.get_by_label("Subject")).to_be_focused()
    page.keyboard.type("Питали про терміни")
    hands.press("Control+s")
    page.wait_for_url(lambda url: "/new/" not in url)
    made = newest(firm)
    assert (made["account"], made["name"], made["state"], made["medium"], made["actual_minutes"]) == (account, "Питали про терміни", "held", "call", 15)
    assert hands.count == 2


def test_from_anywhere_the_company_is_typed_and_four_keys_are_enough(firm: Firm, desk: Desk) -> None:
    account, page = company(firm, "ПП «Модрина»"), desk("Oksana")
    page.goto("/product/")
    quiet(page)
    hands = Hands(page)
    hands.press("l")
    page.wait_for_url("**/interaction/new/**")
    quiet(page)
    page.keyboard.type("Модрина")
    expect(page.locator(".ts-dropdown .option", has_text="Модрина").first).to_be_visible()
    hands.press("Enter")
    expect(page.get_by_label("Subject")).to_be_focused()
    page.keyboard.type("Передзвонили щодо ціни")
    hands.press("Control+s")
    page.wait_for_url(lambda url: "/new/" not in url)
    assert (newest(firm)["account"], newest(firm)["name"], newest(firm)["state"]) == (account, "Передзвонили щодо ціни", "held")
    assert hands.count == 3 <= MOST


def test_on_a_phone_three_taps_log_a_call_about_the_open_company(firm: Firm, desk: Desk) -> None:
    account, page = company(firm, "ПП «Калина»"), desk("Oksana", width=390)
    page.goto(f"/account/{account}/")
    quiet(page)
    hands = Hands(page)
    hands.tap(page.locator(".b-bottom [data-open=new]"))
    hands.tap(page.get_by_role("option", name="Log a call"))
    page.wait_for_url("**/interaction/new/**")
    expect(page.get_by_label("Subject")).to_be_focused()
    page.keyboard.type("З дороги")
    hands.tap(page.get_by_role("button", name="Save", exact=True))
    page.wait_for_url(lambda url: "/new/" not in url)
    assert (newest(firm)["account"], newest(firm)["name"]) == (account, "З дороги")
    assert hands.count <= MOST


def test_on_a_phone_from_anywhere_four_taps_are_enough(firm: Firm, desk: Desk) -> None:
    account, page = company(firm, "ПП «Шипшина»"), desk("Oksana", width=390)
    page.goto("/product/")
    quiet(page)
    hands = Hands(page)
    hands.tap(page.locator(".b-bottom [data-open=new]"))
    hands.tap(page.get_by_role("option", name="Log a call"))
    page.wait_for_url("**/interaction/new/**")
    quiet(page)
    page.keyboard.type("Шипшина")
    hands.tap(page.locator(".ts-dropdown .option", has_text="Шипшина").first)
    expect(page.get_by_label("Subject")).to_be_focused()
    page.keyboard.type("З вулиці")
    hands.tap(page.get_by_role("button", name="Save", exact=True))
    page.wait_for_url(lambda url: "/new/" not in url)
    assert (newest(firm)["account"], newest(firm)["name"]) == (account, "З вулиці")
    assert hands.count == MOST


def test_an_overdue_one_is_ended_by_one_key_and_taken_back_by_undo(firm: Firm, desk: Desk) -> None:
    number, page = planned(firm, company(firm, "ПП «Верба»")), desk("Oksana")
    page.goto(f"/interaction/{number}/")
    quiet(page)
    Hands(page).press("h")
    expect(page.locator("#toasts")).to_contain_text("Saved")
    assert firm.stored("interaction", number)["state"] == firm.option("interaction_state", "held")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Held", exact=True)).to_be_visible()
    assert firm.stored("interaction", number)["state"] == firm.option("interaction_state", "planned")


def test_on_a_phone_one_tap_ends_it(firm: Firm, desk: Desk) -> None:
    number, page = planned(firm, company(firm, "ПП «Клен»")), desk("Oksana", width=390)
    page.goto(f"/interaction/{number}/")
    quiet(page)
    page.get_by_role("button", name="No show", exact=True).tap()
    expect(page.locator("#toasts")).to_contain_text("Saved")
    assert firm.stored("interaction", number)["state"] == firm.option("interaction_state", "no_show")


def test_two_keys_postpone_until_tomorrow_and_the_chain_is_kept(firm: Firm, desk: Desk) -> None:
    number, page = planned(firm, company(firm, "ПП «Горобина»")), desk("Oksana")
    page.goto(f"/interaction/{number}/")
    quiet(page)
    hands = Hands(page)
    hands.press("p")
    expect(page.get_by_role("button", name="Tomorrow")).to_be_visible()
    hands.press("1")
    expect(page.locator("#toasts")).to_contain_text("Saved")
    after = newest(firm)
    assert after["state"] == "planned"
    assert firm.stored("interaction", number)["state"] == firm.option("interaction_state", "rescheduled")
    page.get_by_role("link", name="Postponed to").click()
    expect(page.locator(".b-scroll")).to_contain_text("Перемовини")


def test_the_card_with_its_keys_and_the_question_until_when_are_accessible(firm: Firm, desk: Desk) -> None:
    page = desk("Oksana")
    page.goto(f"/interaction/{planned(firm, company(firm, 'ПП «Липа»'))}/")
    quiet(page)
    assert check(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Postpone", exact=True).first.click()
    expect(page.get_by_label("Another time")).to_be_visible()
    assert check(page) == []


def test_a_result_is_offered_only_where_its_medium_knows_it(firm: Firm, desk: Desk) -> None:
    page = desk("Oksana", width=390)
    page.goto("/interaction/new/?state=held&medium=call")
    quiet(page)
    busy = page.locator("select[name=result] option", has_text="Busy")
    expect(busy).to_be_enabled()
    page.get_by_label("Result").select_option(label="Busy")
    page.get_by_label("Medium").select_option(label="Letter")
    expect(page.get_by_label("Result")).to_have_value("")
    expect(busy).to_be_disabled()
    assert check(page) == []


def told(firm: Firm, name: str) -> int:
    return firm.make("contact", {"name": name, "owner": firm.people["Oksana"]})[0]


def test_a_sentence_typed_into_the_palette_fills_the_form_and_two_keys_save_it(firm: Firm, desk: Desk) -> None:
    person, account = told(firm, "Журавель Остап"), company(firm, "ПП «Журавлина»")
    firm.make("position", {"contact": person, "account": account})
    page = desk("Oksana")
    page.goto("/product/")
    quiet(page)
    hands = Hands(page)
    hands.press("Control+k")
    page.keyboard.type("завтра 10:00 дзвінок Журавлю, 20 хв, про терміни")
    expect(page.get_by_role("option", name="Log in one line")).to_have_attribute("aria-selected", "true")
    hands.press("Enter")
    page.wait_for_url("**/interaction/new/**")
    quiet(page)
    expect(page.get_by_label("Subject")).to_have_value("Терміни")
    expect(page.locator("select[name=contact]")).to_have_value(str(person))
    assert check(page) == []
    hands.press("Control+s")
    page.wait_for_url(lambda url: "/new/" not in url)
    made = newest(firm)
    assert (made["account"], made["name"], made["state"], made["medium"], hands.count) == (account, "Терміни", "planned", "call", 3)


def test_on_a_phone_a_line_is_told_by_four_taps_and_a_namesake_chosen_by_one(firm: Firm, desk: Desk) -> None:
    people = {told(firm, "Лелека Ганна"), told(firm, "Лелека Марко")}
    account, page = company(firm, "ПП «Лелечине»"), desk("Oksana", width=390)
    for person in people:
        firm.make("position", {"contact": person, "account": account})
    page.goto("/product/")
    quiet(page)
    hands = Hands(page)
    hands.tap(page.locator(".b-bottom [data-open=new]"))
    hands.tap(page.get_by_role("option", name="Log in one line"))
    page.wait_for_url("**/interaction/new/**")
    expect(page.get_by_label("In one line")).to_be_focused()
    page.keyboard.type("дзвінок Лелеці про замовлення")
    hands.tap(page.get_by_role("button", name="Fill in"))
    page.wait_for_url("**say=%D0**")
    quiet(page)
    chosen = int(page.locator("select[name=contact]").input_value())
    (other,) = people - {chosen}
    assert check(page) == []
    page.locator("#line-notes a").tap()
    expect(page.locator("select[name=contact]")).to_have_value(str(other))
    hands.tap(page.get_by_role("button", name="Save", exact=True))
    page.wait_for_url(lambda url: "/new/" not in url)
    assert (newest(firm)["name"], newest(firm)["state"], newest(firm)["account"]) == ("Замовлення", "held", account)
    assert hands.count == MOST
