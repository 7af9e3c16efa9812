"""Commands in somebody's name: export, import, reports, explanations. Output, sentences and exit code must be equal."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace

import click
from flask import Flask

from crm.backoffice.entities import Entity
from tests.leaks import conditions
from tests.leaks.questions import MISSING, Question, View, command, probe
from tests.leaks.sides import Answer, Side
from tests.leaks.world import email

FORMATS = ("csv", "jsonl", "xlsx")
# Who runs these reads the database file itself: they work in the name of the system and hide nothing.
OF_THE_OPERATOR = frozenset(f"flask {name}" for name in (
    "backup", "config additions", "config apply", "config export", "config package", "config packages", "config plan", "config progress", "config schema",
    "config stop", "config undo",
    "demo", "describe", "doctor", "init", "journal seal", "journal verify", "restore",
    "serve", "user add", "user reset-second-factor", "worker",
))
ACTIONS = ("read", "create", "update", "delete", "export", "assign")


def in_a_name(app: Flask) -> set[str]:
    """Every command of the product that shows somebody what he may see, as `flask data export`."""
    found: set[str] = set()

    def walk(known: click.Command, name: str) -> None:
        if not isinstance(known, click.Group) and known.callback is not None and known.callback.__module__.startswith("crm."):
            found.add(name)
        for part, below in getattr(known, "commands", {}).items():
            walk(below, f"{name} {part}")

    walk(app.cli, "flask")
    return found - OF_THE_OPERATOR


def json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


@probe("flask data export")
def export(view: View, kind: Entity) -> Iterator[Question]:
    end, who = "flask data export", ("--as", email(view.role))
    words = ("data", "export", kind.key, *who)
    for form in FORMATS:
        yield command(end, kind.key, *words, "--format", form)
    hidden = view.hidden(kind.key)
    for key in kind.fields:
        asked = command(end, kind.key, *words, "--fields", key, names=(f"{kind.key}.{key}",))
        # On the command line a hidden name is told from an unknown one by the exit code, and by nothing else.
        yield asked.expecting(4) if key in hidden or not view.may(kind.key, "export") else asked
        sort = view.rng.choice((key, f"-{key}"))
        yield command(end, kind.key, *words, f"--sort={sort}", names=(f"{kind.key}.{key}",))
    every = conditions.every(view, kind)
    for asked_for in view.rng.sample(every, min(12, len(every))):
        asked = command(end, kind.key, *words, "--where", json_text(asked_for.where), names=asked_for.names)
        yield asked.expecting(1, 4) if asked_for.hidden else asked


@probe("flask access explain")
def explain(view: View, kind: Entity) -> Iterator[Question]:
    """Of the person himself: what the answer rests on is what his rules may rest on.

    The operator who asks is told whether there is such a record, so those that only one side has stay out.
    """
    words, end = ("access", "explain", email(view.role), kind.key), "flask access explain"
    yield command(end, kind.key, *words)
    for number in [*view.seen(kind.key, 3), *view.unseen(kind.key, 2, gone=0), MISSING]:
        for action in ACTIONS:
            yield command(end, kind.key, *words, str(number), "--action", action)
        for key in view.rng.sample(list(kind.fields), min(6, len(kind.fields))):
            yield command(end, kind.key, *words, str(number), key, "--lang", "uk", names=(f"{kind.key}.{key}",))


@probe("flask data import")
def import_(view: View, kind: Entity) -> Iterator[Question]:
    """Dry runs: rows matched by each field, of seen and unseen records; what is refused, what would change, what is known."""
    end = "flask data import"
    # That a code is taken is told whoever holds it (docs/decisions), so the records that only one side has stay out.
    numbers = [*view.others(kind.key, 4), *view.unseen(kind.key, 2, gone=0)]
    rows = [view.oracle.rows[kind.key][n] for n in numbers]
    fields = [k for k, f in kind.fields.items() if not f.system and f.type not in ("many_to_many",)]
    for key in fields:
        others = view.rng.sample(fields, min(2, len(fields)))
        table = table_of(view, kind, list(dict.fromkeys(("code", key, *others) if kind.is_record else (key, *others))), rows)
        for match in (key, "code") if kind.is_record else (key,):
            yield _import(end, view, kind, table, "--match", match, "--dry-run", names=(f"{kind.key}.{key}",))
    if kind.is_record:
        columns = [k for k in fields if k in ("code", "name") or kind.fields[k].required]
        yield _import(end, view, kind, table_of(view, kind, columns, rows), "--dry-run")
        yield _import(end, view, kind, table_of(view, kind, columns, [*rows, *rows]), "--partial", "--dry-run")
        yield _import(end, view, kind, "code,no_such_field\nA-1,2\n", "--dry-run")
        settled = [k for k in fields if k not in view.decisive(kind.key) and k != "code"]
        yield replace(_import(end, view, kind, table_of(view, kind, ["code", *view.rng.sample(settled, 2)], rows), "--partial"), writes=True)


def table_of(view: View, kind: Entity, columns: list[str], rows: list[dict[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_text(view, kind, key, row[key]) for key in columns])
    return out.getvalue()


def _text(view: View, kind: Entity, key: str, value: object) -> object:
    """A value as files hold it: references by code, seen or not."""
    spec = kind.fields[key]
    if value is None:
        return ""
    if spec.target:
        known = view.catalog.configured.get(spec.target)
        return known[value].key if known else view.oracle.rows[spec.target][value].get("code", value)
    return spec.export(value, view.reader)


def _import(end: str, view: View, kind: Entity, table: str, *options: str, names: tuple[str, ...] = ()) -> Question:
    who = ("--as", email(view.role))

    def ask(side: Side) -> Answer:
        file = side.folder / "rows.csv"
        file.write_text(table)
        answer = side.command("data", "import", kind.key, str(file), *options, *who)
        here = str(side.folder)  # the two run in folders of their own
        return replace(answer, body=answer.body.replace(here.encode(), b""), heads=tuple((k, v.replace(here, "")) for k, v in answer.heads))

    return Question(end, kind.key, " ".join(("flask data import", kind.key, *options, *who)), ask, names)


@probe("flask personal export", "flask personal erase")
def personal(view: View, kind: Entity) -> Iterator[Question]:
    """What is kept about people, and what an erasure would touch; of records that are no people, and of nobody."""
    who = ("--as", email(view.role))
    for number in [*view.seen(kind.key, 2), *view.unseen(kind.key, 2, gone=0)]:
        code = str(view.oracle.rows[kind.key][number].get("code") or "none")
        for end, words in (("flask personal export", ("export",)), ("flask personal erase", ("erase",))):
            yield command(end, kind.key, "personal", *words, kind.key, code, *who)


@probe("flask data duplicates")
def duplicates(view: View, kind: Entity) -> Iterator[Question]:
    names = tuple(f"{kind.key}.{key}" for key in kind.declared.alike)
    for more in ((), ("--parted",), ("--limit", "1")):
        yield command("flask data duplicates", kind.key, "data", "duplicates", kind.key, *more, "--as", email(view.role), names=names)


@probe("flask data undo")
def undo(view: View) -> Iterator[Question]:
    """Batches of others, and one that never was."""
    for batch in [*view.rng.sample(view.batches, min(2, len(view.batches))), "0" * 32]:
        yield replace(command("flask data undo", "", "data", "undo", batch, "--as", email(view.role)), writes=True)


@probe("flask report")
def report(view: View) -> Iterator[Question]:
    who = ("--as", email(view.role))
    for form in ("json", "csv", "xlsx"):
        yield command("flask report", "", "report", "win_rate", "--format", form, *who)
    for by in ("owner", "manager", "territory", "product", "account", "month", "account,month", "owner,product"):
        yield command("flask report", "deal", "report", "win_rate", "--param", f"by={by}", *who, names=(f"deal.{by.partition(',')[0]}",))
    for by in ("owner", "month", "medium", "account,direction", "contact"):
        yield command("flask report", "interaction", "report", "interactions", "--param", f"by={by}", *who, names=(f"interaction.{by.partition(',')[0]}",))
    deal = view.catalog.entities["deal"]
    every = conditions.every(view, deal)
    for asked in view.rng.sample(every, min(15, len(every))):
        by = view.rng.choice(("month", "owner", "account"))
        words = ("report", "win_rate", "--param", f"where={json_text(asked.where)}", "--param", f"by={by}", *who)
        said = command("flask report", "deal", *words, names=asked.names)
        yield said.expecting(1, 4) if asked.hidden else said


@probe("flask rates load")
def rates(view: View, kind: Entity) -> Iterator[Question]:
    """Rates are public; a file is taken from who may add them, and a wrong one is refused alike."""
    if kind.key != "exchange_rate":
        return
    for text in ('[{"cc": "USD", "exchangedate": "25.11.2026", "rate": 41.2345}]', '[{"cc": "USD", "exchangedate": "25.11.2026", "rate": 0}]', "x"):
        yield replace(_load(view, text), writes=True)


def _load(view: View, text: str) -> Question:
    def ask(side: Side) -> Answer:
        file = side.folder / "rates.json"
        file.write_text(text)
        return side.command("rates", "load", str(file), "--as", email(view.role))

    return Question("flask rates load", "exchange_rate", f"flask rates load {text}", ask)
