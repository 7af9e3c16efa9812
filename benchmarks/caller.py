"""Requests straight into an application, without sockets and without a test client's own work."""

import io
import re
import sys
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from benchmarks.data import PASSWORD

ORIGIN = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Caller:
    """One browser of one application. Raises AssertionError for an answer that is none of 200, 302 and 303."""

    app: Any  # WSGI
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def get(self, path: str) -> Answer:
        return self._call("GET", path, b"")

    def post(self, path: str, values: dict[str, str]) -> Answer:
        return self._call("POST", path, urlencode({**values, **({"csrf_token": self.token} if self.token else {})}).encode())

    def sign_in(self, email: str) -> "Caller":
        """Into the product."""
        self._remember_token(self.get("/sign-in"))
        self.post("/sign-in", {"email": email, "password": PASSWORD})
        self._remember_token(self.get("/account/"))
        return self

    def _remember_token(self, answer: Answer) -> None:
        found = re.search(r'name="csrf[-_]token" (?:content|value)="([^"]+)"', answer.text)
        assert found, "the page has no token for forms"
        self.token = found[1]

    def _call(self, method: str, path: str, body: bytes) -> Answer:
        target, _, query = path.partition("?")
        given: list[Any] = []
        environ = {
            "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": target, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1:8000", "HTTP_ACCEPT_LANGUAGE": "uk", "REMOTE_ADDR": "127.0.0.1", "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": True,
            "wsgi.run_once": False, "HTTP_COOKIE": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
        }
        if method == "POST":
            environ |= {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body)), "HTTP_ORIGIN": ORIGIN}
            environ |= {"HTTP_ACCEPT": "application/json"}

        def start(status: str, headers: list[tuple[str, str]], _fault: Any = None) -> None:
            given[:] = [int(status[:3]), headers]

        pieces = self.app(environ, start)
        try:
            content = b"".join(pieces)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()
        status, headers = given
        assert status in (200, 302, 303), f"{method} {path}: {status} {content[:300]!r}"
        for name, value in headers:
            if name == "Set-Cookie":
                self.cookies |= {key: morsel.value for key, morsel in SimpleCookie(value).items()}
        return Answer(status, headers, content)
