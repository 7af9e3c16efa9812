"""Every command of the command line says what it has to say in the language asked for, with the same exit code in both."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import Result
from flask import Flask

from config import Settings
from crm.application import create_app
from crm.cli import COMMANDS
from tests.crawl.allowed import FOREIGN, without_allowed

LANGUAGES = ("uk", "en")
FLASKS_OWN = ("db", "run", "shell", "routes")
PASSWORD = "seven quiet storks\n"
# (what stands on the command line, exit code): each is refused with a sentence.
ON_A_COMPANY: tuple[tuple[tuple[str, ...], int], ...] = (
    (("init", "--email", "12@demo.example", "--name", "12", "--password-stdin", "--currency", "12"), 1),
    (("init", "--email", "12@demo.example", "--name", "12", "--password-stdin", "--time-zone", "12"), 1),
    (("backup", "/nowhere/at/all"), 1),
    (("restore", "{file}"), 1),
    (("doctor",), 1),
    (("user", "add", "12@demo.example", "--name", "12", "--role", "12"), 1),
    (("user", "add", "12@demo.example", "--name", "12", "--department", "12"), 1),
    (("user", "add", "12", "--name", "12"), 1),
    (("describe", "12"), 1),
    (("config", "plan", "{file}"), 1),
    (("config", "apply", "{file}"), 1),
    (("config", "undo", "12"), 1),
    (("access", "explain", "12@demo.example", "account"), 1),
    (("report", "12"), 1),
    (("report", "win_rate", "--param", "12"), 1),
    (("report", "win_rate", "--param", "by=12"), 1),
    (("report", "win_rate", "--param", "period=12"), 1),
    (("report", "win_rate", "--as", "12@demo.example"), 1),
    (("data", "import", "account", "/nowhere/at/all"), 1),
    (("data", "import", "12", "{file}"), 1),
    (("data", "import", "account", "{file}"), 1),
    (("data", "import", "account", "{file}", "--mapping", "/nowhere/at/all"), 1),
    (("data", "import", "account", "{file}", "--as", "12@demo.example"), 1),
    (("data", "export", "12"), 1),
    (("data", "export", "account", "--where", "{"), 1),
    (("data", "export", "account", "--fields", "12"), 1),
    (("data", "undo", "12"), 1),
    (("rates", "load", "/nowhere/at/all"), 1),
    (("rates", "load", "{file}"), 1),
    (("rates", "load", "{file}", "--format", "json"), 1),
)
ON_AN_EMPTY_DATABASE: tuple[tuple[str, ...], ...] = (
    ("describe",), ("journal", "verify"), ("demo",), ("demo", "--remove"), ("config", "export"), ("data", "export", "account"), ("report", "win_rate"),
)


def applications(folder: Path, url: str, **settings: object) -> Iterator[Flask]:
    folder.mkdir(exist_ok=True)
    app = create_app(Settings(instance=folder, database_url=url, secret_key="k" * 40, testing=True, **settings))  # type: ignore[arg-type]
    yield app
    app.extensions["brama"].engine.dispose()


@pytest.fixture
def company(tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    (tmp_path / "brama.db").write_bytes(sqlite_template.read_bytes())
    yield from applications(tmp_path, f"sqlite:///{tmp_path}/brama.db")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Flask]:
    yield from applications(tmp_path / "empty", f"sqlite:///{tmp_path}/empty/brama.db")


def run(app: Flask, args: tuple[str, ...], language: str) -> Result:
    return app.test_cli_runner().invoke(args=[*args, "--lang", language], input=PASSWORD)


def speaks(text: str, language: str, args: tuple[str, ...]) -> bool:
    """Whether all sentences of `text` are in `language`; names as one types them (options, files, variables, keys in quotes) are no words."""
    rest = re.sub(
        "«[^«»]*»|“[^“”]*”|--[a-z-]+|chmod \\d+|\\b\\w+\\.(?:db|txt)\\b|secret_key|SQLite|PostgreSQL|/\\S+|\\b[A-Z_]{2,}\\b",
        " ",
        without_allowed(text, language),
    )
    for arg in args:
        rest = rest.replace(arg, " ")
    own = FOREIGN["uk" if language == "en" else "en"]
    return bool(own.search(rest)) and not FOREIGN[language].search(rest)


def commands() -> Iterator[tuple[str, ...]]:
    for command in COMMANDS:
        inner = getattr(command, "commands", None)
        yield from ((command.name or "", name) for name in inner) if inner else ((command.name or "",),)


@pytest.mark.parametrize(("args", "code"), ON_A_COMPANY, ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value))
def test_a_refused_command_says_why_in_the_language_asked_for(company: Flask, tmp_path: Path, args: tuple[str, ...], code: int) -> None:
    if args == ("doctor",):
        instance = company.extensions["brama"].settings.instance
        (instance / "secret_key").write_text("open to all")
        (instance / "secret_key").chmod(0o644)
        instance.chmod(0o755)
    (tmp_path / "nonsense.csv").write_text("12;13\n14\n")
    args = tuple(str(tmp_path / "nonsense.csv") if arg == "{file}" else arg for arg in args)
    said = {language: run(company, args, language) for language in LANGUAGES}
    for language, result in said.items():
        assert result.exit_code == code, (result.stderr, result.exception)
        assert speaks(result.stderr, language, args), result.stderr
    assert said["uk"].stderr.count("\n") == said["en"].stderr.count("\n")


@pytest.mark.parametrize("args", ON_AN_EMPTY_DATABASE, ids=" ".join)
def test_a_database_that_is_not_set_up_is_said_by_every_command(empty: Flask, args: tuple[str, ...]) -> None:
    for language in LANGUAGES:
        result = run(empty, args, language)
        assert result.exit_code == 1, (result.stderr, result.exception)
        assert result.stdout == ""
        assert speaks(result.stderr, language, args), result.stderr


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_wrong_usage_of_every_command_is_said_in_the_language_asked_for(empty: Flask, words: tuple[str, ...]) -> None:
    for language in LANGUAGES:
        result = run(empty, (*words, "--no-such-option"), language)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert "--no-such-option" in result.stderr and " ".join(words) in result.stderr
        assert speaks(result.stderr, language, words), result.stderr


@pytest.mark.parametrize("args", [
    ("data",), ("data", "12"), ("data", "import"), ("data", "import", "account"), ("data", "export", "account", "--format", "12"), ("config", "undo", "zz"),
    ("config", "apply", "/nowhere/at/all"), ("user", "add", "12@demo.example"), ("describe", "account", "account"),
], ids=" ".join)
def test_other_wrong_usage_is_exit_code_two(empty: Flask, args: tuple[str, ...]) -> None:
    for language in LANGUAGES:
        result = run(empty, args, language)
        assert result.exit_code == 2
        assert speaks(result.stderr, language, args), result.stderr


def test_a_taken_port_is_said_in_the_language_asked_for(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for app in applications(tmp_path / "served", f"sqlite:///{tmp_path}/served/brama.db", port=port):
            for language in LANGUAGES:
                result = run(app, ("serve",), language)
                assert result.exit_code == 1
                assert str(port) in result.stderr and speaks(result.stderr, language, ()), result.stderr


def test_what_is_done_is_said_in_the_language_asked_for(company: Flask) -> None:
    args = ("init", "--email", "olha@firm.example", "--name", "12", "--password-stdin")
    run(company, args, "en")
    for n, language in enumerate(LANGUAGES):
        again = run(company, args, language)
        assert again.exit_code == 0 and speaks(again.stderr, language, args), again.stderr
        invited = run(company, ("user", "add", f"taras{n}@firm.example", "--name", "12"), language)
        assert invited.exit_code == 0 and speaks(invited.stderr, language, (f"taras{n}@firm.example",)), invited.stderr
        told = json.loads(run(company, ("doctor",), language).stdout)
        for check in told["checks"]:
            assert speaks(check["message"], language, (str(company.instance_path),)), check


def test_reports_and_entities_are_described_in_both_languages(company: Flask) -> None:
    # What one types is the same in every language.
    keys = {"me", "JSON", "count", "sum", "avg", "min", "max", "cohort", "snapshot", "flow", "individual", "cumulative", "month", "quarter"}
    for entity in json.loads(run(company, ("describe",), "uk").stdout):
        keys |= {entity["entity"], *(field["key"] for field in entity["fields"])}
        for label in (entity["label"], *(field["label"] for field in entity["fields"])):
            assert FOREIGN["en"].search(label["uk"]) or not FOREIGN["uk"].search(label["uk"]), label
            assert label["en"] and not FOREIGN["en"].search(label["en"]), label
    for report in json.loads(run(company, ("report",), "uk").stdout):
        for words in (report["label"], report["question"]):
            assert FOREIGN["en"].search(words["uk"]) and FOREIGN["uk"].search(words["en"]) and not FOREIGN["en"].search(words["en"])
        for language in LANGUAGES:
            told = json.loads(run(company, ("report", report["name"], "--describe"), language).stdout)
            texts = [
                word for part in (*told.get("params", ()), *told.get("columns", ())) for word in (part.get("label"), part.get("help")) if isinstance(word, str)
            ]
            assert texts
            typed = re.compile(rf"\b(?:{'|'.join(sorted(keys, key=len, reverse=True))})\b|\b[a-z]+_\w+")
            assert all(not FOREIGN[language].search(without_allowed(typed.sub("", text), language)) for text in texts), texts


def test_every_command_takes_a_language() -> None:
    assert not [c.name for c in COMMANDS if c.name in FLASKS_OWN]
    for command in COMMANDS:
        for each in getattr(command, "commands", {"": command}).values():
            assert isinstance(each, click.Command) and any("--lang" in parameter.opts for parameter in each.params), each.name
