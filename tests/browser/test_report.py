"""The win rate: from a cell to the records it was counted from, whose number and sum are the cell's own."""

import re
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.steps import text_of

# Of the deals 1 … 120 every fifth from 3 on is won, every fifth from 4 on lost; odd ones are Oksana's, even ones Mykola's; deal n is worth n·1000 + 0.50.
WON = {"Oksana": range(3, 121, 10), "Mykola": range(8, 121, 10)}
LOST = {"Oksana": range(9, 121, 10), "Mykola": range(4, 121, 10)}


def worth(numbers: range) -> Decimal:
    return sum((1000 * n + Decimal("0.5") for n in numbers), Decimal(0))


def figure(place: Locator) -> Decimal:
    """The number a cell shows in English."""
    return Decimal(re.sub(r"[^\d.]", "", text_of(place)))


def line(page: Page, owner: str) -> Locator:
    return page.locator(".b-report tbody tr").filter(has=page.get_by_role("rowheader", name=owner))


def test_each_cell_opens_its_records_and_their_sum_is_the_cell(desk: Desk) -> None:
    page = desk("Mykola")
    page.goto("/report/win_rate?by=owner")
    heads = page.locator(".b-report thead th").evaluate_all("heads => heads.map((head) => head.textContent.trim().split('\\n')[0])")
    at = {key: next(n for n, text in enumerate(heads) if text.startswith(text_)) for key, text_ in (("won", "Won"), ("lost", "Lost"), ("amount", "Amount"))}
    for owner, key, numbers in (("Oksana", "won", WON["Oksana"]), ("Oksana", "lost", LOST["Oksana"]), ("Mykola", "amount", WON["Mykola"])):
        cell = line(page, owner).locator("th, td").nth(at[key])
        assert figure(cell) == (worth(numbers) if key == "amount" else len(numbers)), (owner, key)
        cell.get_by_role("link").click()
        page.wait_for_url(re.compile("/deal/"))
        foot = page.locator("[data-foot][data-count]")
        expect(foot).to_have_attribute("data-count", str(len(numbers)))
        assert figure(foot.locator(".b-total").first) == worth(numbers)
        assert page.locator("[data-list] tbody tr").count() == len(numbers)
        expect(page.get_by_role("group", name="Filter")).to_contain_text(f"Owner is {owner}")
        page.go_back()
        expect(line(page, owner)).to_be_visible()


def test_the_chart_shows_the_figures_of_the_table(desk: Desk) -> None:
    page = desk("Mykola")
    page.goto("/report/win_rate?by=owner")
    chart = page.locator("[data-chart] svg")
    expect(chart).to_be_visible()
    rate = text_of(line(page, "Oksana").locator("td").nth(2))
    assert rate == "50.0%"
    expect(chart).to_contain_text("Oksana")
    expect(chart).to_contain_text(rate)
    expect(page.locator("[data-chart]")).to_have_attribute("aria-label", re.compile("won 24, lost 24"))


def test_parameters_show_at_once_and_stand_in_the_address(desk: Desk) -> None:
    page = desk("Mykola")
    page.goto("/report/win_rate?by=owner")
    page.get_by_label("Breakdown").or_(page.locator("select[name=by]")).first.select_option("month")
    page.wait_for_url(re.compile("by=month"))
    expect(page.locator(".b-report tbody tr").first).to_be_visible()
    months = page.locator(".b-report tbody tr").count()
    assert 1 <= months <= 3
    page.locator("select[name=period]").select_option("this_year")
    page.wait_for_url(re.compile("period=this_year"))
    page.go_back()
    expect(page.locator("select[name=by]")).to_have_value("month")
    assert "period" not in parse_qs(urlsplit(page.url).query)
    with page.expect_download() as file:
        page.get_by_role("link", name="CSV").click()
    assert file.value.suggested_filename == "win_rate.csv"


def test_on_a_phone_every_parameter_can_be_chosen(desk: Desk) -> None:
    page = desk("Mykola", width=390, language="uk")
    page.goto("/report/win_rate?by=owner")
    expect(page.locator("select[name=period]")).to_be_visible()
    page.locator("select[name=by]").select_option("month")
    page.wait_for_url(re.compile("by=month"))
    assert page.evaluate("document.documentElement.scrollWidth") == 390


# Where a word of a head stands in more than one line, each piece of it is a rectangle of its own.
BROKEN_WORDS = """links => links.flatMap((link) => {
  const node = [...link.childNodes].find((one) => one.nodeType === Node.TEXT_NODE);
  return [...node.data.matchAll(/\\S+/g)].filter((word) => {
    const range = new Range();
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    return range.getClientRects().length > 1;
  }).map((word) => word[0]);
})"""


def test_no_word_of_a_head_is_broken_on_a_phone(desk: Desk) -> None:
    page = desk("Mykola", width=390, language="uk")
    page.goto("/report/win_rate?by=owner")
    heads = page.locator(".b-report thead th a")
    assert heads.count() > 4
    assert heads.evaluate_all(BROKEN_WORDS) == []


def test_a_judgement_is_stated_by_keys_from_the_forecast_on_a_phone(desk: Desk) -> None:
    page = desk("Olena", width=390)
    page.goto("/report/forecast_months?by=")
    page.get_by_role("link", name="State a judgement").press("Enter")
    page.wait_for_url(re.compile("/forecast_judgement/new/"))
    page.get_by_label("Amount").fill("1234.50")
    page.get_by_label("Why").fill("Everybody has confirmed")
    page.keyboard.press("Control+s")
    page.wait_for_url(re.compile(r"/forecast_judgement/\d+/"))
    page.goto("/report/forecast_months?by=")
    stated = page.locator(".b-judgements tbody tr")
    expect(stated).to_have_count(1)
    expect(stated).to_contain_text("Everybody has confirmed")
    assert figure(stated.locator("td.b-num").nth(1)) == Decimal("1234.5")
    assert check(page) == []
    stated.get_by_role("rowheader").get_by_role("link").press("Enter")
    page.wait_for_url(re.compile(r"/forecast_judgement/\d+/"))
