"""A seller's morning from beginning to end, every key and tap counted: three calls logged, two meetings planned, an overdue one mended."""

from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.test_interactions import Hands, company, planned
from tests.browser.traffic import quiet

CALLS = (("Кипарис", "Питали про терміни"), ("Ясмин", "Надіслати рахунок"), ("Любисток", "Передзвонити ввечері"))
PLANS = ("завтра 10:00 зустріч у {0}, 45 хв, про ціну", "післязавтра о 14 дзвінок {0}, про доставку")


def saved(page: Page) -> None:
    page.wait_for_url(lambda url: "/new/" not in url)
    quiet(page)


def became(firm: Firm, first: int) -> list[tuple[str, str]]:
    """What stands there of the morning, in the order in which it was made: subject and state."""
    with firm.system(write=False) as session:
        source = session.table("interaction")
        query = select(source["subject"], source["state"]).where(source.visible, source.id >= first).order_by(source.id)
        return [(subject, firm.catalog.options[state].key) for subject, state in session.execute(query)]


MADE = [(subject, "held") for _, subject in CALLS] + [("Ціну", "planned"), ("Доставку", "planned")]


def test_a_morning_at_a_desk_takes_twenty_keys_beside_what_is_typed(firm: Firm, desk: Desk) -> None:
    for name, _ in CALLS:
        company(firm, f"ПП «{name}»")
    late = planned(firm, company(firm, "ПП «Барбарис»"), subject="Прострочена зустріч із Барбарисом")
    page = desk("Oksana", width=1280)
    page.goto("/")
    quiet(page)
    hands = Hands(page)
    hands.press("g", "i")
    page.wait_for_url("**/interaction/")
    quiet(page)
    for name, subject in CALLS:
        hands.press("l")
        page.wait_for_url("**/interaction/new/**")
        quiet(page)
        page.keyboard.type(name)
        expect(page.locator(".ts-dropdown .option", has_text=name).first).to_be_visible()
        hands.press("Enter")
        expect(page.get_by_label("Subject")).to_be_focused()
        page.keyboard.type(subject)
        hands.press("Control+s")
        saved(page)
        page.goto("/interaction/")  # as a browser does that is left on the list: what one came from is not the next one's
        quiet(page)
    for line, (name, _) in zip(PLANS, CALLS, strict=False):
        hands.press("Control+k")
        page.keyboard.type(line.format(name))
        expect(page.get_by_role("option", name="Log in one line")).to_have_attribute("aria-selected", "true")
        hands.press("Enter")
        page.wait_for_url("**/interaction/new/**")
        quiet(page)
        hands.press("Control+s")
        saved(page)
    hands.press("Control+k")
    page.keyboard.type("Барбарисом")
    expect(page.get_by_role("option", name="Прострочена зустріч із Барбарисом")).to_have_attribute("aria-selected", "true")
    hands.press("Enter")
    page.wait_for_url(f"**/interaction/{late}/")
    quiet(page)
    hands.press("h")
    expect(page.locator("#toasts")).to_contain_text("Saved")
    assert became(firm, late) == [("Прострочена зустріч із Барбарисом", "held"), *MADE]
    assert hands.count == 20


TREES = (("Кедр", "дзвінок у Кедр про терміни"), ("Сосна", "дзвінок Сосні щодо рахунку, 5 хв"), ("Ялина", "дзвінок від Ялини про знижку"))
LATER = ("завтра 10:00 зустріч у Кедрі, 45 хв, про ціну", "післязавтра о 14 дзвінок Сосні, про доставку")


def test_a_morning_on_a_phone_takes_twenty_five_taps_beside_what_is_typed(firm: Firm, desk: Desk) -> None:
    for name, _ in TREES:
        company(firm, f"ТОВ «{name}»")
    late = planned(firm, company(firm, "ПП «Чебрець»"), subject="Прострочена зустріч із Чебрецем")
    page = desk("Oksana", width=390)
    page.goto("/")
    quiet(page)
    hands = Hands(page)
    hands.tap(page.locator(".b-bottom [data-open=rail]"))
    hands.tap(page.locator('#rail [data-nav="interaction"]'))
    page.wait_for_url("**/interaction/")
    quiet(page)
    for line in (*(said for _, said in TREES), *LATER):
        hands.tap(page.locator(".b-bottom [data-open=new]"))
        page.wait_for_url("**/interaction/new/")
        quiet(page)
        hands.tap(page.get_by_label("In one line"))
        page.keyboard.type(line)
        hands.tap(page.get_by_role("button", name="Fill in"))
        page.wait_for_url("**say=%D**")
        quiet(page)
        hands.tap(page.get_by_role("button", name="Save", exact=True))
        saved(page)
        page.goto("/interaction/")
        quiet(page)
    hands.tap(page.locator(".b-bottom [data-open=palette]"))
    page.keyboard.type("Чебрецем")
    hands.tap(page.get_by_role("option", name="Прострочена зустріч із Чебрецем"))
    page.wait_for_url(f"**/interaction/{late}/")
    quiet(page)
    hands.tap(page.get_by_role("button", name="Held", exact=True))
    expect(page.locator("#toasts")).to_contain_text("Saved")
    told = [("Терміни", "held"), ("Рахунку", "held"), ("Знижку", "held"), ("Ціну", "planned"), ("Доставку", "planned")]
    assert became(firm, late) == [("Прострочена зустріч із Чебрецем", "held"), *told]
    assert hands.count == 25
