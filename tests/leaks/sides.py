"""The two installations that are asked the same, under one clock and one chance, so that even tokens and moments must be equal."""

import io
import re
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from config import Settings
from crm.application import create_app
from crm.backoffice import outbox
from crm.permissions import access_for
from tests.leaks.world import PASSWORD, email

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """What came back, whatever was asked: status or exit code, heads, body. `key` is the random name of what was made, when it was."""

    status: int
    body: bytes
    heads: tuple[tuple[str, str], ...] = ()
    key: str = ""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Side:
    """One installation, with a browser signed in as the person who looks."""

    app: Flask
    folder: Path
    role: str
    client: FlaskClient = field(init=False)
    token: str = ""
    visits: list[tuple[str, str, int]] = field(default_factory=list)  # method, path and status of every request

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    @property
    def engine(self) -> Engine:
        found: Engine = self.app.extensions["brama"].engine
        return found

    @property
    def catalog(self) -> Any:
        return self.app.extensions["brama"].catalog

    def me(self) -> int:
        """The number of the person who looks."""
        return self.app.extensions["leaks_me"]  # type: ignore[no-any-return]

    def access(self) -> Any:
        return access_for(self.engine, self.me(), self.catalog)

    def send(self, method: str, path: str, *, client: FlaskClient | None = None, **what: Any) -> Answer:
        """One request, as it is."""
        asking = client or self.client
        heads = dict(what.pop("headers", None) or {})
        if method == "POST" and client is None:
            heads.setdefault("X-CSRFToken", self.token)
        got = asking.open(path, method=method, headers=heads, **what)
        answer = Answer(got.status_code, timeless(got.get_data()), tuple(got.headers.items()))
        got.close()
        self.visits.append((method, path.partition("?")[0], answer.status))
        return answer

    def sign_in(self, client: FlaskClient | None = None, password: str = PASSWORD, who: str = "") -> Answer:
        """Signs a browser in as the person who looks."""
        asking = client or self.client
        token = self.token_of(self.send("GET", "/sign-in", client=asking))
        answer = self.send("POST", "/sign-in", client=asking, data={"email": who or email(self.role), "password": password, "csrf_token": token})
        if client is None:
            self.token = self.token_of(self.send("GET", "/profile/", client=asking))
        return answer

    @staticmethod
    def token_of(page: Answer) -> str:
        found = TOKEN.search(page.text)
        return found.group(1) if found else ""

    def command(self, *words: str, stdin: str | bytes = "") -> Answer:
        """A command of `flask …`: the exit code, what it wrote, and what it said."""
        done = self.app.test_cli_runner().invoke(args=list(words), input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Answer(done.exit_code, timeless(done.stdout_bytes), (("stderr", done.stderr),))

    def letters(self) -> list[Path]:
        """Sends what waits, and says which files it has become."""
        folder = self.folder / "instance" / "mail"
        before = set(folder.glob("*.eml"))
        with self.app.app_context():
            outbox.deliver(self.engine)
        return sorted(set(folder.glob("*.eml")) - before)

    def close(self) -> None:
        self.engine.dispose()


def open_side(folder: Path, url: str, role: str, me: int) -> Side:
    """An installation over the database at `url`. Both sides have the same key and call themselves alike."""
    shutil.rmtree(folder / "instance", ignore_errors=True)
    (folder / "instance").mkdir(parents=True)
    app = create_app(Settings(instance=folder / "instance", database_url=url, secret_key="one key for both sides of it", testing=True))
    app.extensions["leaks_me"] = me
    return Side(app, folder, role)


def timeless(body: bytes) -> bytes:
    """A workbook without the moments at which its parts were written, which the disk tells and not the clock; all else as it is."""
    if not body.startswith(b"PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        parts = [b"%s %d\n%s" % (i.filename.encode(), i.compress_size, book.read(i)) for i in book.infolist()]
    return b"%d\n%s" % (len(body), b"\n".join(parts))


def difference(one: Answer, other: Answer) -> str:
    """Where two answers part; "" when they are equal to the last byte."""
    if one == other:
        return ""
    if one.status != other.status:
        return f"status {one.status} and {other.status}"
    if one.heads != other.heads:
        for here, there in zip(one.heads, other.heads, strict=False):
            if here != there:
                return f"{here[0]}: {here[1][:200]!r} and {there[1][:200]!r}"
        return f"{len(one.heads)} and {len(other.heads)} heads"
    place = next((n for n, (a, b) in enumerate(zip(one.body, other.body, strict=False)) if a != b), min(len(one.body), len(other.body)))
    start = max(place - 60, 0)
    return f"byte {place} of {len(one.body)} and {len(other.body)}: {_around(one.body, start)} and {_around(other.body, start)}"


def _around(body: bytes, start: int) -> str:
    return repr(" ".join(body[start : start + 140].decode("utf-8", "replace").split()))
