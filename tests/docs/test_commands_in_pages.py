"""Commands that a page tells people to type exist, with their options; the page of commands knows every one of them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask.cli import FlaskGroup

from crm.cli import COMMANDS
from tests.docs.pages import ROOT, Block, blocks, first_cells, headings, name, pages, rows, section

PAGE = ROOT / "docs" / "administrators" / "commands.md"
SHELL = ("sh", "ini")
TARGETS = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.M))
VARIABLES = set(re.findall(r"\$\(([A-Z_]+)\)", (ROOT / "Makefile").read_text()))


def leaves() -> dict[str, click.Command]:
    """Every command of ours by the words that call it: "data import"."""
    found: dict[str, click.Command] = {}
    for command in COMMANDS:
        if isinstance(command, click.Group):
            found |= {f"{command.name} {name}": inner for name, inner in command.commands.items()}
        else:
            found[str(command.name)] = command
    return found


def options(command: click.Command) -> set[str]:
    return {flag for p in command.params if isinstance(p, click.Option) for flag in p.opts} | {"--help", "--lang"}


def shell_lines() -> Iterator[tuple[Block, str]]:
    """Every command line of every page."""
    for page in pages():
        for block in blocks(page, *SHELL):
            joined = re.sub(r"\\\n\s*", "", block.text)
            for line in joined.splitlines():
                for part in re.split(r"\s*(?:\||&&|;)\s*", line):
                    if part and not part.startswith("#"):
                        yield block, part
        for code in re.findall(r"`((?:flask|make|tools/\w+\.py|python tools/\w+\.py)[^`]*)`", page.read_text("utf-8")):
            yield Block(page, "text", code), code


def test_commands_exist_and_take_their_options() -> None:
    known, framework = leaves(), set(FlaskGroup().commands) | {"db"}
    checked = 0
    for block, line in shell_lines():
        where = f"{name(block.page)}: {line}"
        words = [w for w in shlex.split(re.sub(r"[<>].*$|…", "", line)) if not re.fullmatch(r"[A-Z_]+=.*", w)]
        words = words[words.index("flask") :] if "flask" in words else [w.removeprefix(".venv/bin/") for w in words]
        if len(words) > 1 and words[0].endswith("flask") and (words[1] in framework or words[1].startswith("-") or words[1].isupper()):
            continue
        if words and words[0].endswith("flask") and len(words) > 1:
            called = " ".join(words[1:3]) if " ".join(words[1:3]) in known else words[1]
            groups = {key.split()[0] for key in known if " " in key}
            assert called in known or (called in groups and len(words) == 2), where
            if called in known:
                given = {w.partition("=")[0] for w in words[1:] if w.startswith("--")}
                assert given <= options(known[called]), where
            checked += 1
        elif words and words[0] == "make":
            for word in words[1:]:
                assert word in TARGETS or word.partition("=")[0] in VARIABLES, where
            checked += 1
        elif words and (tool := next((w for w in words if re.fullmatch(r"tools/\w+\.py", w)), None)):
            assert (ROOT / tool).is_file(), where
            checked += 1
    assert checked > 60


@pytest.mark.parametrize("called", sorted(leaves()))
def test_every_command_has_its_heading_with_every_option(called: str) -> None:
    text = section(PAGE, f"flask {called}")
    own = {flag for flag in options(leaves()[called]) - {"--help", "--lang"} if flag.startswith("--")}
    assert first_cells(text) == own


def test_no_command_is_described_that_is_not_there() -> None:
    told = {text.removeprefix("flask ") for depth, text in headings(PAGE) if depth == 2 and text.startswith("flask ")}
    assert told == set(leaves())


def test_choices_of_options_are_named() -> None:
    for called, command in leaves().items():
        text = section(PAGE, f"flask {called}")
        for parameter in command.params:
            if isinstance(parameter, click.Option) and isinstance(parameter.type, click.Choice) and parameter.name != "lang":
                row = next(r for r in rows(text) if f"`{parameter.opts[0]}`" in r[0])
                for choice in parameter.type.choices:
                    assert f"`{choice}`" in row[1], f"{called} {parameter.opts[0]} {choice}"


def test_exit_codes_are_those_of_the_program() -> None:
    codes = first_cells(section(PAGE, "Exit codes"))
    told = re.search(r"Exit codes: (.+)", (ROOT / "crm" / "cli" / "base.py").read_text())
    assert told
    assert codes == set(re.findall(r"(?:^|· )(\d)", told[1]))


def test_every_target_of_make_is_in_its_help() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony
    assert set(phony[1].split()) == TARGETS


def test_the_page_of_commands_stands_where_others_link_to_it(tmp_path: Path) -> None:
    assert PAGE.is_file()
