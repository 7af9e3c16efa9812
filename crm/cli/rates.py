"""`flask rates load`: rates of exchange out of a file of the National Bank of Ukraine."""

from pathlib import Path

import click

from crm.backoffice.exchange.table import Unreadable
from crm.cli.base import answer, group, runtime, say
from crm.cli.data import opener
from crm.errors import NotFound
from crm.messages import m, mn
from crm.organization.rates.loading import load
from crm.organization.rates.nbu import FORMS, LARGEST, Form, read


@group("rates", help="Rates of exchange.")
def rates() -> None:
    pass


@rates.command("load", help="Put the rates of FILE, as the National Bank of Ukraine gives them, into the table of rates.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMS), help="What FILE is; without it the content tells.")
@click.option("--only", default="", help="Codes of the currencies to take, by commas; default: all.")
@click.option("--as", "email", help="In the name and with the rights of this person.")
def load_(file: Path, form: Form | None, only: str, email: str | None) -> None:
    quotes = read(_content(file), form)
    codes = {code.strip().upper() for code in only.split(",") if code.strip()}
    with opener(email, source="cli")(runtime().catalog, True) as session:
        loaded = load(session, quotes, codes)
        session.commit()
    answer(loaded.as_dict())
    if loaded.kept:
        say(mn("One rate that a person gave was kept.", "%(num)s rates that people gave were kept.", loaded.kept))
    if loaded.unknown:
        say(m("Unknown currencies were left out: %(codes)s.", codes=", ".join(loaded.unknown)))


def _content(file: Path) -> bytes:
    """The bytes of a file, one more than is accepted of a larger one."""
    if not file.is_file():
        raise NotFound(m("There is no file “%(path)s”.", path=file.name))
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except PermissionError:
        raise Unreadable(m("The file may not be read.")) from None
