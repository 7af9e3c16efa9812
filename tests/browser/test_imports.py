"""The import screen in a real browser: from the empty list to records and back, by mouse and by keyboard, on every width and in the dark."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from crm.backoffice import lists
from crm.backoffice.job_queue import dispatch, execute
from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm, serving
from tests.conftest import SAMPLE_DATA

CLIENTS = """Номер;Назва компанії;Місто;Менеджер;Обіг, тис.;Примітка
К-1;Рошен;Київ;Oksana;1 250,5;передзвонити
К-2;Нібулон;Миколаїв;Савченко;7,25;
К-3;Кернел;Полтава;Mykola;багато;
"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Firm]:
    """A company without a single record, and a worker that does its jobs."""
    made, over = Firm(tmp_path_factory.mktemp("empty"), sqlite_template), threading.Event()

    def work() -> None:
        runtime = made.app.extensions["brama"]
        while not over.wait(0.2):
            handed: list[int] = []
            dispatch(made.engine, handed.append)
            for job in handed:
                execute(made.engine, runtime.settings, runtime.refresh(), job)

    worker = threading.Thread(target=work, daemon=True)
    with serving(made):
        worker.start()
        yield made
        over.set()
        worker.join()


@pytest.fixture
def clients(tmp_path: Path) -> Path:
    path = tmp_path / "Клієнти.csv"
    path.write_bytes(CLIENTS.encode("cp1251"))
    return path


def count(firm: Firm, entity: str) -> int:
    with firm.system(write=False) as session:
        return lists.count(session, lists.ListQuery(entity, ())).number


def bring(page: Page, entity: str, path: Path) -> Page:
    """Choose the file at the import of an entity and go on to its mapping."""
    page.goto(f"/{entity}/import/")
    page.locator("input[name=file]").set_input_files(path)
    expect(page.locator("[data-file-name]")).to_have_text(path.name)
    page.get_by_role("button", name="Next: mapping").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(path.name)
    page.wait_for_load_state("load")
    return page


def how(page: Page, column: str) -> Locator:
    """The button that says how a column is read."""
    return page.get_by_role("row", name=re.compile(f"^{column}")).get_by_role("button")


def numbers(page: Page) -> list[int]:
    return [int(re.sub(r"\D", "", text)) for text in page.locator(".b-facts-4 dd").all_inner_texts()]


def write(page: Page, button: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/imports/*/", timeout=60_000, wait_until="load")


def take_back(page: Page) -> None:
    page.get_by_role("button", name="Take the import back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_text("taken back", exact=True)).to_be_visible()


def test_from_an_empty_list_a_file_is_mapped_tried_written_shown_and_taken_back(desk: Desk, empty: Firm, clients: Path) -> None:
    page = desk(at=empty)
    page.goto("/account/")
    page.get_by_role("link", name="Import from a file").click()
    bring(page, "account", clients)
    assert [page.locator(f"#to-{n}").input_value() for n in range(6)] == ["code", "name", "city", "owner", "revenue", "description"]
    expect(how(page, "Менеджер")).to_have_text("by “Name”, 1 unknown")
    assert numbers(page) == [1, 0, 0, 2]

    # The reason leads to the column; there a person is chosen for a name that nobody has.
    page.get_by_role("tabpanel", name="Errors").get_by_role("button", name="Say what is meant").first.click()
    panel = page.locator("#panel-3")
    expect(panel).to_be_visible()
    panel.get_by_role("combobox", name="“Савченко” means").click()
    page.get_by_role("option", name="Petro").click()
    expect(page.get_by_text("The mapping has changed")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Write"))).to_be_hidden()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".b-facts-4 dd").first).to_have_text("2")
    expect(how(page, "Менеджер")).to_have_text("by “Name”")
    assert numbers(page) == [2, 0, 0, 1]

    page.get_by_label("Write the good rows without them").check()
    write(page, "Write 2 records")
    assert numbers(page) == [2, 0, 0, 1]
    with page.expect_download() as download:
        page.get_by_role("link", name="Error file").click()
    assert "“багато” is no number." in download.value.path().read_text("utf-8-sig")

    page.get_by_role("link", name="Show these records").click()
    expect(page.locator("[data-foot][data-count='2']")).to_be_attached()
    page.go_back()
    take_back(page)
    assert count(empty, "account") == 0
    page.goto("/imports/")
    expect(page.get_by_role("row", name=re.compile("Клієнти.csv"))).to_contain_text("taken back")


def test_the_form_is_drawn_anew_for_another_field_and_keeps_its_place(desk: Desk, empty: Firm, clients: Path) -> None:
    page = bring(desk(at=empty), "account", clients)
    page.set_viewport_size({"width": 1280, "height": 500})
    pane = page.locator(".b-import > .b-scroll")
    how(page, "Обіг, тис.").click()
    page.locator("#to-5").focus()
    place = pane.evaluate("element => element.scrollTop")
    assert place > 0
    with page.expect_response("**/form"):
        page.locator("#to-5").select_option("industry")
    expect(how(page, "Примітка")).to_have_text("0 of 1 values matched")
    expect(page.locator("#panel-4")).to_be_visible()
    assert pane.evaluate("element => element.scrollTop") == place
    expect(page.locator("#to-5")).to_be_focused()


def test_a_fault_stands_above_the_form_and_what_was_chosen_stays(desk: Desk, empty: Firm, clients: Path) -> None:
    page = bring(desk(at=empty), "account", clients)
    with page.expect_response("**/form"):
        page.locator("#to-2").select_option("name")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert").first).to_contain_text("Two columns fill “name”.")
    assert page.locator("#to-2").input_value() == "name"


def test_the_keyboard_alone_is_enough(desk: Desk, empty: Firm, clients: Path) -> None:
    page = bring(desk(at=empty), "account", clients)
    tab = page.get_by_role("tab", name="Errors")
    tab.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="New records")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="New records")).to_contain_text("Рошен")
    expect(page.get_by_role("tabpanel", name="Errors")).to_be_hidden()
    how(page, "Місто").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-2")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-2")).to_be_hidden()


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(desk: Desk, empty: Firm, clients: Path) -> None:
    page = desk(at=empty)
    page.goto("/account/import/")
    page.locator("form[data-upload]").evaluate("form => { form.dataset.limit = '10'; }")
    page.locator("input[name=file]").set_input_files(clients)
    expect(page.locator(".b-toast")).to_contain_text("The file is too large")
    page.get_by_role("button", name="Next: mapping").click()
    assert page.url.endswith("/account/import/")
    assert not page.locator("input[name=file]").evaluate("input => input.validity.valid")


def test_on_a_phone_everything_is_within_reach_and_axe_finds_nothing_at_any_width(desk: Desk, empty: Firm, clients: Path) -> None:
    page = desk(at=empty, width=390)

    def look() -> None:
        assert check(page) == [], page.url

    page.goto("/account/import/")
    page.get_by_text("I have a mapping file (YAML)").click()
    look()
    bring(page, "account", clients)
    how(page, "Менеджер").click()
    for summary in page.locator(".b-import summary").all():
        summary.click()
    look()
    page.get_by_role("tab", name="New records").click()
    look()
    page.get_by_label("Write the good rows without them").check()
    write(page, re.compile(r"^Write \d"))  # as many as the mapping remembered from an earlier import lets through
    look()
    take_back(page)
    look()
    page.goto("/imports/")
    look()


@pytest.mark.sample_data
def test_real_customers_come_in_without_touching_anything_and_a_second_time_change_nothing(desk: Desk, empty: Firm) -> None:
    page = bring(desk(at=empty), "account", Path(SAMPLE_DATA, "northwind", "customers.csv"))
    assert numbers(page) == [91, 0, 0, 0]
    write(page, "Write 91 records")
    assert (count(empty, "account"), count(empty, "contact")) == (91, 91)
    bring(page, "account", Path(SAMPLE_DATA, "northwind", "customers.csv"))
    assert numbers(page) == [0, 0, 91, 0]
    expect(page.get_by_role("button", name=re.compile("^Write"))).to_be_disabled()
    page.goto("/imports/")
    page.get_by_role("row", name=re.compile("customers.csv")).get_by_role("link", name="customers.csv").click()
    page.wait_for_url("**/imports/*/", wait_until="load")
    take_back(page)
    assert (count(empty, "account"), count(empty, "contact")) == (0, 0)
