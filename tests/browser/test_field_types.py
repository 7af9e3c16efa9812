"""What scripts do with these fields: the editor of formatted text, the picker of several options, in the form and in a cell of the list."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.server import served
from tests.browser.traffic import quiet, watch
from tests.field_types.conftest import house
from tests.kit_forms.house import PASSWORD, House

__all__ = ["house"]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def page(house: House, browser: Chromium, complaints: Complaints) -> Iterator[Page]:
    """Olena's, signed in and reading English."""
    with served(house.app) as address:
        context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900}, locale="en")
        watch(context)
        opened = context.new_page()
        complaints.about(opened)
        opened.goto("/sign-in")
        opened.locator("[name=email]").fill("olena@firm.example")
        opened.locator("[name=password]").fill(PASSWORD)
        opened.keyboard.press("Enter")
        opened.wait_for_url(f"{address}/")
        opened.goto("/profile/?lang=en")
        yield opened
        context.close()


def test_text_is_formatted_by_keys_and_buttons_and_saved_as_it_looks(page: Page, house: House) -> None:
    page.goto("/sample/new/")
    quiet(page)
    page.get_by_label("Name").fill("Оповідь")
    story = page.get_by_role("textbox", name="Story")
    story.click()
    page.keyboard.type("Привіт, ")
    page.keyboard.press("Control+b")
    page.keyboard.type("світе")
    expect(page.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+b")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Bulleted list").click()
    page.keyboard.type("перше")
    page.keyboard.press("Enter")
    page.keyboard.type("друге ")
    page.get_by_role("button", name="Link").click()
    page.get_by_label("Address of the link").fill("brama.example")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/sample/1/")
    kept = house.stored("sample", 1)["story"]
    assert kept.startswith("<p>Привіт, <b>світе</b></p><ul>"), kept
    assert "<ul><li>перше</li><li>друге" in kept.replace("&nbsp;", "")
    assert '<a href="https://brama.example" rel="noopener noreferrer nofollow">brama.example</a>' in kept
    expect(page.locator(".b-rich a").first).to_have_attribute("href", "https://brama.example")


def test_what_is_pasted_comes_without_what_is_foreign(page: Page, house: House) -> None:
    page.goto("/sample/new/")
    quiet(page)
    page.get_by_label("Name").fill("Вставка")
    page.get_by_role("textbox", name="Story").click()
    page.evaluate("""() => {
        const data = new DataTransfer();
        const bad = '<img src="/x" onerror="window.ran=1"><script>window.ran=1</scr' + 'ipt>';
        data.setData('text/html', `<div style="color:red">Чужий <b onclick="window.ran=1">текст</b>${bad}</div>`);
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }""")
    expect(page.get_by_role("textbox", name="Story")).to_have_text("Чужий текст")
    assert page.evaluate("window.ran === undefined")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/sample/1/")
    assert house.stored("sample", 1)["story"] == "<p>Чужий <b>текст</b></p>"


def test_the_tools_are_one_stop_of_the_keyboard_and_arrows_move_among_them(page: Page) -> None:
    page.goto("/sample/new/")
    quiet(page)
    page.get_by_role("button", name="Bold").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Italic")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Without formatting")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="Story")).to_be_focused()


def test_a_cell_of_the_list_has_the_same_editor_and_the_same_picker(page: Page, house: House) -> None:
    number = house.make("sample", name="Рядок", story="<p>було</p>", trades=[house.option("industry", "food")])
    page.goto("/sample/?columns=name,story,trades")
    quiet(page)
    cell = page.locator('td[data-field="story"], tbody td').nth(2)
    cell.dblclick()
    editor = page.get_by_role("textbox", name="Story")
    expect(editor).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("стало")
    page.keyboard.press("Control+Enter")
    expect(editor).to_have_count(0)
    assert house.stored("sample", number)["story"] == "<p>стало</p>"
    page.locator("tbody td").nth(3).dblclick()
    page.keyboard.type("Trade")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("tbody .b-set .b-tag")).to_have_count(2)
    assert set(house.stored("sample", number)["trades"]) == {house.option("industry", "food"), house.option("industry", "trade")}
