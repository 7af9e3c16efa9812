"""The import screen: a file is brought, mapped by suggestions and by hand, tried, written, listed, taken back — step by step on both sides."""

import io
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import select

from crm.backoffice.entities import Entity
from crm.backoffice.exchange.related import related_of
from crm.backoffice.job_queue import execute
from crm.backoffice.jobs import TABLE
from tests.leaks.probes.commands import table_of
from tests.leaks.questions import Question, View, get, post, probe
from tests.leaks.sides import Answer, Side

SCREEN = "/<entity>/import/"
UPLOAD = SCREEN + "<key>/"
PAST = "/imports/<batch>/"
UPLOADS = tuple(UPLOAD + end for end in ("", "errors.csv", "forget", "form", "mapping.yaml", "rest.csv", "rows", "run", "state"))
BATCHES = tuple(PAST + end for end in ("", "errors.csv", "figures", "figures/state", "resume", "state", "undo"))
GOT = ("", "state", "mapping.yaml", "errors.csv", "rest.csv", "rows")
POSTED = ("", "form", "rows", "run", "forget")


class Controls(HTMLParser):
    """What the form of the mapping would post as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.select = False, ""
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self.inside = given.get("id") == "import-form"
        elif self.inside and tag == "input" and name and name != "csrf_token":
            self.found.append((name, given.get("value") or ""))
        elif self.inside and tag == "select":
            self.select = name
        elif self.inside and tag == "option" and self.select and "selected" in given:
            self.found.append((self.select, given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select":
            self.select = ""


def controls(page: str) -> dict[str, list[str]]:
    reader = Controls()
    reader.feed(page)
    found: dict[str, list[str]] = {}
    for name, value in reader.found:
        found.setdefault(name, []).append(value)
    return found


@probe(SCREEN, *UPLOADS, *BATCHES, "/imports/")
def screens(view: View, kind: Entity) -> Iterator[Question]:
    """Whole imports: of rows seen and unseen, matched by every field, with a mapping of one's own and without."""
    yield get(SCREEN, kind.key, f"/{kind.key}/import/")
    fields = [k for k, f in kind.fields.items() if not f.system and f.type != "many_to_many"]
    numbers = [*view.others(kind.key, 4), *view.unseen(kind.key, 2, gone=0)]
    rows = [view.oracle.rows[kind.key][n] for n in numbers]
    beside = [f"{name}.{k}" for name, one in related_of(view.catalog, kind).items() for e in (one.target, one.child) if e is not None for k in e.fields]
    for number, key in enumerate(fields):
        columns = list(dict.fromkeys((*(("code",) if kind.is_record else ()), key, *view.rng.sample(fields, min(2, len(fields))))))
        table = table_of(view, kind, columns, rows)
        names = tuple(f"{kind.key}.{k}" for k in columns)
        yield _question(kind, f"a file of {', '.join(columns)}", partial(_tried, kind.key, table, ""), names)
        mapping = f"match: [{key}]\ncolumns: {{{', '.join(f'{c}: {c}' for c in columns)}}}\n"
        asked = _question(kind, f"a file of {', '.join(columns)} matched by {key}", partial(_tried, kind.key, table, mapping), names)
        if key in view.shut(kind.key) and not view.oracle.gives(kind.key, key, kind.fields[key]):
            unknown = f"{key[:-1]}q"  # at the same place in the alphabet, by which a mapping lists the columns left out
            headed, unmapped = table.replace(key, unknown, 1), mapping.replace(key, unknown)
            other = _question(kind, f"the same by {unknown}", partial(_tried, kind.key, headed, unmapped), ())
            # A known field whose name is close to one of them is meant by it, and not by the other.
            fellows = [name for name in kind.fields if name != key]
            alike = any(get_close_matches(one, fellows, 1, 0.5) or get_close_matches(one, beside, 1, 0.6) for one in (key, unknown))
            close = "_" in key or any(key in name for name in fellows) or alike
            asked = asked if close else asked.just_as(other, unknown, key, afresh=True)
        yield asked
        if number % 6 == 0 and not view.decisive(kind.key) & set(columns):
            yield _question(kind, f"an import of {', '.join(columns)}, and taken back", partial(_written, kind.key, table), names)


@probe(SCREEN, *UPLOADS, *BATCHES, "/imports/")
def others(view: View, kind: Entity) -> Iterator[Question]:
    """Files and imports of others are as unknown as those that never were."""
    unknown, known = "0" * 32, view.uploads.get(kind.key, "")
    for end in GOT if known else ():
        asked = get(UPLOAD + end, kind.key, f"/{kind.key}/import/{known}/{end}").expecting(403, 404)
        yield asked.just_as(get(UPLOAD + end, kind.key, f"/{kind.key}/import/{unknown}/{end}"), unknown, known)
    for end in POSTED if known else ():
        asked = post(UPLOAD + end, kind.key, f"/{kind.key}/import/{known}/{end}", form={"step": "try"}).expecting(403, 404)
        yield asked.just_as(post(UPLOAD + end, kind.key, f"/{kind.key}/import/{unknown}/{end}", form={"step": "try"}), unknown, known)
    for batch in view.imports:
        for end in ("", "state", "errors.csv", "figures", "figures/state"):
            asked = get(PAST + end, "", f"/imports/{batch}/{end}")
            yield asked if view.may("role", "update") else asked.just_as(get(PAST + end, "", f"/imports/{unknown}/{end}"), unknown, batch)
        for end in ("undo", "resume", "figures"):
            asked = post(PAST + end, "", f"/imports/{batch}/{end}", form={"whole": "1"}).expecting(404)
            yield asked.just_as(post(PAST + end, "", f"/imports/{unknown}/{end}", form={"whole": "1"}), unknown, batch)
    yield get("/imports/", "", "/imports/")
    yield get("/imports/", "", "/imports/", before="1", lang="uk")


def _question(kind: Entity, said: str, ask: Any, names: tuple[str, ...]) -> Question:
    return Question(SCREEN, kind.key, f"{kind.key}: {said} at the import screen", ask, names, writes=True, method="POST", path=f"/{kind.key}/import/")


class _Steps:
    """One answer made of several."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.answers: list[Answer] = []
        self.key = ""  # of the file that was brought

    def send(self, method: str, path: str, **what: Any) -> Answer:
        answer = self.side.send(method, path, **what)
        self.answers.append(answer)
        return answer

    def work(self) -> None:
        """Does what a worker would do."""
        app = self.side.app
        with self.side.engine.connect() as connection:
            waiting = list(connection.execute(select(TABLE.c.id).where(TABLE.c.state == "queued").order_by(TABLE.c.id)).scalars())
        for job in waiting:
            with app.app_context():
                execute(self.side.engine, app.extensions["brama"].settings, app.extensions["brama"].catalog, job)

    def answer(self) -> Answer:
        status = max(self.answers[0].status, *(a.status if a.status >= 500 else 0 for a in self.answers))
        return Answer(status, b"\n".join(a.body for a in self.answers), tuple(h for a in self.answers for h in a.heads), self.key)


def _bring(steps: _Steps, entity: str, table: str, mapping: str) -> str:
    """The address of the file that was brought, also when its mapping is wrong; "" when it was not taken."""
    file = (io.BytesIO(table.encode()), "rows.csv")
    answer = steps.send("POST", f"/{entity}/import/", data={"file": file, "mapping": mapping}, content_type="multipart/form-data")
    found = re.search(rf"/{entity}/import/([0-9a-f]{{32}})/", dict(answer.heads).get("Location", "") + answer.text)
    if found is None:
        return ""
    steps.key = found[1]
    return found[0]


def _tried(entity: str, table: str, mapping: str, side: Side) -> Answer:
    steps = _Steps(side)
    here = _bring(steps, entity, table, mapping)
    if here:
        page = steps.send("GET", here)
        form = controls(page.text)
        for end in ("state", "mapping.yaml", "errors.csv"):
            steps.send("GET", here + end)
        steps.send("POST", here + "form", data=form, headers={"HX-Request": "true"})
        steps.send("POST", here, data={**form, "step": "try"})
        steps.send("GET", here)
        steps.send("GET", here + "rows")
        steps.send("GET", here + "rows?of=review")
        steps.send("POST", here + "rows", data={"all": "update", "every": "1"})
        steps.send("POST", here, data={"step": "keep", "name": "rows", "shared": "1"})
        steps.send("POST", here, data={"step": "source", "source": "source:1"})
        steps.send("GET", here)
        steps.send("POST", here, data={"step": "drop"})
        steps.send("POST", here + "rows", data={"to-2": "review"}, headers={"HX-Request": "true"})
        steps.send("GET", here + "rest.csv")
        steps.send("POST", here, data={"step": "yaml", "yaml": mapping or f"columns: {{{table.partition(',')[0].strip()}: no_such_field}}"})
        steps.send("GET", "/imports/")
        steps.send("POST", here + "forget")
    return steps.answer()


def _written(entity: str, table: str, side: Side) -> Answer:
    steps = _Steps(side)
    here = _bring(steps, entity, table, "")
    if here:
        steps.send("GET", here)
        steps.send("POST", here + "rows", data={"all": "create", "every": "1", "of": "review"})
        steps.send("POST", here + "run", data={"partial": "1"})
        steps.work()
        went = steps.send("GET", here)
        batch = dict(went.heads).get("Location", "")
        if batch.startswith("/imports/"):
            steps.send("POST", batch + "figures")
            steps.work()
            steps.send("GET", batch + "figures")
            steps.send("POST", batch + "figures", data={"whole": "1"})
            steps.work()
            for end in ("", "state", "errors.csv", "figures", "figures/state"):
                steps.send("GET", batch + end)
            steps.send("POST", batch + "undo")
            steps.work()
            steps.send("GET", batch)
        steps.send("GET", "/imports/")
    return steps.answer()
