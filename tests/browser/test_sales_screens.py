"""What a head of sales looks at every day, at a desk and on a phone: each screen is opened once and made narrow. Charts and tables stand beside each other,
nothing is wider than the screen, and by keys a figure opens its records, which come to it."""

import re
from decimal import Decimal
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.test_report import figure


# Texts of a chart that are not whole on it.
CUT = """[...document.querySelectorAll('[data-chart] svg')].flatMap((chart) => [...chart.querySelectorAll('text')].filter(
  (text) => text.getBoundingClientRect().right > chart.getBoundingClientRect().right + 1).map((text) => text.textContent))"""


def cell(page: Page, row: str, column: str) -> Locator:
    """The figure of a row of the report's table, by the texts of both heads."""
    heads = page.locator(".b-report thead th").evaluate_all("heads => heads.map((head) => head.textContent.trim().split('\\n')[0])")
    at = next(n for n, text in enumerate(heads) if text.startswith(column))
    return page.locator(".b-report tbody tr").filter(has=page.get_by_role("rowheader", name=row, exact=True)).locator("th, td").nth(at).get_by_role("link")


def opens(page: Page, shown: Locator) -> tuple[int, Decimal]:
    """How many records are behind a figure that is opened by keys, and what their amounts come to; the page is where it was afterwards."""
    shown.press("Enter")
    page.wait_for_url(re.compile(r"/deal/\?"))
    foot = page.locator("[data-foot][data-count]")
    expect(foot).to_be_attached()
    found = int(foot.get_attribute("data-count") or 0), figure(foot.locator(".b-total").first)
    page.go_back()
    expect(shown).to_be_visible()
    return found


def widths(page: Page, *stands: Locator) -> None:
    """At both widths all of it is there, without fault, and without a way sideways."""
    assert check(page) == []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for one in stands:
            expect(one).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(CUT) == []


def test_the_funnel(desk: Desk) -> None:
    page = desk("Mykola")
    page.goto("/report/funnel")
    expect(page.locator("[data-chart] svg")).to_be_visible()
    expect(page.locator("[data-parts-told]")).to_have_text("All parts of the page are here.")
    reached, amount = cell(page, "Proposal", "Reached"), cell(page, "Proposal", "Amount")
    assert opens(page, reached) == (int(figure(reached)), figure(amount))
    still = page.locator(".b-funnel-figures div").filter(has_text=re.compile("^Open")).get_by_role("link")
    widths(page, page.locator("[data-chart] svg"), reached)
    assert opens(page, still)[0] == int(figure(still)) == 72
    page.get_by_role("navigation", name="Compare").get_by_role("link", name="owner").press("Enter")
    page.wait_for_url(re.compile("compare=owner"))
    expect(page.locator(".b-funnel-compared tbody tr")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_parts_of_the_funnel_come_after_it_two_at_a_time_and_paper_waits_for_them(desk: Desk) -> None:
    page = desk("Mykola", alone=True)
    page.add_init_script("window.print = () => { document.documentElement.dataset.paper = document.querySelectorAll('.b-part[aria-busy]').length; }")
    held: list[Route] = []

    def hold(asked: Route) -> None:
        held.append(asked)

    page.route(re.compile("/report/funnel/"), hold)
    page.goto("/report/funnel")
    expect(page.locator("[data-chart] svg")).to_be_visible()
    expect(page.locator(".b-part[aria-busy]")).to_have_count(3)
    assert [urlsplit(one.request.url).path for one in held] == ["/report/funnel/figures", "/report/funnel/reasons"]
    page.get_by_role("button", name="Print").click()
    page.get_by_role("link", name="Show “Key figures”").focus()
    held[0].continue_()
    expect(page.locator(".b-funnel-figures")).to_be_visible()
    expect(page.get_by_role("heading", name="Key figures")).to_be_focused()
    held[1].fulfill(status=503)
    reasons = page.get_by_role("region", name="Why deals were lost")
    expect(reasons).to_contain_text("This part could not be counted.")
    expect(page.locator("html")).not_to_have_attribute("data-paper", re.compile(".*"))
    held[2].continue_()
    expect(page.locator(".b-funnel-changes")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-paper", "0")
    told = page.locator("[data-parts-told]")
    expect(told).to_have_text("A part of the page could not be counted.")
    page.unroute(re.compile("/report/funnel/"))
    reasons.get_by_role("button", name="Try again").press("Enter")
    expect(told).to_have_text("All parts of the page are here.")
    expect(reasons.get_by_role("button", name="Try again")).to_have_count(0)
    expect(reasons.get_by_role("heading")).to_be_focused()
    gone: list[str] = []
    page.on("requestfailed", lambda one: gone.append(one.url))
    page.route(re.compile("/report/funnel/(?!.*mode=flow)"), lambda _route: None)
    page.reload()
    page.get_by_label("View").select_option("flow")
    page.wait_for_url(re.compile("mode=flow"))
    expect(told).to_have_text("All parts of the page are here.")
    assert len(gone) == 2, "what was asked before is not waited for, and its last part is not asked for"


def test_the_scorecard(desk: Desk) -> None:
    page = desk("Mykola")
    page.goto("/report/manager_scorecard?by=owner&period=")
    panel = page.get_by_role("region", name="Win rate")
    expect(panel.get_by_role("listitem")).to_have_count(2)
    line = panel.get_by_role("listitem").filter(has_text="Oksana")
    expect(line).to_contain_text("n = 24")
    widths(page, line)
    assert opens(page, line.locator(".b-score-figure a"))[0] == 24


def test_the_forecast(desk: Desk) -> None:
    """Open deals n of 1 … 120 with n % 4 = 0 are expected in this quarter, Mykola's all of them."""
    page = desk("Mykola")
    page.goto("/report/forecast?by=owner&period=this_quarter")
    expect(page.locator("[data-chart] svg")).to_be_visible()
    amount, number = cell(page, "Mykola", "Open amount"), cell(page, "Mykola", "Open")
    there = [n for n in range(4, 121, 4) if n % 5 < 3]
    assert opens(page, amount) == (len(there), figure(amount)) and figure(amount) == sum(1000 * n + Decimal("0.5") for n in there)
    widths(page, page.locator("[data-chart] svg"), amount)
    assert opens(page, number)[0] == len(there)
