"""What is retired is given to no record by any door; records that hold it keep it, are shown, found, exported and saved with it."""

import json
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import read
from tests.contracts.doors import DOORS, Answer, Change
from tests.contracts.world import World

CONFIGURATION = """
picklists:
  industry:
    options:
      - {key: coal, label: {uk: Вугілля, en: Coal}RETIRED}
      - {key: wind, label: {uk: Вітер, en: Wind}}
pipelines:
  mining:
    label: {uk: Копальні, en: Mining}
    stages:
      - {key: digging, label: {uk: Копаємо, en: Digging}RETIRED}
      - {key: selling, label: {uk: Продаємо, en: Selling}}
"""


@pytest.fixture(scope="module")
def held(world: World) -> dict[str, Any]:
    """A company and a deal that hold what is retired afterwards, and ones that do not."""
    configure(world, CONFIGURATION.replace("RETIRED", ""))
    coal, wind = (world.catalog.picklists["industry"].by_key(key).id for key in ("coal", "wind"))  # type: ignore[union-attr]
    stages = {s.key: s for s in world.catalog.configured["stage"].values() if s.code.startswith("mining.")}
    digging, selling = stages["digging"].id, stages["selling"].id
    pipeline = stages["digging"].parent_id
    made = {
        "account": (world.make("account", industry=coal), world.make("account", industry=wind), "industry", coal, wind),
        "deal": (world.make("deal", pipeline=pipeline, stage=digging), world.make("deal", pipeline=pipeline, stage=selling), "stage", digging, selling),
    }
    configure(world, CONFIGURATION.replace("RETIRED", ", retired: true"))
    return made


def configure(world: World, text: str) -> None:
    with world.system() as session:
        apply(session, read(yaml.safe_dump(yaml.safe_load(text)).encode(), session.catalog))
        session.commit()


def through(world: World, door: str, entity: str, number: int, values: dict[str, Any]) -> Answer:
    who = "operator" if door == "command" else "owner"
    return DOORS[door](world, Change(who, entity, number, values, world.stored(entity, number)["row_version"]))


@pytest.mark.parametrize("entity", ["account", "deal"])
@pytest.mark.parametrize("door", DOORS)
def test_no_door_gives_what_is_retired_and_each_saves_what_holds_it(world: World, held: dict[str, Any], entity: str, door: str) -> None:
    old, other, key, retired, used = held[entity]
    before = world.stored(entity, other)
    refused = through(world, door, entity, other, {key: retired})
    assert refused.outcome in (("invalid", "forbidden") if door == "bulk" else ("invalid",)), refused.text[-500:]
    assert world.stored(entity, other) == before
    label = "name" if entity == "account" else "next_step"
    kept = through(world, door, entity, old, {label: f"через {door}", **({} if door in ("cell", "bulk") else {key: retired})})
    assert kept.outcome == "saved", kept.text[-500:]
    assert (world.stored(entity, old)[key], world.stored(entity, old)[label]) == (retired, f"через {door}")
    assert through(world, door, entity, other, {key: used}).outcome == "saved"


@pytest.mark.parametrize("door", ["import", "command"])
def test_no_file_makes_a_record_with_what_is_retired(world: World, held: dict[str, Any], door: str) -> None:
    file = world.folder / "new.csv"
    file.write_text("name,industry\nНова,Coal\n")
    arguments = ["data", "import", "account", str(file)] + (["--as", "owner@firm.example"] if door == "import" else [])
    done = world.app.test_cli_runner().invoke(args=[*arguments, "--lang", "en"])
    assert done.exit_code == 1
    assert "“Coal” is no longer used." in done.stderr + done.stdout


@pytest.mark.parametrize("entity", ["account", "deal"])
def test_what_holds_it_is_shown_found_and_exported(world: World, held: dict[str, Any], entity: str) -> None:
    old, other, key, _, _ = held[entity]
    code, word = ("coal", "Coal") if entity == "account" else ("digging", "Digging")
    owner = world.clients["owner"]
    where = quote(json.dumps({"field": key, "op": "eq", "value": code}))
    page = owner.get(f"/{entity}/?where={where}&columns=code,{key}").get_data(as_text=True)
    assert world.code(entity, old) in page and word in page and world.code(entity, other) not in page
    assert word in owner.get(f"/{entity}/{old}/").get_data(as_text=True)
    exported = owner.get(f"/{entity}/export?format=csv&where={where}").get_data(as_text=True)
    assert code in exported and world.code(entity, old) in exported
    form = owner.get(f"/{entity}/{old}/edit/").get_data(as_text=True)
    assert f">{word}<" in form and f">{word}<" not in owner.get(f"/{entity}/{other}/edit/").get_data(as_text=True)


@pytest.mark.parametrize("entity", ["account", "deal"])
def test_it_comes_back_from_the_recycle_bin(world: World, held: dict[str, Any], entity: str) -> None:
    old, _, key, retired, _ = held[entity]
    owner = world.clients["owner"]
    assert owner.post(f"/{entity}/remove", {"ids": str(old)}).status_code == 200
    assert owner.get(f"/{entity}/{old}/").status_code == 404
    assert owner.post(f"/{entity}/{old}/restore").status_code == 200
    assert world.stored(entity, old)[key] == retired
