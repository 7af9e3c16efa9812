"""A browser for tests of screens: the system's Chromium, or the sentence that says how to install one; one of each server a run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, ViewportSize, expect, sync_playwright

from tests.browser.accessibility import PICTURES
from tests.browser.firm import Firm, serving
from tests.browser.server import served
from tests.browser.stage import Person, State, make_stage
from tests.browser.traffic import watch
from tests.signing_in import signed_in
from tools.chromium import command, find

PATIENCE = 20_000  # milliseconds: a busy machine is no fault of the screen
# Where a page waits for the next test: a text of the same server. For about:blank the browser ends the page's process, and the next test pays for
# a new one, which reads and compiles every script and style anew: a quarter of a second of processor a test.
NOTHING = "/static/icons.txt"
# No memory for pixels, so none are drawn: nobody looks at them; styles and places are worked out all the same, and loading a page takes the processor
# a quarter less.
BLIND = "--force-gpu-mem-available-mb=0"
# No page lives long enough for the last compiler of its scripts to pay: axe-core is through a tenth sooner without it.
SHORT_LIVED = "--js-flags=--no-turbofan"
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
        args = ["--no-sandbox", "--disable-dev-shm-usage", SHORT_LIVED, *([] if PICTURES else [BLIND])]
        opened = play.chromium.launch(executable_path=path, args=args)
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
        self.listening: list[tuple[Page, str, Callable[..., None]]] = []

    def about(self, page: Page) -> None:
        for event, hear in (("pageerror", lambda error: self.heard.append(f"{page.url}: {error}")), ("console", lambda message: self._hear(page, message))):
            Page.on(page, event, hear)
            self.listening.append((page, event, hear))

    def _hear(self, page: Page, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(REFUSED_ANSWER):
            self.heard.append(f"{page.url}: {message.text}")

    def stop(self) -> None:
        """Before pages are left: what they were still asking for fails then, and that is no fault."""
        while self.listening:
            page, event, hear = self.listening.pop()
            page.remove_listener(event, hear)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    found = Complaints()
    yield found
    assert found.heard == []


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


def _no_longer_than_a_test(*_: Any, **__: Any) -> None:
    raise AssertionError("The next test gets this page too: ask for one of your own, desk(alone=True), or listen once")


def _left(page: Page) -> bool:
    """Whether the page could be left: where it is on its way elsewhere it may not."""
    try:
        page.goto(NOTHING)
    except Error:
        return False
    return True


@dataclass
class Seat:
    """A browser profile of one person, kept for the whole run, and one page of it: in a new one every script and style is read and compiled anew,
    which is more work than most tests are."""

    context: BrowserContext
    cookies: list[Any]
    size: ViewportSize
    theme: Literal["light", "dark"]
    kept: Page | None = None
    taken: bool = False

    def __post_init__(self) -> None:
        watch(self.context)
        self.context.add_init_script("window.print = () => {}")  # the browser's own dialog would wait for somebody

    def page(self, complaints: Complaints, *, alone: bool = False) -> Page:
        if alone or self.taken:
            page = self.context.new_page()
            complaints.about(page)
            return page
        self.taken = True
        if self.kept is None or self.kept.is_closed():
            self.kept = self.context.new_page()
        complaints.about(self.kept)
        self.kept.on = self.kept.route = _no_longer_than_a_test  # type: ignore[method-assign]
        return self.kept

    def tidy(self) -> None:
        """Nothing of one test stays for the next: neither other pages, nor what a page has remembered, nor how it was looked at."""
        self.taken = False
        for page in self.context.pages:
            if page.url != "about:blank":
                page.evaluate("localStorage.clear(), sessionStorage.clear()")
            if page is not self.kept or not _left(page):
                page.close()
                continue
            page.set_viewport_size(self.size)
            page.emulate_media(media="null", color_scheme=self.theme, reduced_motion="reduce")
            page.mouse.move(0, 0)
        self.context.clear_cookies()
        self.context.add_cookies(self.cookies)


@pytest.fixture(scope="session")
def stranger(browser: Browser, stage: tuple[str, State]) -> Iterator[Seat]:
    """Whoever is at the stage."""
    size: ViewportSize = {"width": 1280, "height": 800}
    context = browser.new_context(base_url=stage[0], viewport=size, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield Seat(context, [], size, "light")
    context.close()


@pytest.fixture
def page(stranger: Seat, state: State, complaints: Complaints) -> Iterator[Page]:
    """A page of 1280 × 800 on the stage that remembers nothing."""
    yield stranger.page(complaints)
    complaints.stop()
    stranger.tidy()


@pytest.fixture(scope="session")
def seats(browser: Browser) -> Iterator[Callable[..., Seat]]:
    """`seats(firm, "Olena", language, width, theme)`: signed in once, whatever the number of tests. Those of a firm that has closed go."""
    kept: dict[tuple[Any, ...], Seat] = {}

    def sign_in(at: Firm, name: str, language: str, width: int, theme: Any) -> Seat:
        size: ViewportSize = {"width": width, "height": 844 if width < 600 else 800}
        context = browser.new_context(
            base_url=at.address, viewport=size, color_scheme=theme, reduced_motion="reduce",
            locale="uk-UA" if language == "uk" else "en-GB", timezone_id="Europe/Kyiv", has_touch=width < 600,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(PATIENCE)
        client, _ = signed_in(at.app, f"{name.lower()}@firm.example", language)
        cookie = client.get_cookie(at.app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        cookies = [{"name": cookie.key, "value": cookie.value, "url": at.address, "httpOnly": True, "sameSite": "Lax"}]
        context.add_cookies(cookies)  # type: ignore[arg-type]  # as the library documents it
        return Seat(context, cookies, size, theme)

    def seat(at: Firm, *words: Any) -> Seat:
        if (at, *words) not in kept:
            for gone in [key for key in kept if not key[0].address]:
                kept.pop(gone).context.close()
            kept[at, *words] = sign_in(at, *words)
        return kept[at, *words]

    yield seat
    for one in kept.values():
        one.context.close()


@pytest.fixture
def desk(firm: Firm, seats: Callable[..., Seat], complaints: Complaints) -> Iterator[Desk]:
    """`desk("Olena")`: a page of somebody who is signed in and reads English; `language="uk"`, `width=390`, `theme="dark"`, `at` another firm;
    `alone`: of this test only, where it listens to the page or holds back what the page asks for."""
    taken: list[Seat] = []

    def sit_down(
        name: str = "Olena", *, language: str = "en", width: int = 1280, theme: str = "light", at: Firm | None = None, alone: bool = False,
    ) -> Page:
        taken.append(seats(at or firm, name, language, width, theme))
        return taken[-1].page(complaints, alone=alone)

    yield sit_down
    complaints.stop()
    for seat in taken:
        seat.tidy()
