"""A minute of `make leaks`: a few roles, a part of the questions; and that nothing new in the product goes unasked."""

from pathlib import Path

import pytest

from config import Settings
from crm.application import create_app
from crm.backoffice.catalog import shape
from tests.leaks import probes
from tests.leaks.databases import Databases, OnSqlite
from tests.leaks.mutants import MUTANTS
from tests.leaks.probes.commands import in_a_name
from tests.leaks.questions import PROBES, generic, rules
from tests.leaks.suite import Terms, run

assert probes


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return OnSqlite(tmp_path_factory.mktemp("leaks"), 1)


def test_every_rule_of_the_application_and_every_command_in_a_name_has_a_probe(tmp_path: Path) -> None:
    app = create_app(Settings(instance=tmp_path, database_url=f"sqlite:///{tmp_path / 'none.db'}", secret_key="k" * 40, testing=True))
    present = {rule for rule, _ in rules(app, shape())} | in_a_name(app)
    assert sorted(present - PROBES.keys()) == []
    app.extensions["brama"].engine.dispose()


def test_rules_of_all_entities_are_one() -> None:
    entities = {"account": 1, "deal": 1}
    assert generic("/deal/<int(min=1, max=9):record_id>/edit/", entities) == "/<entity>/<record_id>/edit/" == generic("/account/<record_id>/edit/", entities)
    assert generic("/report/<key>", entities) == "/report/<key>"


@pytest.mark.parametrize("role", ["seller_no_revenue", "own_only", "conditional"])
def test_two_databases_that_differ_in_what_a_role_hides_answer_alike(databases: Databases, role: str) -> None:
    outcome = run(databases, role, Terms(share=0.02))
    assert [str(fault) for fault in outcome.faults] == []
    assert outcome.known > 1000 and outcome.statuses[200] > 50


def test_a_broken_guard_is_found(databases: Databases) -> None:
    order_by = MUTANTS[0]
    with order_by.broken(1):
        outcome = run(databases, "seller_no_revenue", Terms(enough=1, mixed=True, crashes=False))
    assert outcome.faults and "sort=" in outcome.faults[0].question
