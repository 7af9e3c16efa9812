"""`flask config`: the configuration as a file — printed, compared, put in force, taken back."""

from typing import Any, BinaryIO

import click
from sqlalchemy import Engine

from crm.additions import additions as additional
from crm.backoffice.filling import under_way
from crm.backoffice.guard import SystemSession, system_session
from crm.backoffice.lowcode import export as exporting
from crm.backoffice.lowcode.adding import missing, standing_otherwise
from crm.backoffice.lowcode.apply import Applied, apply as put_in_force, undo as take_back
from crm.backoffice.lowcode.copying import stop, told
from crm.backoffice.lowcode.document import Document, foreseen, read
from crm.backoffice.lowcode.plan import plan as differences
from crm.backoffice.lowcode.schema import schema as schema_of_files
from crm.backoffice.outside import write_yaml
from crm.cli.base import answer, group, language, runtime
from crm.errors import NotFound
from crm.messages import m, render, thaw
from crm.packages import KEYS, text_of
from crm.rights.planned_rights import PlannedRole, planned_roles
from crm.rights.rehearsal import rehearse

DIFFERENT = 3
MISSING = click.option("--missing", "only_missing", is_flag=True, help="Only what is not there yet; nothing that stands is changed.")
LONGEST = 300.0  # seconds that the rehearsal of one role may take


@group("config")
def config() -> None:
    """Roles, pipelines and picklists as a file."""


@config.command("export")
def export() -> None:
    """Print the whole configuration as YAML."""
    here = runtime()
    with system_session(here.engine, "flask config export", here.refresh()) as session:
        click.echo(write_yaml(exporting.whole(session)), nl=False)


@config.command("additions")
def additions() -> None:
    """Print as YAML what the standard roles would see of the kinds of records that only the owner sees here, as after an upgrade: a file for `plan` and
    `apply`; exit 3 when there is something."""
    here = runtime()
    with system_session(here.engine, "flask config additions", here.refresh()) as session:
        found = additional(session)
    click.echo(write_yaml(found), nl=False)
    if found:
        raise click.exceptions.Exit(DIFFERENT)


@config.command("packages")
def packages() -> None:
    """Print the ready packages, and how much each would change here."""
    here = runtime()
    told = []
    with system_session(here.engine, "flask config packages", here.refresh()) as session:
        for key in KEYS:
            document = read(text_of(key), session.catalog)
            assert document.package is not None
            told.append({
                "key": key, "version": document.package.version, "label": document.package.label.as_dict(), "changes": len(differences(session, document)),
                "conflicts": len(standing_otherwise(session, document)),
            })
    answer({"packages": told})


@config.command("package")
@click.argument("key")
def package(key: str) -> None:
    """Print the file of a ready package: `flask config package wholesale | flask config apply -`."""
    click.echo(text_of(key), nl=False)


@config.command("schema")
def schema() -> None:
    """Print the JSON Schema of configuration files."""
    answer(schema_of_files())


@config.command("progress")
def progress() -> None:
    """Print what a change of the configuration has left to the worker, and how far that is: fields whose values are copied into another type before
    the change comes into force, and fields that are being worked out for records that stood."""
    here = runtime()
    catalog = here.refresh()
    with system_session(here.engine, "flask config progress", catalog) as session:
        filling = under_way(session).values()
        converting = [
            {"number": one["id"], "fields": [f"{field['entity']}.{field['key']}" for field in one["fields"]], "state": one["state"], "done": one["seen"],
             "total": one["total"], **({"error": render(thaw(one["error"]), language())} if one["error"] else {})} for one in told(session)
        ]
    answer({"converting": converting, "filling": [
        {"entity": one.entity, "fields": [spec.key for spec in catalog.entity(one.entity).fields.values() if spec.attribute in one.columns],
         "done": one.seen, "total": one.total} for one in filling
    ]})


@config.command("stop")
@click.argument("number", type=int)
def stop_converting(number: int) -> None:
    """Give up the conversion NUMBER of `flask config progress`, or forget one that has failed: the configuration stays as it is."""
    here = runtime()
    with system_session(here.engine, "flask config stop", here.refresh(), write=True) as session:
        found = stop(session, number)
        session.commit()
    if not found:
        raise NotFound(m("There is no conversion %(number)s under way.", number=number))
    answer({"stopped": number})


@config.command("plan")
@click.argument("file", type=click.File("rb"))
@MISSING
def plan(file: BinaryIO, only_missing: bool) -> None:
    """Print what FILE would change; exit 3 when it would change something. Of a package also what stands here otherwise than it says."""
    here = runtime()
    with system_session(here.engine, "flask config plan", here.refresh()) as session:
        document = read(file.read(), session.catalog)
        conflicts = [c.as_dict() for c in standing_otherwise(session, document)] if document.package is not None else None
        if only_missing:
            document = missing(session, document)
        changes = differences(session, document, reports=True)
        rehearsed = _rehearsals(session, here.engine, document)
    said: dict[str, Any] = {"changes": [c.as_dict() | ({"conversion": c.report.as_dict()} if c.report else {}) for c in changes]}
    answer(said | ({"conflicts": conflicts} if conflicts is not None else {}) | ({"rehearsal": rehearsed} if rehearsed else {}))
    if changes:
        raise click.exceptions.Exit(DIFFERENT)


@config.command("apply")
@click.argument("file", type=click.File("rb"))
@click.option("--yes", is_flag=True, help="Agree to what loses or converts values.")
@MISSING
def apply(file: BinaryIO, yes: bool, only_missing: bool) -> None:
    """Put FILE in force. Applying it twice changes nothing."""
    here = runtime()
    with system_session(here.engine, "flask config apply", here.refresh(), write=True) as session:
        document = read(file.read(), session.catalog)
        applied = put_in_force(session, missing(session, document) if only_missing else document, agreed=yes)
        session.commit()
    here.refresh()
    answer(_result(applied))


@config.command("undo")
@click.argument("version", type=int)
@click.option("--yes", is_flag=True, help="Agree to what loses or converts values.")
def undo(version: int, yes: bool) -> None:
    """Bring back what VERSION changed."""
    here = runtime()
    with system_session(here.engine, "flask config undo", here.refresh(), write=True) as session:
        applied = take_back(session, version, agreed=yes)
        session.commit()
    here.refresh()
    answer(_result(applied))


def _rehearsals(session: SystemSession, engine: Engine, document: Document) -> list[dict[str, Any]]:
    """What the file would do to those who hold the roles that it changes, by their rules or by saved conditions that these use."""
    planned = planned_roles(session, document, foreseen(session.catalog, document))
    return [one for role in planned for one in _rehearsed(session, engine, role)]


def _rehearsed(session: SystemSession, engine: Engine, role: PlannedRole) -> list[dict[str, Any]]:
    """What a changed role would do to those who hold it, all of them."""
    found = rehearse(engine, session.catalog, role.id, role.code, role.rules, seconds=LONGEST, over=role.over, unclear=role.unclear)
    return [{"role": role.code, **one, "counted": found.counted, "holders": found.holders} for one in found.as_dicts()] if found is not None else []


def _result(applied: Applied) -> dict[str, Any]:
    found = {"version": applied.version, "changes": [c.as_dict() for c in applied.changes]}
    return found | ({"waiting": applied.waiting} if applied.waiting is not None else {})
