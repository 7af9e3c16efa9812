"""A short drill of `make crash`: an import killed, taken up again, ends in the same records as undisturbed."""

import json
from pathlib import Path

import pytest

from tests.crash.drill import Plan, run

ROWS, KILLS = 1000, {"sqlite": 2, "postgres": 1}

@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_an_import_that_is_killed_and_run_again_ends_in_the_same_records(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    said: list[str] = []
    server = request.getfixturevalue("postgres_server") if kind == "postgres" else ""
    outcome = run(Plan(ROWS, KILLS[kind], 11, tmp_path / f"{kind}-company", server, said.append))
    # How long the colleague waited says as much of the machine as of the product: `make crash` judges it.
    assert [f for f in outcome.faults if "waited" not in f] == [], "\n".join(said)
    assert outcome.kills == KILLS[kind]
    assert outcome.waits
    assert json.loads(said[-1].split("; ", 1)[1])["deal"] == ROWS
