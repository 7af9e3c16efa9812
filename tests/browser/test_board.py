"""The board of deals: cards by mouse, by keyboard and by the menu of a phone; what may not be moved goes back with a sentence."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import accessibility
from tests.browser.conftest import Desk
from tests.browser.firm import Firm
from tests.browser.steps import address, text_of


def column(page: Page, label: str) -> Locator:
    return page.locator(f".b-col[data-label='{label}']")


def number(page: Page, label: str) -> Locator:
    return column(page, label).locator(".b-n")


def card(page: Page, record: int) -> Locator:
    return page.locator(f".b-card[data-id='{record}']")


def opened(page: Page, at: str = "/board/deal") -> Page:
    """The board, with the cards of the columns that are in view."""
    page.goto(at)
    expect(page.locator(".b-card[data-id]").first).to_be_visible()
    expect(page.locator(".b-col").first.locator(".b-col-cards")).not_to_have_attribute("aria-busy", "true")
    return page


def deals(firm: Firm, *rows: tuple[str, str]) -> list[int]:
    """New deals of the largest amounts, so that they stand first where the largest do; each by its name and the key of its stage."""
    mykola = firm.people["Mykola"]
    return firm.make("deal", *({"name": name, "stage": firm.stage(stage), "amount": 900_000 - n, "owner": mykola} for n, (name, stage) in enumerate(rows)))


def stands_in(firm: Firm, record: int, stage: str) -> bool:
    return bool(firm.stored("deal", record)["stage"] == firm.stage(stage))


FIRST = "/board/deal?sort=-amount"


def test_a_card_is_dragged_to_another_column_and_taken_back(firm: Firm, desk: Desk) -> None:
    (deal,) = deals(firm, ("Дах", "lead"))
    page = opened(desk("Mykola"), FIRST)
    expect(number(page, "Lead")).to_have_text("25")
    card(page, deal).drag_to(column(page, "Qualified").locator(".b-col-cards"))
    expect(column(page, "Qualified").locator(f"[data-id='{deal}']")).to_be_visible()
    expect(number(page, "Qualified")).to_have_text("1")
    expect(number(page, "Lead")).to_have_text("24")
    expect(column(page, "Qualified").locator(".b-col-sum")).to_have_text("900,000 UAH")
    assert stands_in(firm, deal, "qualified")
    page.get_by_role("button", name="Undo").last.click()
    expect(column(page, "Lead").locator(f"[data-id='{deal}']")).to_be_visible()
    expect(number(page, "Lead")).to_have_text("25")
    assert stands_in(firm, deal, "lead")


def test_a_refused_move_is_told_and_the_card_returns(firm: Firm, desk: Desk) -> None:
    """A lost deal needs a reason: it is asked for, and whoever does not give it has moved nothing. A colleague was faster: the card goes where he put
    it, and who that was is said."""
    deal, other = deals(firm, ("Дах", "lead"), ("Кран", "lead"))
    page = opened(desk("Mykola"), FIRST)
    page.locator(".b-card", has_text="Дах").get_by_role("link", name="Дах").focus()
    page.keyboard.press("m")
    page.get_by_role("menuitemradio", name="Lost").click()
    panel = page.get_by_role("dialog", name="Move to “Lost”")
    expect(panel.get_by_label("Loss reason")).to_be_focused()
    page.keyboard.press("Escape")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Not moved: A lost deal needs a reason.")
    expect(column(page, "Lead").locator(f"[data-id='{deal}']")).to_be_visible()
    alert.get_by_role("button", name="Close").click()
    firm.change("deal", other, stage=firm.stage("proposal"))
    card(page, other).drag_to(column(page, "Qualified").locator(".b-col-cards"))
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has moved “Кран” to “Proposal” meanwhile.")
    expect(column(page, "Proposal").locator(f"[data-id='{other}']")).to_be_attached()
    assert stands_in(firm, deal, "lead") and stands_in(firm, other, "proposal")


def test_of_two_who_drag_one_card_at_once_one_wins_and_the_other_sees_where_it_stands(firm: Firm, desk: Desk) -> None:
    """Mykola's move is under way when Petro's arrives before it."""
    (deal,) = deals(firm, ("Дах", "lead"))
    mykola, petro = opened(desk("Mykola", alone=True), FIRST), opened(desk("Petro", alone=True), FIRST)
    under_way: list[Route] = []

    def hold(route: Route) -> None:
        under_way.append(route)

    mykola.route(f"**/board/deal/{deal}*", hold)
    card(mykola, deal).drag_to(column(mykola, "Qualified").locator(".b-col-cards"))
    expect(card(mykola, deal)).to_have_class(re.compile("is-saving"))
    card(petro, deal).drag_to(column(petro, "Proposal").locator(".b-col-cards"))
    expect(petro.locator("[data-board-status]")).to_have_text("“Дах” moved to “Proposal”.")
    under_way[0].continue_()
    expect(mykola.get_by_role("alert")).to_contain_text("Petro has moved “Дах” to “Proposal” meanwhile.")
    expect(column(mykola, "Proposal").locator(f"[data-id='{deal}']")).to_have_count(1)
    expect(card(mykola, deal)).to_have_count(1)
    expect(number(mykola, "Qualified")).to_have_text(text_of(number(petro, "Qualified")))
    assert stands_in(firm, deal, "proposal") and petro.get_by_role("alert").count() == 0


def test_cards_are_moved_by_keyboard_alone(firm: Firm, desk: Desk) -> None:
    first, second = deals(firm, ("Дах", "lead"), ("Кран", "lead"))
    page = opened(desk("Mykola"), FIRST)
    card(page, first).get_by_role("link", name="Дах").focus()
    page.keyboard.press("ArrowDown")
    expect(card(page, second).get_by_role("link", name="Кран")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-board-status]")).to_have_text("“Кран” moved to “Qualified”.")
    expect(column(page, "Qualified").get_by_role("link", name="Кран")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(column(page, "Proposal").get_by_role("link", name="Кран")).to_be_focused()
    page.keyboard.press("m")
    expect(page.get_by_role("menuitemradio", name="Proposal")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(column(page, "Negotiation").get_by_role("link", name="Кран")).to_be_focused()
    assert stands_in(firm, second, "negotiation") and stands_in(firm, first, "lead")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer")).to_contain_text("Кран")


def test_on_a_phone_the_menu_moves_the_card(firm: Firm, desk: Desk) -> None:
    (deal,) = deals(firm, ("Дах", "lead"))
    page = opened(desk("Mykola", width=390, language="uk"), FIRST)
    card(page, deal).get_by_role("button", name="Перемістити: Дах").tap()
    page.get_by_role("menuitemradio", name="Пропозиція").tap()
    expect(page.locator("[data-board-status]")).to_have_text("«Дах» переміщено в «Пропозиція».")
    expect(column(page, "Пропозиція").locator(f"[data-id='{deal}']")).to_be_in_viewport()
    assert stands_in(firm, deal, "proposal")


def test_what_a_move_lacks_is_given_by_keyboard_and_the_card_moves(firm: Firm, desk: Desk) -> None:
    (deal,) = deals(firm, ("Дах", "lead"))
    page = opened(desk("Mykola"), FIRST)
    card(page, deal).get_by_role("link", name="Дах").focus()
    page.keyboard.press("m")
    page.get_by_role("menuitemradio", name="Lost").press("Enter")
    reason = page.get_by_role("dialog", name="Move to “Lost”").get_by_label("Loss reason")
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).press("Enter")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("something is missing still")
    reason.select_option(index=1)
    reason.press("Tab")
    page.get_by_role("dialog").get_by_role("button", name="Move", exact=True).press("Enter")
    expect(column(page, "Lost").get_by_role("link", name="Дах")).to_be_focused()
    assert stands_in(firm, deal, "lost") and firm.stored("deal", deal)["loss_reason"] is not None


def test_anothers_move_is_seen_without_loading_the_page_anew(firm: Firm, desk: Desk) -> None:
    """The card leaves one column and stands in the other, the figures follow, and what is read does not move."""
    deal, other = deals(firm, ("Дах", "lead"), ("Кран", "lead"))
    table = firm.catalog.entity("deal").table
    with firm.system() as session:  # the firm is older than this minute
        session.kernel(table.update().values(updated_at=datetime.now(UTC) - timedelta(days=1)))
        session.commit()
    page = opened(desk("Mykola"), FIRST)
    expect(column(page, "Proposal").locator(".b-card[data-id]").first).to_be_visible()
    column(page, "Lead").locator(".b-col-cards").evaluate("list => { list.scrollTop = 300; }")
    read = card(page, int(column(page, "Lead").locator(".b-card[data-id]").nth(8).get_attribute("data-id") or 0))
    at = (read.bounding_box() or {"y": 0})["y"]
    page.evaluate("window.stays = true")
    firm.change("deal", deal, stage=firm.stage("proposal"))
    expect(column(page, "Proposal").locator(f"[data-id='{deal}']")).to_be_visible()
    expect(column(page, "Lead").locator(f"[data-id='{deal}']")).to_have_count(0)
    expect(page.locator("[data-board-status]")).to_have_text("“Дах” is in “Proposal” now.")
    expect(number(page, "Lead")).to_have_text("25")
    assert abs((read.bounding_box() or {"y": 0})["y"] - at) < 2, "what is read stays where it is"
    assert page.evaluate("window.stays") is True
    firm.remove("deal", other)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # whoever comes back to the page need not wait
    expect(number(page, "Lead")).to_have_text("24")


def test_who_may_change_nothing_is_offered_no_move(desk: Desk) -> None:
    page = opened(desk("Vasyl"))
    assert page.locator("[data-move]").count() == 0
    page.locator(".b-card[data-id] a").first.focus()
    page.keyboard.press("m")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("menu", name="Move to")).to_be_hidden()
    expect(number(page, "Lead")).to_have_text("24")


def test_columns_come_as_they_are_scrolled_to_and_go_on_page_by_page(desk: Desk) -> None:
    page = opened(desk("Mykola"))
    expect(column(page, "Lost").locator(".b-col-cards")).to_have_attribute("aria-busy", "true")
    column(page, "Lost").scroll_into_view_if_needed()
    expect(column(page, "Lost").locator(".b-card[data-id]")).to_have_count(20)
    column(page, "Lost").get_by_role("button", name="More cards").scroll_into_view_if_needed()
    expect(column(page, "Lost").locator(".b-card[data-id]")).to_have_count(24)


def test_filter_and_list_keep_each_other(desk: Desk) -> None:
    page = desk("Mykola")
    page.goto(address("deal", {"field": "amount", "op": "lt", "value": 20000}, sort="-amount"))
    page.get_by_role("link", name="Board", exact=True).click()
    expect(number(page, "Lead")).to_have_text("3")
    expect(column(page, "Lead").locator(".b-main-text")).to_have_text(["Угода 015", "Угода 010", "Угода 005"])
    page.get_by_role("button", name="Sum of: Amount").click()
    page.get_by_role("link", name="Cost", exact=True).click()
    expect(page.get_by_role("button", name="Sum of: Cost")).to_be_visible()
    expect(number(page, "Lead")).to_have_text("3")
    page.get_by_role("button", name="One more condition").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("link", name="List", exact=True).click()
    expect(page.locator("[data-foot][data-count='19']")).to_be_attached()
    expect(page.get_by_role("group", name="Filter")).to_contain_text("Amount")


@pytest.mark.parametrize(("language", "width", "theme"), [("en", 1280, "light"), ("uk", 390, "dark")])
def test_the_board_is_accessible(firm: Firm, desk: Desk, language: str, width: int, theme: str) -> None:
    late = firm.make("deal", {"name": "Модернізація компресорної", "stage": firm.stage("lead"), "amount": 900_000, "next_step": "Дзвінок Наталії",
                              "next_step_on": date(2024, 3, 1), "owner": firm.people["Mykola"]})[0]
    page = opened(desk("Mykola", language=language, width=width, theme=theme), FIRST)
    expect(card(page, late)).to_contain_text("step overdue: 1 Mar" if language == "en" else "крок прострочено: 1 бер.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
    if width == 390:  # it looks at a desk's width too
        assert accessibility.check(page) == []
