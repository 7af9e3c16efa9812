"""Pictures of the screens for README and docs: a demo company of its own is started, looked at in Chromium and thrown away.

They land in docs/screenshots as <screen>-<width>[-dark][-en].png: those that a page shows. `python tools/screenshots.py deals account` takes these
screens in every look.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright

import register_screens
from chromium import command, find
from register_screens import at, settle

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
PASSWORD = "screens-of-the-demo-company"
PERSON = "head@demo.example"
SIZES = {1280: (800, 1), 390: (844, 2)}  # width: height, device pixels per pixel
LOOKS = ((1280, "light", "uk"), (390, "light", "uk"), (1280, "dark", "uk"), (390, "dark", "uk"), (1280, "light", "en"), (390, "light", "en"))
PATIENCE = 240
OPEN_THIS_QUARTER = {"all": [{"field": "stage.kind", "op": "eq", "value": "open"}, {"field": "expected_on", "op": "within", "value": "this_quarter"}]}
FILTERED = f"/deal/?{urlencode({'where': json.dumps(OPEN_THIS_QUARTER), 'sort': '-amount'})}"


def first_record(entity: str, query: str = "", end: str = "") -> Callable[[Page], None]:
    """Opens the first record of a list, or the page `end` below it."""
    def look(page: Page) -> None:
        settle(page, f"/{entity}/?{query}")
        row = page.locator("[data-list] [data-id]").first.get_attribute("data-id")
        settle(page, f"/{entity}/{row}/{end}")
    return look


def drawer(page: Page) -> None:
    settle(page, FILTERED)
    page.locator("[data-list] a[data-drawer]").nth(1).click()
    page.wait_for_selector(".b-stages")
    page.wait_for_load_state("networkidle")


def bring(page: Page) -> None:
    """A spreadsheet of somebody's own: two companies that are there with another town, three new ones, a word that nobody knows."""
    settle(page, "/account/?sort=name")
    names = [cell.inner_text().split("\n")[0].strip() for cell in page.locator("[data-list] tbody tr a[data-drawer]").all()[:2]]
    rows = [
        ("Клієнт", "Тел.", "Місто", "К-сть працівників", "Сектор", "Оборот, тис. грн"),
        (names[0], "050 114 22 08", "Чернівці", "45", "Логістика", "12 500"),
        (names[1], "044 279 10 14", "Ужгород", "310", "Сільське господарство", "86 200,5"),
        ("Млин над Тясмином", "0472 33 18 90", "Черкаси", "64", "Харчова промисловість", "31 000"),
        ("Два ключі", "032 244 60 71", "Львів", "18", "Послуги", "4 150"),
        ("Степова верф", "0512 58 47 20", "Миколаїв", "220", "Суднобудування", "140 000"),
    ]
    text = "\n".join(";".join(row) for row in rows)
    settle(page, "/account/import/")
    page.set_input_files("input[name=file]", {"name": "Клієнти 2026.csv", "mimeType": "text/csv", "buffer": text.encode("cp1251")})
    page.locator("form[data-upload] button[type=submit]").click()
    page.wait_for_selector("[data-tabs]")
    page.evaluate("document.fonts.ready")


def palette(page: Page) -> None:
    settle(page, "/deal/")
    page.keyboard.press("Control+k")
    page.keyboard.type("аг")
    page.wait_for_timeout(600)


def keys(page: Page) -> None:
    settle(page, "/deal/")
    page.keyboard.press("?")


SCREENS: dict[str, Callable[[Page], None]] = {
    "sign-in": at("/sign-in"),
    "home": at("/"),
    "deals": at("/deal/?sort=-amount"),
    "deals-filtered": at(FILTERED),
    "drawer": drawer,
    "deal": first_record("deal", "sort=-amount"),
    "account": first_record("account"),
    "deal-form": first_record("deal", "sort=-amount", "edit/"),
    "accounts": at("/account/"),
    "board": at("/board/deal?sort=-amount"),
    "funnel": at("/report/funnel?pipeline=sales"),
    "scorecard": at("/report/manager_scorecard?by=owner"),
    "forecast": at("/report/forecast?by=owner&period=this_quarter"),
    "win-rate": at("/report/win_rate?by=owner"),
    "import": bring,
    "profile": at("/profile/"),
    "palette": palette,
    "keys": keys,
    "not-found": at("/deal/999999999/"),
}


# Who looks at which screens.
PEOPLE = {PERSON: SCREENS, register_screens.ADMINISTRATOR: register_screens.SCREENS}


@contextmanager
def company() -> Iterator[str]:
    """The address of a running demo company, with a register of its own; it and its folder are gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="brama-screens-") as folder:
        given = {"INSTANCE": folder, "PORT": str(port), "WORKERS": "1", "DEMO": "1", "DEMO_PASSWORD": PASSWORD}
        environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "SECRET_KEY", "PUBLIC_URL")} | given
        flask = Path(sys.executable).with_name("flask")
        server = subprocess.Popen([flask, "serve"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            wait(server, f"{address}/health")
            register_screens.lay_out(flask, ROOT, environment, Path(folder))
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


def wait(server: "subprocess.Popen[bytes]", url: str) -> None:
    """Until the server answers. Ends the program when it never does."""
    for _ in range(PATIENCE * 2):
        if server.poll() is not None:
            sys.exit("The demo company did not start; what went wrong stands above.")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    sys.exit(f"The demo company did not answer within {PATIENCE} seconds.")


def file_name(screen: str, width: int, theme: str, language: str) -> str:
    return f"{screen}-{width}{'-dark' if theme == 'dark' else ''}{'-en' if language == 'en' else ''}.png"


def shown() -> set[str]:
    """The pictures that README and docs show."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    return {name for page in pages for name in re.findall(r"screenshots/([\w-]+\.png)", page.read_text("utf-8"))}


def take(browser: Browser, address: str, wanted: set[str]) -> int:
    """Takes the pictures of these names; returns how many could not be taken."""
    missed = 0
    for (width, theme, language), (person, screens) in product(LOOKS, PEOPLE.items()):
        chosen = {name: look for name, look in screens.items() if file_name(name, width, theme, language) in wanted}
        if not chosen:
            continue
        height, scale = SIZES[width]
        context = browser.new_context(
            base_url=address, viewport={"width": width, "height": height}, device_scale_factor=scale, color_scheme=theme,  # type: ignore[arg-type]  # "light" or "dark"
            locale="uk-UA" if language == "uk" else "en-GB", timezone_id="Europe/Kyiv", reduced_motion="reduce", has_touch=width < 600,
        )
        page = context.new_page()
        settle(page, f"/sign-in?lang={language}")
        for name, look in chosen.items():
            if name != "sign-in" and "/sign-in" in page.url:
                sign_in(page, person, language)
            try:
                look(page)
            except Exception as fault:
                missed += 1
                print(f"{name}, {width} px, {theme}: {str(fault).splitlines()[0]}", file=sys.stderr)
                continue
            page.screenshot(path=TARGET / file_name(name, width, theme, language))
        context.close()
    return missed


def sign_in(page: Page, person: str, language: str) -> None:
    page.fill("[name=email]", person)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    settle(page, f"/?lang={language}")


def main(names: list[str]) -> int:
    known = [name for screens in PEOPLE.values() for name in screens]
    unknown = set(names) - set(known)
    if unknown:
        print(f"No such screen: {', '.join(sorted(unknown))}. There are: {', '.join(known)}", file=sys.stderr)
        return 2
    path = find()
    if path is None:
        print(f"No Chromium was found: {command()}", file=sys.stderr)
        return 1
    TARGET.mkdir(parents=True, exist_ok=True)
    with company() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        missed = take(browser, address, {file_name(name, *look) for name in names for look in LOOKS} if names else shown())
        browser.close()
    print(f"Pictures are in {TARGET.relative_to(ROOT)}" + (f"; {missed} could not be taken" if missed else ""))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
