"""The pictures of the walk through a register of one's own: what is in force before they are taken, and how each screen is come by.

The register is made as a file makes it; its own forms are filled in by clicking, as whoever follows the walk does.
"""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Page

ADMINISTRATOR = "admin@demo.example"
FILE = """
entities:
  tender:
    label: {uk: Тендер, en: Tender}
    plural: {uk: Тендери, en: Tenders}
    area: sales
    icon: trophy
    fields:
      customer: {type: reference, to: account, required: true, label: {uk: Замовник, en: Customer}}
      budget: {type: money, class: open, label: {uk: Бюджет, en: Budget}}
      opens_on: {type: date, class: open, indexed: true, label: {uk: Відкриття, en: Opens on}}
      result:
        type: picklist
        class: open
        label: {uk: Підсумок, en: Result}
        options:
          - {key: prepared, label: {uk: Готується, en: Prepared}, colour: blue}
          - {key: won, label: {uk: Виграно, en: Won}, colour: green}
          - {key: lost, label: {uk: Програно, en: Lost}, colour: red}
      fee: {type: formula, formula: "budget * 0.02", class: open, label: {uk: Внесок, en: Fee}}
      terms: {type: file, class: open, label: {uk: Умови, en: Terms}}
"""
RECORDS = (
    ("Насосна станція, черга 2", "prepared", "1840000", "2026-12-14"), ("Котли для лікарні", "won", "960500", "2026-10-02"),
    ("Освітлення площі", "prepared", "412300", "2027-01-20"), ("Кабель для метро", "lost", "3275000", "2026-09-11"),
    ("Генератори для шкіл", "won", "1128000", "2026-11-05"), ("Вентиляція басейну", "prepared", "655400", "2026-12-28"),
)


def lay_out(flask: Path, root: Path, environment: Mapping[str, str], folder: Path) -> None:
    """Puts the register in force in a running company, with some records. Raises CalledProcessError when a command refuses."""
    def run(*words: str) -> str:
        return subprocess.run([flask, *words], cwd=root, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    (folder / "tender.yaml").write_text(FILE, "utf-8")
    run("config", "apply", str(folder / "tender.yaml"))
    exported = run("data", "export", "account", "--format", "jsonl", "--fields", "code", "--sort", "code")
    customers = [json.loads(line)["code"] for line in exported.splitlines()[: len(RECORDS)]]
    rows = [
        {"name": name, "result": result, "budget": budget, "opens_on": day, "customer": customer}
        for (name, result, budget, day), customer in zip(RECORDS, customers, strict=True)
    ]
    (folder / "tenders.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    run("data", "import", "tender", str(folder / "tenders.jsonl"))


def at(url: str) -> Callable[[Page], None]:
    return lambda page: settle(page, url)


def settle(page: Page, url: str) -> None:
    page.goto(url, wait_until="networkidle")
    page.wait_for_function("!document.querySelector('.b-part[aria-busy]')")  # parts that come after their page
    page.evaluate("document.fonts.ready")


def field(page: Page) -> None:
    """A list of values in the making."""
    settle(page, "/configuration/tender/add/picklist/")
    page.fill("[name=label_uk]", "Майданчик")
    page.fill("[name=label_en]", "Marketplace")
    for place, (uk, en, colour) in enumerate((("Prozorro", "Prozorro", "blue"), ("Пряма заявка", "Direct request", "orange"))):
        if place:
            page.locator("button[value=opt-add]").click()
        page.fill(f"[name=opt-uk-{place}]", uk)
        page.fill(f"[name=opt-en-{place}]", en)
        page.select_option(f"[name=opt-colour-{place}]", colour)
    page.keyboard.press("Home")


def plan(page: Page) -> None:
    field(page)
    page.keyboard.press("Control+s")
    page.wait_for_selector(".b-plan")


def arranging(page: Page) -> None:
    settle(page, "/configuration/tender/layout/")
    page.wait_for_timeout(800)  # the preview comes after the page


SCREENS: dict[str, Callable[[Page], None]] = {
    "register-types": at("/configuration/tender/add/"),
    "register-field": field,
    "register-plan": plan,
    "register-fields": at("/configuration/tender/"),
    "register-layout": arranging,
    "register-list": at("/tender/?columns=name,customer,budget,fee,opens_on,result&sort=opens_on"),
    "register-board": at("/board/tender?by=result&sum=budget"),
    "register-report": at("/report/records?entity=tender&by=result&measure=count,sum:budget"),
}
