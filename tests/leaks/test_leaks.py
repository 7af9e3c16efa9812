"""Nothing new in the product goes unasked by `make leaks`: every rule of the application and every command in a name has a probe."""

from pathlib import Path

from config import Settings
from crm.application import create_app
from crm.backoffice.catalog import shape
from tests.leaks import probes
from tests.leaks.probes.commands import in_a_name
from tests.leaks.questions import PROBES, generic, rules

assert probes


def test_every_rule_of_the_application_and_every_command_in_a_name_has_a_probe(tmp_path: Path) -> None:
    app = create_app(Settings(instance=tmp_path, database_url=f"sqlite:///{tmp_path / 'none.db'}", secret_key="k" * 40, testing=True))
    present = {rule for rule, _ in rules(app, shape())} | in_a_name(app)
    assert sorted(present - PROBES.keys()) == []
    app.extensions["brama"].engine.dispose()


def test_rules_of_all_entities_are_one() -> None:
    entities = {"account": 1, "deal": 1}
    assert generic("/deal/<int(min=1, max=9):record_id>/edit/", entities) == "/<entity>/<record_id>/edit/" == generic("/account/<record_id>/edit/", entities)
    assert generic("/report/<key>", entities) == "/report/<key>"
