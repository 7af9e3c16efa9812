"""A browser for tests of screens: the system's Chromium, or the sentence that says how to install one."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from tools.chromium import command, find
from tests.browser.stage import Person, State, make_stage


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
    server = make_server("127.0.0.1", 0, make_stage(state), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def state(stage: tuple[str, State]) -> State:
    found = stage[1]
    found.person = Person(7, "Oksana Melnyk")
    found.posted.clear()
    return found


@pytest.fixture
def screen(browser: Browser, stage: tuple[str, State], state: State) -> Iterator[BrowserContext]:
    """A fresh browser profile of 1280 × 800 whose pages complain about every script error and broken policy."""
    context = browser.new_context(base_url=stage[0], viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(5000)
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("console", lambda message: complaints.append(message.text) if "Security Policy" in message.text else None)
    yield context
    context.close()
    assert complaints == []


@pytest.fixture
def page(screen: BrowserContext) -> Page:
    return screen.new_page()
