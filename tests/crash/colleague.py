"""Another person at work: signed in over HTTP, saving a record every moment, and taking note of how long each save kept her waiting."""

import http.cookiejar
import json
import re
import threading
import time
import traceback
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from random import Random
from typing import Any

EMAIL, PASSWORD, NAME = "olha@firm.example", "seven quiet storks", "Ольга Колега"
PATIENCE = 60.0
PAUSES = (0.1, 0.6)


@dataclass
class Colleague:
    """Saves until told to stop. `waits` are seconds, one a save; `kept` is what she was told is saved: (entity, id) → field and value."""

    address: str
    rng: Random
    waits: list[float] = field(default_factory=list)
    kept: dict[tuple[str, int], tuple[str, str]] = field(default_factory=dict)
    saves: int = 0
    fault: str = ""

    def __post_init__(self) -> None:
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())).open
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="colleague", daemon=True)
        self._token = ""

    def start(self) -> None:
        self._token = _token(self._get("/sign-in"))
        self._post("/sign-in", {"email": EMAIL, "password": PASSWORD})
        page = self._get("/deal/")
        if EMAIL not in page and NAME not in page:
            raise RuntimeError("the colleague cannot sign in")
        self._token = _token(page)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(PATIENCE)

    def _work(self) -> None:
        try:
            while not self._over.wait(self.rng.uniform(*PAUSES)):
                began = time.monotonic()
                self._save()
                self.waits.append(time.monotonic() - began)
        except Exception:
            self.fault = traceback.format_exc()

    def _save(self) -> None:
        self.saves += 1
        text = f"Колега {self.saves}"
        mine = sorted(self.kept)
        entity = self.rng.choice(("account", "deal"))
        if len(mine) < 2 or self.rng.random() < 0.3:
            made = json.loads(self._post(f"/{entity}/new/?drawer=1", {"name": text}))
            self.kept[entity, made["id"]] = ("name", text)
            return
        place = self.rng.choice(mine)
        self._post(f"/{place[0]}/{place[1]}/cell/name", {"value": text})
        self.kept[place] = ("name", text)

    def _get(self, path: str) -> str:
        return str(self._open(self.address + path, timeout=PATIENCE).read().decode())

    def _post(self, path: str, values: dict[str, Any]) -> str:
        """Raises HTTPError when what was sent is not accepted."""
        body = urllib.parse.urlencode({**values, "csrf_token": self._token}).encode()
        request = urllib.request.Request(self.address + path, body, {"Origin": self.address, "Accept": "application/json"})
        return str(self._open(request, timeout=PATIENCE).read().decode())


def _token(page: str) -> str:
    found = re.search(r'name="csrf[-_]token" (?:content|value)="([^"]+)"', page)
    if found is None:
        raise RuntimeError("the page has no token for forms")
    return found[1]
