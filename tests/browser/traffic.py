"""What a page is still waiting for: Playwright's own "networkidle" always waits half a second more."""

from weakref import WeakKeyDictionary

from playwright.sync_api import Page

MOMENT = 40  # milliseconds in which an answer is put into the page and asks for the next one


class Traffic:
    """The requests of one page that have no answer yet."""

    def __init__(self) -> None:
        self.waiting = 0

    def asked(self, _: object) -> None:
        self.waiting += 1

    def answered(self, _: object) -> None:
        self.waiting -= 1


_traffic: WeakKeyDictionary[Page, Traffic] = WeakKeyDictionary()


def watch(page: Page) -> None:
    """Counts the requests of a page that has not loaded anything yet."""
    traffic = _traffic[page] = Traffic()
    page.on("request", traffic.asked)
    page.on("requestfinished", traffic.answered)
    page.on("requestfailed", traffic.answered)


def quiet(page: Page, *, held: int = 0) -> None:
    """Until every request but those `held` back has been answered and no answer has led to another."""
    still = 0
    while still < 2:
        page.wait_for_timeout(MOMENT)
        still = 0 if _traffic[page].waiting > held else still + 1
