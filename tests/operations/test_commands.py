"""Commands of the operator: what they answer, on which stream, in which language, with which exit code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from crm.backoffice.outbox import OutboxRow
from crm.organization.models import Membership, Role, User

Run = Callable[..., Result]
INIT = ("init", "--email", "olha@firm.example", "--name", "Ольга Коваль", "--password-stdin")
PASSWORD = "seven quiet storks\n"


@pytest.fixture
def empty(tmp_path: Path, install: Callable[[Settings], Flask]) -> Flask:
    """An installation before its first day."""
    (tmp_path / "new").mkdir()
    return install(Settings(instance=tmp_path / "new", database_url=f"sqlite:///{tmp_path}/new/brama.db", secret_key="k" * 40, testing=True))


def count(app: Flask, *where: object) -> int:
    with app.extensions["brama"].engine.connect() as connection:
        return int(connection.scalar(select(func.count()).where(*where)) or 0)  # type: ignore[arg-type]


def test_init_makes_a_company_and_an_owner_and_a_second_one_changes_nothing(empty: Flask) -> None:
    run = empty.test_cli_runner()
    first = run.invoke(args=[*INIT, "--currency", "USD"], input=PASSWORD)
    assert first.exit_code == 0, first.stderr
    made = json.loads(first.stdout)
    assert made["created"] is True
    assert (made["currency"], made["time_zone"], made["language"]) == ("USD", "Europe/Kyiv", "uk")
    again = run.invoke(args=[*INIT, "--currency", "USD"], input="another long password\n")
    assert again.exit_code == 0
    assert json.loads(again.stdout) == {**made, "created": False}
    assert count(empty, User.email == "olha@firm.example") == 1
    assert count(empty, Membership.role_id == Role.id, Role.code == "owner") == 1


def test_init_refuses_what_makes_no_sense_before_it_writes(empty: Flask) -> None:
    run = empty.test_cli_runner()
    for option, value in (("--currency", "UA"), ("--time-zone", "Kyiv"), ("--working-time", "9-18")):
        refused = run.invoke(args=[*INIT, option, value], input=PASSWORD)
        assert refused.exit_code == 1
        assert value in refused.stderr
        assert refused.stdout == ""
    assert not (Path(empty.instance_path) / "brama.db").exists() or run.invoke(args=["describe"]).exit_code == 1


def test_init_refuses_a_weak_password_and_makes_nobody(empty: Flask) -> None:
    run = empty.test_cli_runner()
    assert run.invoke(args=list(INIT), input="short\n").exit_code == 1
    assert count(empty, User.email == "olha@firm.example") == 0


def test_the_base_currency_cannot_be_changed_later(empty: Flask) -> None:
    run = empty.test_cli_runner()
    run.invoke(args=[*INIT, "--currency", "USD"], input=PASSWORD)
    assert run.invoke(args=[*INIT, "--currency", "EUR"], input=PASSWORD).exit_code == 1
    assert run.invoke(args=[*INIT, "--language", "en"], input=PASSWORD).exit_code == 0


def test_a_database_that_is_not_set_up_is_said_in_the_language_asked_for(empty: Flask) -> None:
    refused = empty.test_cli_runner().invoke(args=["describe", "--lang", "en"])
    assert refused.exit_code == 1
    assert "not set up" in refused.stderr


def test_a_person_is_added_with_a_password_or_invited_by_mail(flask: Run, app: Flask) -> None:
    with_password = flask("user", "add", "iryna@firm.example", "--name", "Ірина", "--role", "seller", "--password-stdin", typed=PASSWORD)
    assert with_password.exit_code == 0, with_password.stderr
    assert json.loads(with_password.stdout)["invited"] is False
    assert count(app, OutboxRow.topic == "letter") == 0
    invited = flask("user", "add", "taras@firm.example", "--name", "Тарас")
    assert json.loads(invited.stdout)["invited"] is True
    assert count(app, OutboxRow.topic == "letter") == 1


@pytest.mark.parametrize("options", [("--role", "nobody"), ("--department", "NONE")])
def test_an_unknown_role_or_department_adds_nobody(flask: Run, app: Flask, options: tuple[str, str]) -> None:
    refused = flask("user", "add", "taras@firm.example", "--name", "Тарас", *options)
    assert refused.exit_code == 1
    assert options[1] in refused.stderr
    assert count(app, User.email == "taras@firm.example") == 0


def test_an_address_is_one_persons(flask: Run) -> None:
    assert flask("user", "add", "taras@firm.example", "--name", "Тарас").exit_code == 0
    assert flask("user", "add", "taras@firm.example", "--name", "Інший").exit_code == 1


def test_wrong_usage_is_exit_code_two(flask: Run) -> None:
    assert flask("user", "add", "taras@firm.example").exit_code == 2
    assert flask("describe", "--lang", "fr").exit_code == 2


def test_describe_names_every_field_of_an_entity_in_both_languages(flask: Run) -> None:
    deal = json.loads(flask("describe", "deal", "--format", "json").stdout)
    fields = {field["key"]: field for field in deal["fields"]}
    assert (deal["entity"], deal["label"]["uk"], deal["label"]["en"]) == ("deal", "Угода", "Deal")
    assert set(fields["account"]) == {"key", "type", "label", "required", "unique", "reference", "class", "personal"}
    assert fields["account"]["reference"] == "account"
    assert fields["code"]["unique"] is True
    every = json.loads(flask("describe").stdout)
    assert {"account", "contact", "deal", "deal_line", "stage_history", "user"} <= {entity["entity"] for entity in every}
    assert flask("describe", "nonsense").exit_code == 1


def test_every_command_takes_a_language(app: Flask) -> None:
    for name, command in app.cli.commands.items():
        if name in ("db", "run", "shell", "routes"):
            continue
        inner = getattr(command, "commands", {name: command})
        for each in inner.values():
            assert any("--lang" in parameter.opts for parameter in each.params), f"{name} {each.name}"
