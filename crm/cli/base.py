"""What every command of `flask …` shares: `--lang`, JSON on stdout, sentences on stderr, and the exit codes of a refusal.

    @command("describe")
    @click.argument("entity", required=False)
    def describe(entity: str | None) -> None:
        answer({"entity": entity})

Exit codes: 0 done · 1 refused or failed, nothing written · 2 wrong usage · 3 done, but some rows failed · 4 no right.
"""

import json
from collections.abc import Callable
from typing import Any, NoReturn

import click
from flask import current_app
from flask.cli import ScriptInfo
from sqlalchemy.exc import OperationalError

from crm.backoffice.database import NO_ROOM, no_room
from crm.backoffice.entities import Entity
from crm.cli.usage import refuse
from crm.errors import BramaError, Invalid, NotFound
from crm.messages import LANGUAGES, Label, Message, m, render
from crm.runtime import Runtime

LANGUAGE_KEY = "brama.language"


class Command(click.Command):
    """A command in one language, inside the application, that answers a refusal with its sentence and exit code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--lang"], type=click.Choice(LANGUAGES), default="en", show_default=True, expose_value=False, help="Language of sentences.", callback=_remember
            )
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as wrong:
            refuse(ctx, given, wrong)

    def invoke(self, ctx: click.Context) -> Any:
        if not current_app:
            ctx.with_resource(ctx.ensure_object(ScriptInfo).load_app().app_context())
        try:
            return super().invoke(ctx)
        except Invalid as refusal:
            say(refusal.message)
            for key, why in refusal.fields.items():
                if why != refusal.message:
                    click.echo(f"  {key}: {render(why, language())}", err=True)
            raise click.exceptions.Exit(refusal.exit_code) from None
        except BramaError as refusal:
            stop(refusal.message, refusal.exit_code)
        except (OperationalError, OSError) as fault:
            if no_room(fault):
                stop(NO_ROOM, BramaError.exit_code)
            raise


class Group(click.Group):
    """A group of such commands: `flask data …`."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as wrong:
            refuse(ctx, given, wrong)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as wrong:
            refuse(ctx, args, wrong)


def command(name: str, **options: Any) -> Callable[[Callable[..., Any]], Command]:
    """Decorates a function as the command `flask NAME`; register it in `crm.cli.register`."""
    return click.command(name, cls=Command, **options)


def group(name: str, **options: Any) -> Callable[[Callable[..., Any]], Group]:
    """Decorates a function as the group `flask NAME …`; its commands are declared with `@it.command("import")`."""
    return click.group(name, cls=Group, **options)


def _remember(ctx: click.Context, _param: click.Parameter, value: str) -> str:
    ctx.find_root().meta[LANGUAGE_KEY] = value
    return value


def language() -> str:
    """The language that the person at the command line asked for."""
    ctx = click.get_current_context(silent=True)
    return str(ctx.find_root().meta.get(LANGUAGE_KEY, "en")) if ctx else "en"


def runtime() -> Runtime:
    """The running installation: `.engine`, `.settings`, `.catalog`."""
    found: Runtime = current_app.extensions["brama"]
    return found


def kind_of(key: str) -> Entity:
    """The entity that stands on the command line. Raises NotFound."""
    found = runtime().catalog.entities.get(key)
    if found is None:
        raise NotFound(m("There is no entity “%(name)s”; “flask describe” lists them.", name=key[:80]))
    return found


def answer(value: Any) -> None:
    """The result of a command: JSON on stdout, Ukrainian as it is."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def say(message: Message | Label | str) -> None:
    """A sentence on stderr, in the language asked for."""
    click.echo(render(message, language()), err=True)


def stop(message: Message, code: int = 1) -> NoReturn:
    """Ends the command with a sentence and an exit code."""
    say(message)
    raise click.exceptions.Exit(code)
