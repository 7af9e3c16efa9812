"""`flask report`: the reports of the product, on the command line."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal

import click

import crm.reports  # noqa: F401 - completes the registry
from crm.backoffice import journal
from crm.backoffice.filling import notes
from crm.backoffice.guard import DataSession, system_session
from crm.backoffice.reports import all_reports, find, given, run
from crm.backoffice.reports.output import as_csv, as_json, as_xlsx, description
from crm.cli.base import answer, command, language, runtime, say
from crm.cli.people import session_of
from crm.errors import BadRequest
from crm.messages import m

REASON = "flask report"


@command("report")
@click.argument("name", required=False)
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE", help="A parameter; may be repeated.")
@click.option("--as", "email", metavar="EMAIL", help="Run with the rights of this person.")
@click.option("--format", "form", type=click.Choice(["json", "csv", "xlsx"]), default="json", show_default=True, help="Form of the result on stdout.")
@click.option("--describe", is_flag=True, help="Print the report's parameters and columns instead of running it.")
def report(name: str | None, params: tuple[str, ...], email: str | None, form: Literal["json", "csv", "xlsx"], describe: bool) -> None:
    """Run the report NAME, or list the reports."""
    if name is None:
        answer([{"name": r.name, "label": r.label.as_dict(), "question": r.question.as_dict(), "group": r.group} for r in all_reports()])
        return
    found = find(name)
    if describe:
        answer(description(found, language()))
        return
    asked = _pairs(params)
    with _session(email) as session:
        understood, table = run(found, session, asked)
    if form != "json":  # there the notes stand beside the rows
        for note in notes(table.unfinished):
            say(note)
    if email is None:
        _journal(found.name, given(understood))
    if form == "json":
        answer(as_json(found, understood, table, language()))
    elif form == "csv":
        click.echo(as_csv(table, language()).encode(), nl=False)
    else:
        click.echo(as_xlsx(found, table, language()), nl=False)


def _session(email: str | None) -> AbstractContextManager[DataSession]:
    """The person's own session; without one the operator's."""
    here = runtime()
    return session_of(email) if email is not None else system_session(here.engine, REASON, here.catalog)


def _journal(name: str, params: Mapping[str, Any]) -> None:
    """A line for what the operator read; in a transaction of its own, so that a long report never holds up those who write."""
    here = runtime()
    with system_session(here.engine, REASON, here.catalog, write=True) as session:
        journal.event(session, "report", changes={"report": [None, name], "params": [None, dict(params)]})
        session.commit()


def _pairs(params: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in params:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise BadRequest(m("A parameter is written as name=value, not “%(text)s”.", text=text[:60]))
        if key.strip() in found:
            raise BadRequest(m("The parameter “%(name)s” is given twice.", name=key.strip()[:60]))
        found[key.strip()] = value
    return found
