"""People who work at a steady pace over real sockets, and what each of their answers was."""

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import count
from typing import Any
from urllib.parse import urlencode

PATIENCE = 30.0  # seconds that an answer may take before it counts as none


@dataclass(frozen=True)
class Answer:
    """One answer; `status` is 0 where there was none, `moment` and `seconds` are of the monotonic clock."""

    path: str
    status: int
    body: str
    moment: float
    seconds: float


@dataclass
class Browser:
    """One person's browser: one connection that is kept, cookies, the token for forms."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    line: http.client.HTTPConnection | None = None

    def sign_in(self, email: str, password: str) -> "Browser":
        """Raises AssertionError when the two are refused."""
        self._remember_token(self.get("/sign-in"))
        answer = self.post("/sign-in", {"email": email, "password": password})
        assert answer.status in (302, 303), answer
        self._remember_token(self.get("/account/"))
        return self

    def another(self) -> "Browser":
        """A second connection of the same person."""
        return Browser(self.port, dict(self.cookies), self.token)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, values: dict[str, Any]) -> Answer:
        return self._ask("POST", path, urlencode({**values, "csrf_token": self.token}, doseq=True))

    def _remember_token(self, answer: Answer) -> None:
        found = re.search(r'name="csrf[-_]token" (?:content|value)="([^"]+)"', answer.body)
        assert found, f"{answer.path} has no token for forms"
        self.token = found[1]

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        began = time.monotonic()
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Accept-Language": "uk"}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{self.port}"}
        try:
            if self.line is None:
                self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            self.line.request(method, path, body, headers)
            answer = self.line.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as fault:
            self.line = None
            return Answer(path, 0, repr(fault), began, time.monotonic() - began)
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.cookies |= {key: morsel.value for key, morsel in SimpleCookie(value).items()}
        return Answer(path, answer.status, text, began, time.monotonic() - began)


Ask = Callable[[Browser], Answer]


@dataclass
class Crowd:
    """Browsers that together ask `rate` times a second, each question when its moment has come, however long the ones before it took."""

    browsers: list[Browser]
    rate: float
    questions: Callable[[int], Ask]
    late: float = 0.0  # the most seconds that a question was put after its moment
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Crowd":
        numbers, lock, began = count(), threading.Lock(), time.monotonic()
        self._threads = [threading.Thread(target=self._work, args=(browser, numbers, lock, began)) for browser in self.browsers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _work(self, browser: Browser, numbers: Iterator[int], lock: threading.Lock, began: float) -> None:
        while not self._ended.is_set():
            with lock:
                number = next(numbers)
            due = began + number / self.rate
            if (pause := due - time.monotonic()) > 0:
                time.sleep(pause)
            self.late = max(self.late, time.monotonic() - due)
            self.questions(number)(browser)


def version_of(answer: Answer) -> int:
    """The configuration that `/health` says is in force."""
    return int(json.loads(answer.body)["configuration"])
