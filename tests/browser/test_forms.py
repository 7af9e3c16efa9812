"""Nothing typed is lost: the unsaved mark, drafts, pickers and quick create in a real browser."""

from playwright.sync_api import Page, expect

from tests.browser.stage import Person, State
from tests.browser.traffic import quiet


def stored(page: Page, text: str, *, there: bool) -> None:
    """Waits until this tab's storage holds `text`, or no longer does. (`wait_for_function` would need `unsafe-eval`.)"""
    for _ in range(50):
        if (text in page.evaluate("JSON.stringify(sessionStorage)")) is there:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{text!r} {'never came into' if there else 'stayed in'} the storage")


def form(page: Page) -> Page:
    page.goto("/deal/new/")
    quiet(page)
    return page


def test_what_is_unsaved_is_marked_until_it_is_as_before(page: Page) -> None:
    mark = form(page).get_by_text("Not saved yet")
    expect(mark).to_be_hidden()
    page.get_by_label("Name").fill("Freezer")
    expect(mark).to_be_visible()
    page.get_by_label("Name").fill("")
    expect(mark).to_be_hidden()


def test_leaving_an_unsaved_form_asks(page: Page) -> None:
    form(page).get_by_label("Name").fill("Freezer")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="Products").click()
    page.wait_for_url("**/product/")
    assert asked == ["beforeunload"]


def test_ctrl_s_saves_and_the_draft_is_gone(page: Page, state: State) -> None:
    form(page).get_by_label("Name").fill("Freezer")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/deal/")
    assert state.posted[0][1]["name"] == "Freezer"
    expect(form(page).get_by_label("Name")).to_have_value("")


def test_what_was_typed_before_the_session_ended_is_there_after_signing_in_again(page: Page, state: State) -> None:
    form(page).get_by_label("Name").fill("Freezer")
    page.get_by_label("Active").check()
    state.person = None
    page.keyboard.press("Control+s")
    page.wait_for_url("**/sign-in")
    state.person = Person(7, "Oksana Melnyk")
    expect(form(page).get_by_label("Name")).to_have_value("Freezer")
    expect(page.get_by_label("Active")).to_be_checked()
    expect(page.locator(".b-toast")).to_contain_text("put back")


def test_a_draft_is_never_shown_to_another_person(page: Page, state: State) -> None:
    form(page).get_by_label("Name").fill("Secret")
    state.person = None
    page.keyboard.press("Control+s")
    page.wait_for_url("**/sign-in")
    state.person = Person(8, "Taras Bondarenko")
    expect(form(page).get_by_label("Name")).to_have_value("")
    assert "Secret" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_signing_out_forgets_every_draft(page: Page) -> None:
    form(page).get_by_label("Name").fill("Secret")
    stored(page, "Secret", there=True)
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#own").click()
    page.evaluate("""() => {
      document.querySelector("form[data-edit] [name=amount]").dispatchEvent(new Event("input", { bubbles: true }));
      document.querySelector("form[data-sign-out] button").click();
    }""")  # typed to the last moment, as a hand that is quicker than the page
    page.wait_for_timeout(400)
    stored(page, "Secret", there=False)


def test_a_refused_form_keeps_what_was_typed_and_leads_to_the_wrong_field(page: Page) -> None:
    form(page).get_by_label("Amount").fill("12 500")
    page.keyboard.press("Control+s")
    summary = page.get_by_role("alert").filter(has_text="Nothing was saved")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Amount")).to_have_value("12 500")
    summary.get_by_role("link", name="Name").click()
    expect(page.get_by_label("Name")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")


def test_a_remote_picker_is_used_by_keyboard(page: Page, state: State) -> None:
    form(page).get_by_label("Name").fill("Freezer")
    page.get_by_role("combobox", name="Company").click()
    page.keyboard.type("buko")
    expect(page.get_by_role("option", name="Bukovyna Milk")).to_be_visible()
    expect(page.get_by_role("option", name="Polissia Agro")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator(".ts-control .item")).to_have_text("Bukovyna Milk")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/deal/")
    assert state.posted[0][1]["account"] == "2"


def test_what_is_missing_is_made_on_the_way_and_chosen(page: Page, state: State) -> None:
    form(page).get_by_label("Name").fill("Freezer")
    page.get_by_role("combobox", name="Company").click()
    page.keyboard.type("New Firm")
    page.get_by_text("Create “New Firm”").click()
    expect(page.locator("#quick-name")).to_have_value("New Firm")
    expect(page.locator("#quick-name")).to_be_focused()
    page.locator("#sheet").get_by_role("button", name="Save").click()
    expect(page.locator("#sheet")).to_be_hidden()
    page.keyboard.press("Control+s")
    page.wait_for_url("**/deal/")
    assert state.posted[-1][1]["account"] == "77"


def test_a_draft_puts_a_chosen_record_back_too(page: Page) -> None:
    form(page).get_by_role("combobox", name="Company").click()
    page.keyboard.type("dnip")
    expect(page.get_by_role("option", name="Dnipro Service")).to_be_visible()
    page.keyboard.press("Enter")
    stored(page, "Dnipro Service", there=True)
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    quiet(page)
    expect(page.locator(".ts-control .item")).to_have_text("Dnipro Service")
