"""A minute of `make leaks`: two roles, some of the questions, one broken guard; and that nothing new in the product goes unasked."""

from dataclasses import replace
from pathlib import Path

import pytest

from config import Settings
from crm.application import create_app
from crm.backoffice.catalog import shape
from tests.leaks import probes
from tests.leaks.databases import Databases, OnSqlite
from tests.leaks.mutants import MUTANTS
from tests.leaks.questions import PROBES, generic
from tests.leaks.suite import Terms, places, run

assert probes


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return OnSqlite(tmp_path_factory.mktemp("leaks"), 1)


def test_every_rule_command_and_letter_has_a_probe(tmp_path: Path) -> None:
    app = create_app(Settings(instance=tmp_path, database_url=f"sqlite:///{tmp_path / 'none.db'}", secret_key="k" * 40, testing=True))
    assert sorted(places(app, shape()) - PROBES.keys()) == []
    app.extensions["brama"].engine.dispose()


def test_rules_of_all_entities_are_one() -> None:
    entities = {"account": 1, "deal": 1}
    assert generic("/deal/<int(min=1, max=9):record_id>/edit/", entities) == "/<entity>/<record_id>/edit/" == generic("/account/<record_id>/edit/", entities)
    assert generic("/report/<key>", entities) == "/report/<key>"


@pytest.mark.slow
@pytest.mark.parametrize("role", ["seller_no_revenue", "conditional"])
def test_two_databases_that_differ_in_what_a_role_hides_answer_alike(databases: Databases, role: str) -> None:
    outcome = run(databases, role, Terms(mixed=True, most=300))
    assert [str(fault) for fault in outcome.faults] == []
    assert role != "seller_no_revenue" or outcome.unasked == set()  # who edits companies and people can be asked everything
    assert outcome.known > 1000 and len(outcome.asked) > 40 and outcome.statuses[200] > 30


@pytest.mark.slow
def test_a_broken_guard_is_found_and_only_because_it_is_broken(databases: Databases) -> None:
    terms = Terms(endpoint="/<entity>/", mixed=True)
    lists_sort_by_any_column = MUTANTS[0].broken(1)
    with lists_sort_by_any_column:
        broken = run(databases, "seller_no_revenue", replace(terms, enough=1, parted=True))
    assert broken.faults and "sort=" in broken.faults[0].question
    asked = sum(broken.asked.values())
    assert run(databases, "seller_no_revenue", replace(terms, most=asked)).faults == []
