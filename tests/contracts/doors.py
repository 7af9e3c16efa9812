"""Every door through which a record is written, used as a person or a script uses it. Each answers what became of the change."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from werkzeug.test import TestResponse

from crm.backoffice.exchange.mapping import Mapping
from crm.backoffice.exchange.order import Order
from crm.backoffice.exchange.run import run_import
from crm.backoffice.fields.base import Field
from crm.errors import BramaError
from tests.contracts.world import World
from tests.kit_forms.house import controls

Outcome = Literal["saved", "missing", "forbidden", "invalid", "conflict", "unknown"]
STATUS: dict[int, Outcome] = {200: "saved", 303: "saved", 400: "unknown", 403: "forbidden", 404: "missing", 409: "conflict", 422: "invalid"}


@dataclass(frozen=True)
class Change:
    """A change that somebody makes to a record: field → value, and the version that he saw."""

    who: str
    entity: str
    number: int
    values: dict[str, Any]
    seen: int


@dataclass(frozen=True)
class Answer:
    """What became of it; `undo` are the addresses that take it back, `text` what was said."""

    outcome: Outcome
    text: str = ""
    undo: tuple[str, ...] = ()


def fields(world: World, change: Change) -> dict[str, Field]:
    kind = world.catalog.entity(change.entity)
    return {key: kind.fields[key] for key in change.values}


def form(world: World, change: Change) -> Answer:
    client, path = world.clients[change.who], f"/{change.entity}/{change.number}/edit/"
    shown = client.get(path)
    # Whoever gets no form sends one all the same.
    data: dict[str, Any] = controls(shown.get_data(as_text=True)) if shown.status_code == 200 else {"csrf_token": client.token}
    data |= {"row_version": str(change.seen)}
    data |= {key: world.typed(spec, change.values[key]) for key, spec in fields(world, change).items()}
    return answered(client.post(path, data, page=True))


def cell(world: World, change: Change) -> Answer:
    """Each field in its own cell, one after the other; the first refusal ends it."""
    client, seen = world.clients[change.who], change.seen
    undo: list[str] = []
    for key, spec in fields(world, change).items():
        typed = world.typed(spec, change.values[key])
        answer = client.post(f"/{change.entity}/{change.number}/cell/{key}", {"value": typed, "row_version": str(seen)})
        if answer.status_code != 200:
            return answered(answer)
        seen, undo = answer.get_json()["row_version"], [*answered(answer).undo, *undo]
    return Answer("saved", undo=tuple(undo))


def paste(world: World, change: Change) -> Answer:
    texts = [world.written(spec, change.values[key]) for key, spec in fields(world, change).items()]
    row = {"id": change.number, "row_version": change.seen, "values": texts}
    answer = world.clients[change.who].post(f"/{change.entity}/paste", body={"columns": list(change.values), "rows": [row]})
    if answer.status_code == 422:
        whys = {one["why"] for one in answer.get_json()["errors"]}
        if whys == {"There is no such record."}:
            return Answer("missing", next(iter(whys)))
    return answered(answer)


def bulk(world: World, change: Change) -> Answer:
    """The fields one after the other, over one record."""
    client = world.clients[change.who]
    undo: list[str] = []
    for key, spec in fields(world, change).items():
        data = {"ids": str(change.number), "field": key, "value": world.typed(spec, change.values[key]), "step": "apply"}
        answer = client.post(f"/{change.entity}/bulk", data)
        if answer.status_code != 200:
            return answered(answer)
        if answer.get_json()["count"] == 0 and answer.get_json()["left"]:
            return Answer("forbidden", answer.headers.get("HX-Trigger", ""))  # left as it is: not his, or not good
        undo = [*answered(answer).undo, *undo]
    return Answer("saved", undo=tuple(undo))


def _file(world: World, change: Change) -> Any:
    kind = world.catalog.entity(change.entity)
    row = {key: world.filed(kind.fields[key], value) for key, value in change.values.items()}
    path = world.folder / f"{uuid4().hex}.jsonl"
    path.write_text(json.dumps({"id": change.number, **row}, ensure_ascii=False) + "\n")
    return path


def load(world: World, change: Change) -> Answer:
    """An import in the name of whoever sends the file."""
    order = Order(change.entity, _file(world, change), Mapping(), world.folder / "errors", match=("id",))
    try:
        report = run_import(world.engine, lambda catalog, write: world.session(change.who, "import"), world.catalog, order)
    except BramaError as refused:
        return Answer(STATUS.get(refused.status, "unknown"), str(refused))
    if report.exit_code == 0:
        return Answer("saved")
    texts = [p.message.id for p in report.problems]
    return Answer("missing" if texts == ["There is no such record."] else "invalid", " ".join(texts))


def command(world: World, change: Change) -> Answer:
    """`flask data import`, by the operator."""
    arguments = ["data", "import", change.entity, str(_file(world, change)), "--match", "id"]
    if change.who != "operator":
        arguments += ["--as", f"{change.who}@firm.example"]
    done = world.app.test_cli_runner().invoke(args=arguments)
    return Answer("saved" if done.exit_code == 0 else "forbidden" if done.exit_code == 4 else "invalid", done.stderr)


def answered(answer: TestResponse) -> Answer:
    text = answer.get_data(as_text=True)
    trigger = json.loads(answer.headers.get("HX-Trigger", "{}"))
    address = trigger.get("toast", {}).get("undo_url")
    return Answer(STATUS[answer.status_code], text, (address,) if address else ())


Door = Callable[[World, Change], Answer]
DOORS: dict[str, Door] = {"form": form, "cell": cell, "paste": paste, "bulk": bulk, "import": load, "command": command}
SCREENS = ("form", "cell", "paste", "bulk")
