"""A browser for tests of screens: the system's Chromium, or the sentence that says how to install one; one of each server a run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.firm import PASSWORD, Firm, serving
from tests.browser.server import served
from tests.browser.stage import Person, State, make_stage
from tests.browser.traffic import watch
from tools.chromium import command, find

PATIENCE = 20_000  # milliseconds: a busy machine is no fault of the screen
# What a browser says in the console of every answer that is not 2xx; the tests look at those answers themselves.
REFUSED_ANSWER = "Failed to load resource"
expect.set_options(timeout=PATIENCE)

Desk = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find()
    if path is None:
        pytest.fail(f"No Chromium was found: {command()}")
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[str, State]]:
    """The address and the state of the stage."""
    state = State()
    with served(make_stage(state)) as address:
        yield address, state


@pytest.fixture
def state(stage: tuple[str, State]) -> State:
    found = stage[1]
    found.person = Person(7, "Oksana Melnyk")
    found.posted.clear()
    return found


class Complaints:
    """What pages must never do: fail in a script, break the security policy, run somebody's text."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def about(self, page: Page) -> None:
        watch(page)
        page.add_init_script("window.print = () => {}")  # the browser's own dialog would wait for somebody
        page.on("pageerror", lambda error: self.heard.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._hear(page, message))

    def _hear(self, page: Page, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(REFUSED_ANSWER):
            self.heard.append(f"{page.url}: {message.text}")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    found = Complaints()
    yield found
    assert found.heard == []


@pytest.fixture
def screen(browser: Browser, stage: tuple[str, State], state: State, complaints: Complaints) -> Iterator[BrowserContext]:
    """A fresh browser profile of 1280 × 800 on the stage."""
    context = browser.new_context(base_url=stage[0], viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    context.on("page", complaints.about)
    yield context
    context.close()


@pytest.fixture
def page(screen: BrowserContext) -> Page:
    return screen.new_page()


@pytest.fixture(scope="session")
def firm(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Firm]:
    """The small company on the real application. Tests share it: each changes only records of its own making."""
    made = Firm(tmp_path_factory.mktemp("firm"), sqlite_template)
    made.fill()
    with serving(made):
        yield made


@pytest.fixture(autouse=True)
def only_the_firms_own_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test made in the shared company is out of the way of the next one."""
    yield
    if "firm" in request.fixturenames:
        request.getfixturevalue("firm").tidy()


@dataclass
class Seat:
    """A browser profile of one person, kept for the whole run so that it need not fetch scripts and styles for each test anew."""

    context: BrowserContext
    cookies: list[Any]

    def page(self, complaints: Complaints) -> Page:
        page = self.context.new_page()
        complaints.about(page)
        return page

    def tidy(self) -> None:
        """Nothing of one test stays for the next: neither pages nor what a page has remembered."""
        for page in self.context.pages:
            page.evaluate("localStorage.clear()")
            page.close()
        self.context.clear_cookies()
        self.context.add_cookies(self.cookies)


@pytest.fixture(scope="session")
def seats(browser: Browser) -> Iterator[Callable[..., Seat]]:
    """`seats(firm, "Olena", language, width, theme)`: signed in once, whatever the number of tests."""
    kept: dict[tuple[Any, ...], Seat] = {}

    def sign_in(at: Firm, name: str, language: str, width: int, theme: Any) -> Seat:
        context = browser.new_context(
            base_url=at.address, viewport={"width": width, "height": 844 if width < 600 else 800}, color_scheme=theme, reduced_motion="reduce",
            locale="uk-UA" if language == "uk" else "en-GB", timezone_id="Europe/Kyiv", has_touch=width < 600,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"/sign-in?lang={language}")
        page.fill("[name=email]", f"{name.lower()}@firm.example")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.close()
        return Seat(context, context.cookies())

    def seat(at: Firm, *words: Any) -> Seat:
        key = (at.address, *words)
        if key not in kept:
            kept[key] = sign_in(at, *words)
        return kept[key]

    yield seat
    for one in kept.values():
        one.context.close()


@pytest.fixture
def desk(firm: Firm, seats: Callable[..., Seat], complaints: Complaints) -> Iterator[Desk]:
    """`desk("Olena")`: a page of somebody who is signed in and reads English; `language="uk"`, `width=390`, `theme="dark"`, `at` another firm."""
    taken: list[Seat] = []

    def sit_down(name: str = "Olena", *, language: str = "en", width: int = 1280, theme: str = "light", at: Firm | None = None) -> Page:
        taken.append(seats(at or firm, name, language, width, theme))
        return taken[-1].page(complaints)

    yield sit_down
    for seat in taken:
        seat.tidy()
