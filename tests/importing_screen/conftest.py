"""The company of the form tests, its people signed in, and hands that work the import screen as a browser does."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from crm.backoffice.job_queue import dispatch, execute
from tests.kit_forms.conftest import browser, furnish, house
from tests.kit_forms.house import Browser, House

__all__ = ["browser", "furnish", "house"]
BOUNDARY = "a-boundary-that-stands-in-no-file"


class _Form(HTMLParser):
    """The controls of the form with a given id, those outside it that name it too left out."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.inside, self.values = form_id, False, MultiDict[str, str]()
        self.select: str | None = None
        self.first: str | None = None
        self.chosen = False
        self.multiple = False
        self.area: str | None = None
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = at.get("id") == self.form_id
        if not self.inside:
            return
        if tag == "input" and at.get("name") and at.get("type") not in ("checkbox", "file", "submit"):
            self.values.add(at["name"], at.get("value", ""))
        elif tag == "select":
            self.select, self.first, self.chosen, self.multiple = at.get("name"), None, False, "multiple" in at
        elif tag == "option" and self.select:
            self.first = at.get("value", "") if self.first is None else self.first
            if "selected" in at:
                self.values.add(self.select, at.get("value", ""))
                self.chosen = True
        elif tag == "textarea":
            self.area, self.text = at.get("name"), ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        if tag == "select" and self.select:
            if not self.chosen and not self.multiple and self.first is not None:
                self.values.add(self.select, self.first)
            self.select = None
        if tag == "textarea" and self.area:
            self.values.add(self.area, self.text.removeprefix("\n"))
            self.area = None


def multipart(values: dict[str, str], name: str, content: bytes) -> bytes:
    """A form with a file as a browser sends it. The test client would leave a large one in a temporary file that nobody closes."""
    parts = [f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}'.encode() for key, value in values.items()]
    parts.append(f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode() + content)
    return b"".join(b"--" + BOUNDARY.encode() + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + BOUNDARY.encode() + b"--\r\n"


@dataclass
class Desk:
    """One person at the import screen of one entity."""

    house: House
    browser: Browser
    entity: str
    url: str = ""
    page: str = ""
    status: int = 0
    columns: list[str] = field(default_factory=list)

    def bring(self, content: str | bytes, name: str = "rows.csv", mapping: str = "") -> "Desk":
        """Upload a file, and follow to its page."""
        raw = content.encode() if isinstance(content, str) else content
        body = multipart({"csrf_token": self.browser.token, "mapping": mapping}, name, raw)
        return self._to(self.browser.client.post(f"/{self.entity}/import/", data=body, content_type=f"multipart/form-data; boundary={BOUNDARY}"))

    def look(self) -> "Desk":
        return self._to(self.browser.get(self.url))

    def values(self) -> MultiDict[str, str]:
        """The mapping form as it stands on the page."""
        parser = _Form("import-form")
        parser.feed(self.page)
        return parser.values

    def target(self, column: str) -> str:
        """The field that a column fills on the page."""
        return self.values()[f"to-{self.number(column)}"]

    def how(self, column: str) -> str:
        """How the page says that a column is read."""
        found = re.search(rf'data-panel="{self.number(column)}"[^>]*>.*?<span>(.*?)</span>', self.page, re.S)
        return found[1] if found else ""

    def number(self, column: str) -> int:
        names = re.findall(r'<th scope="row" class="p1"><b class="b-strong">(.*?)</b>', self.page)
        return names.index(column)

    def send(self, step: str = "try", **changes: Any) -> "Desk":
        """Post the form with some of its values changed (lists for several), by name or as `column__part`: `city__to="name"`."""
        values = self.values()
        for name, value in changes.items():
            column, _, part = name.rpartition("__")
            key = f"{part}-{self.number(column)}" if column else name
            values.setlist(key, value if isinstance(value, list) else [value])
        values["step"] = step
        return self._to(self.browser.client.post(self.url, data=values))

    def run(self, *, partial: bool = False) -> "Desk":
        data = {"csrf_token": self.browser.token, **({"partial": "1"} if partial else {})}
        return self._to(self.browser.client.post(f"{self.url}run", data=data))

    def numbers(self) -> tuple[int, ...]:
        """New, changed, unchanged, failed, as the page says."""
        facts = re.search(r'<dl class="b-facts b-facts-4">(.*?)</dl>', self.page, re.S)
        assert facts, self.page[-3000:]
        return tuple(int(re.sub(r"\D", "", text)) for text in re.findall(r"<dd[^>]*>([^<]*)</dd>", facts[1]))

    def fault(self) -> str:
        found = re.search(r'id="import-fault"[^>]*>\s*<p class="b-notice is-error">.*?<span>(.*?)</span>', self.page, re.S)
        return found[1] if found else ""

    def reasons(self) -> list[str]:
        found = re.findall(r'<b class="b-strong b-grow b-lost">.*?</svg>\s*(.*?)</b>', self.page, re.S)
        return [text.strip() for text in found]

    def _to(self, answer: TestResponse) -> "Desk":
        if answer.status_code in (302, 303):
            self.url = answer.headers["Location"]
            answer = self.browser.get(self.url)
        self.page, self.status = answer.get_data(as_text=True), answer.status_code
        return self


@pytest.fixture
def desk(house: House, browser: Callable[..., Browser]) -> Callable[..., Desk]:
    """`desk("Olena", "account")`: at the import screen, reading English."""
    return lambda name, entity="account", language="en": Desk(house, browser(name, language), entity)


@pytest.fixture
def work(house: House) -> Callable[[], int]:
    """Does the jobs that wait, as the worker does; how many."""

    def do() -> int:
        handed: list[int] = []
        dispatch(house.engine, handed.append)
        runtime = house.app.extensions["brama"]
        for job in handed:
            execute(house.engine, runtime.settings, runtime.refresh(), job)
        return len(handed)

    return do
