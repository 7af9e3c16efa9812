"""What a page is still waiting for: Playwright's own "networkidle" always waits half a second more."""

from weakref import WeakKeyDictionary

from playwright.sync_api import Page, Request

MOMENT = 40  # milliseconds in which an answer is put into the page and asks for the next one
_waiting: WeakKeyDictionary[Page, set[Request]] = WeakKeyDictionary()


def watch(page: Page) -> bool:
    """Keeps the requests of a page that have no answer yet, from now on; whether that is new for this page."""
    if page in _waiting:
        _waiting[page].clear()
        return False
    waiting = _waiting[page] = set()

    def asked(request: Request) -> None:
        waiting.add(request)

    def answered(request: Request) -> None:
        waiting.discard(request)

    page.on("request", asked)
    page.on("requestfinished", answered)
    page.on("requestfailed", answered)
    return True


def quiet(page: Page, *, held: int = 0) -> None:
    """Until every request but those `held` back has been answered and no answer has led to another."""
    still = 0
    while still < 2:
        page.wait_for_timeout(MOMENT)
        still = 0 if len(_waiting[page]) > held else still + 1
