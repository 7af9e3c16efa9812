"""A reader who walks through the screens and listens to what they say."""

import json
import re
from collections import Counter, deque
from collections.abc import Collection
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import ROOT
from tests.crawl.conftest import House
from tests.crawl.markup import Page, Said, spoken_in

ICONS = frozenset(line.strip() for line in (ROOT / "static" / "icons.txt").read_text().splitlines() if not line.startswith("#"))
A_FORM = 1  # pages of one form (the same address but for numbers and values) that are opened beyond the menu
OF_ENTITIES = 2  # the same of screens that are drawn alike for every entity
OF_RECORDS = 3  # the same of what is behind lists and cards of all entities: journals, sorted lists
ALIKE = re.compile(r"(/(?:configuration|board)/|/)([a-z_]+)")
OWN = re.compile(r"/[a-z_]+/(?:new/|N/|N/edit/)?")  # a list, a form, a card: in words of the entity
WORDED = re.compile(r"[?&](?:lang|in)=")  # an address that says in which language it answers, whoever asks
PAGING = frozenset({"sort", "size", "after", "before"})
# Whatever three of them are chosen at once, it is one form.
CHOICES = frozenset({"by", "columns", "from", "group", "kinds", "place_role", "sum", "tab", "unread", "week", "where"})


def shape(url: str, entities: Collection[str]) -> tuple[str, int]:
    """An address without what differs from record to record, from page to page and between screens that are alike, and how many of them are opened."""
    parts = urlsplit(url)
    names = {k for k, _ in parse_qsl(parts.query)}
    if len(names & CHOICES) > 2:
        names = names - CHOICES | {"several"}
    path = re.sub(r"\d+", "N", parts.path)
    if path.endswith("/new/") and len(names) == 1:
        names = {"filled"}
    alike, most = ALIKE.match(path), A_FORM
    if alike and alike[2] in entities and (alike[1] != "/" or names or not OWN.fullmatch(path)):
        path, most = ALIKE.sub(r"\1E", path, count=1), OF_RECORDS if alike[1] == "/" else OF_ENTITIES
    return path + "?" + "&".join(sorted(names - PAGING or {"page" for _ in names & PAGING})), most


def inside(base: str, link: str) -> str | None:
    """The address that `link` on the page `base` leads to; None when it leads out or nowhere."""
    plain = link[:1] == "/" != link[1:2]  # as almost all are: the same on every page
    url = link.partition("#")[0] if plain else urldefrag(urljoin(base, link)).url
    return None if (not plain and urlsplit(url).netloc) or url.startswith(("mailto:", "tel:", "/static/")) or WORDED.search(url) else url


class Crawl:
    """One reader's walk: menu first, then links, `A_FORM` of each form of address."""

    def __init__(self, client: FlaskClient, language: str, house: House) -> None:
        self.client, self.language, self.house = client, language, house
        self.seen: Counter[str] = Counter()
        self.faults: dict[str, str] = {}  # what is wrong, and the first page where it was met
        self.statuses: dict[str, int] = {}
        self.menu: list[str] = []

    def walk(self, *, further: bool = True) -> None:
        """The menu, and all that it leads `further` to."""
        home = self.look("/")
        self.menu = [url for link in home.links if (url := inside("/", link))] if home else []
        waiting = deque(self.menu)
        done: set[str] = {"/"}
        always = set(self.menu)
        while waiting:
            url = waiting.popleft()
            form, most = shape(url, self.house.catalog.entities)
            if url in done or (url not in always and self.seen[form] >= most):
                continue
            done.add(url)
            self.seen[form] += 1
            page = self.look(url)
            waiting.extend(found for link in (dict.fromkeys(page.links) if page and further else ()) if (found := inside(url, link)) and found not in done)

    def look(self, url: str, allowed: tuple[int, ...] = (200, 302, 303)) -> Page | None:
        """Open a page; what is wrong with it goes to `faults`."""
        answer = self.client.get(url)
        self.statuses[url] = answer.status_code
        if answer.status_code not in allowed:
            self.faults[f"answers {answer.status_code}"] = url
            return None
        said, page = listen(answer, self.language)
        if page and page.document_language not in ("", self.language):
            self.faults[f"is in {page.document_language}"] = url
        for name in sorted(page.icons - ICONS) if page else ():
            self.faults[f"has no drawing of “{name}”"] = url
        self.hear(said, url)
        return page

    def hear(self, said: list[Said], url: str) -> None:
        for one in said:
            left = self.house.known.foreign(one.text, self.language, url)
            if left:
                self.faults.setdefault(f"{one.place} {one.text[:160]!r} ({', '.join(left[:5])})", url)

    def found(self) -> str:
        return "\n".join(f"{fault} at {url}" for fault, url in self.faults.items())


def listen(answer: TestResponse, language: str) -> tuple[list[Said], Page | None]:
    """What an answer says, whatever its form."""
    body = answer.get_data(as_text=True)
    toast = [Said(json.loads(trigger)["toast"]["text"], "toast") for trigger in [answer.headers.get("HX-Trigger", "")] if '"toast"' in trigger]
    if answer.mimetype == "application/json":
        return toast + [Said(text, "JSON") for text in spoken_in(json.loads(body))], None
    if answer.mimetype == "text/plain":
        return [*toast, Said(body, "text")], None
    page = Page(body, language)
    return toast + page.said, page
