"""What was typed wrongly on the command line, said in the language asked for instead of click's English. Exit code 2."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

import click

from crm.messages import LANGUAGES, Message, m, render


def asked_language(args: Sequence[str]) -> str:
    """The language that `--lang` among the words of a command line names, whatever else is wrong with them; English without it."""
    named = [after for before, after in pairwise(args) if before == "--lang"]
    named += [word.removeprefix("--lang=") for word in args if word.startswith("--lang=")]
    return next((language for language in reversed(named) if language in LANGUAGES), "en")


def refuse(ctx: click.Context, args: Sequence[str], error: click.UsageError) -> NoReturn:
    """Ends the command with a sentence about its usage and where to read more."""
    language = asked_language(args)
    click.echo(render(sentence(error), language), err=True)
    click.echo(render(m("“%(command)s --help” shows how it is used.", command=ctx.command_path), language), err=True)
    raise click.exceptions.Exit(2) from None


def sentence(error: click.UsageError) -> Message:
    """What is wrong, by the kind of the error."""
    match error:
        case click.NoSuchOption():
            return m("There is no option %(option)s.", option=error.option_name)
        case click.BadOptionUsage():
            return m("The option %(option)s is used wrongly: it takes a value, or none.", option=error.option_name)
        case click.MissingParameter():
            return m("%(parameter)s is missing.", parameter=_named(error.param))
        case click.BadParameter() if error.param is not None:
            return _bad(error.param)
        case _:
            return m("There is a word too many, or no such command.")


def _bad(parameter: click.Parameter) -> Message:
    name = _named(parameter)
    match parameter.type:
        case click.Choice():
            return m("%(parameter)s is one of “%(choices)s”.", parameter=name, choices=", ".join(map(str, parameter.type.choices)))
        case click.File() | click.Path():
            return m("The file given as %(parameter)s is not there or cannot be read.", parameter=name)
        case _ if parameter.type is click.INT:
            return m("%(parameter)s is a whole number.", parameter=name)
        case _:
            return m("%(parameter)s is not accepted.", parameter=name)


def _named(parameter: click.Parameter | None) -> str:
    """`--name` of an option, `FILE` of an argument: as help writes them."""
    if parameter is None:
        return "?"
    return max(parameter.opts, key=len) if isinstance(parameter, click.Option) else parameter.human_readable_name.upper()
