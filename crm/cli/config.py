"""`flask config`: the configuration as a file — printed, compared, put in force, taken back."""

from typing import Any, BinaryIO

import click
import yaml

from crm.backoffice.guard import system_session
from crm.backoffice.lowcode import export as exporting
from crm.backoffice.lowcode.apply import Applied, apply as put_in_force, undo as take_back
from crm.backoffice.lowcode.document import read
from crm.backoffice.lowcode.plan import plan as differences
from crm.cli.base import answer, group, runtime

DIFFERENT = 3


@group("config")
def config() -> None:
    """Roles, pipelines and picklists as a file."""


@config.command("export")
def export() -> None:
    """Print the whole configuration as YAML."""
    here = runtime()
    with system_session(here.engine, "flask config export", here.refresh()) as session:
        click.echo(yaml.safe_dump(exporting.whole(session), allow_unicode=True, sort_keys=False, width=160), nl=False)


@config.command("plan")
@click.argument("file", type=click.File("rb"))
def plan(file: BinaryIO) -> None:
    """Print what FILE would change; exit 3 when it would change something."""
    here = runtime()
    with system_session(here.engine, "flask config plan", here.refresh()) as session:
        changes = differences(session, read(file.read(), session.catalog))
    answer({"changes": [c.as_dict() for c in changes]})
    if changes:
        raise click.exceptions.Exit(DIFFERENT)


@config.command("apply")
@click.argument("file", type=click.File("rb"))
@click.option("--yes", is_flag=True, help="Agree to what loses or converts values.")
def apply(file: BinaryIO, yes: bool) -> None:
    """Put FILE in force. Applying it twice changes nothing."""
    here = runtime()
    with system_session(here.engine, "flask config apply", here.refresh(), write=True) as session:
        applied = put_in_force(session, read(file.read(), session.catalog))
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
        applied = take_back(session, version)
        session.commit()
    here.refresh()
    answer(_result(applied))


def _result(applied: Applied) -> dict[str, Any]:
    return {"version": applied.version, "changes": [c.as_dict() for c in applied.changes]}
