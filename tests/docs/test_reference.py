"""What people look up is complete: settings, field types, errors and checks, decisions, evidence; and examples of files are read by the program."""

import json
import re
from pathlib import Path

import pytest
import yaml

import crm.models
from crm.admin_views.kit.filters import OFFERED
from crm.admin_views.kit.menu import AREAS
from crm.backoffice import checks as entity_checks
from crm.backoffice.access import ACTIONS, MODES, SCOPES
from crm.backoffice.catalog import shape
from crm.backoffice.conditions.tree import FUNCTIONS, MAX_DEPTH, MAX_HOPS, MAX_JOINS, MAX_NODES, OPS, parse
from crm.backoffice.entities import Declared
from crm.backoffice.exchange.mapping import FILE_KEYS, KEYS, TARGET_KEYS, load_mapping
from crm.backoffice.exchange.sniff import ENCODINGS, FORMATS
from crm.backoffice.fields import TYPES
from crm.backoffice.fields.base import Facets
from crm.backoffice.layouts import PARTS
from crm.backoffice.lowcode.document import SECTIONS, from_raw
from crm.backoffice.lowcode.icons import ICONS
from crm.backoffice.colours import COLOURS
from crm.error_pages import CODES
from crm.errors import BramaError
from crm.serving import doctor
from tests.docs.pages import ROOT, blocks, first_cells, headings, name, pages, rows, section

assert crm.models  # every class of refusals is known once the areas are imported
ADMINISTRATORS, DEVELOPERS = ROOT / "docs" / "administrators", ROOT / "docs" / "developers"
ERRORS, ASVS = ROOT / "docs" / "errors.md", ROOT / "docs" / "security" / "asvs.md"


# --- settings ------------------------------------------------------------------------------------------------------


def variables() -> set[str]:
    """Every environment variable that config.py reads."""
    source = (ROOT / "config.py").read_text()
    return set(re.findall(r"env(?:iron)?(?:\.get\(|\[|, )\"([A-Z_]+)\"", source))


def test_every_setting_has_its_row() -> None:
    assert len(variables()) > 8
    assert first_cells((ADMINISTRATORS / "settings.md").read_text("utf-8")) == variables()


def test_nothing_else_reads_the_environment() -> None:
    sources = [*ROOT.glob("crm/**/*.py"), ROOT / "app.py", ROOT / "config.py"]
    readers = {str(path.relative_to(ROOT)) for path in sources if re.search(r"\benviron\b|getenv", path.read_text("utf-8"))}
    assert readers == {"config.py"}


# --- errors --------------------------------------------------------------------------------------------------------


def codes() -> set[str]:
    """The code of every refusal of the product and of the web server."""
    found, left = {BramaError.code, "csrf", *CODES.values()}, [BramaError]
    while left:
        for kind in left.pop().__subclasses__():
            if kind.__module__.startswith("crm."):
                found.add(kind.code)
                left.append(kind)
    return found


def test_every_refusal_has_its_row() -> None:
    assert first_cells(section(ERRORS, "Refusals")) == codes()


def test_a_refusals_row_tells_its_status_and_exit_code() -> None:
    told = {re.findall(r"`(\w+)`", row[0])[0]: row for row in rows(section(ERRORS, "Refusals"))}
    left = [BramaError]
    while left:
        for kind in left.pop().__subclasses__():
            if kind.__module__.startswith("crm."):
                left.append(kind)
                assert told[kind.code][1] == str(kind.status), kind
                assert told[kind.code][2].startswith(str(kind.exit_code)), kind


def test_every_check_has_its_heading() -> None:
    source = Path(str(doctor.__file__)).read_text()
    known = set(re.findall(r'"([a-z]+\.[A-Z]\d{3})"', source))
    known |= {f"entity.E{int(number):03}" for number in re.findall(r"found\(\s*(\d+),", Path(str(entity_checks.__file__)).read_text())}
    assert {text for depth, text in headings(ERRORS) if depth == 3} == known


# --- developers ----------------------------------------------------------------------------------------------------


def test_every_field_type_has_its_heading() -> None:
    told = {text for depth, text in headings(DEVELOPERS / "field-types.md") if depth == 2}
    assert told - {"A new type", "formula"} == set(TYPES), "a formula is a field of the type of its result"


def test_the_declaration_of_an_entity_is_described() -> None:
    told = first_cells(section(DEVELOPERS / "entities.md", "What a class says of itself"))
    assert told == set(Declared.__dataclass_fields__) | set(Facets.__annotations__)


def test_the_language_of_conditions_is_described() -> None:
    page = DEVELOPERS / "conditions.md"
    assert set(re.findall(r"`(\w+)`", re.split(r"\.\s", section(page, "Operators"))[0])) == set(OPS) == set(OFFERED)
    nodes = section(page, "Nodes")
    assert all(f"`{function}`" in nodes or f'"{function}"' in nodes for function in FUNCTIONS)
    numbers = [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", section(page, "Bounds"))]
    assert numbers[:4] == [MAX_DEPTH, MAX_NODES, MAX_HOPS, MAX_JOINS]
    for block in blocks(page, "json"):
        parse(json.loads(block.text))


def test_every_module_and_path_that_a_page_names_is_there() -> None:
    missing = []
    for page in (page for page in pages() if page.parent.name != "templates"):
        for path in re.findall(r"`((?:crm|tests|tools|migrations|translations|static|templates)/[\w./-]+)`", page.read_text("utf-8")):
            if not (ROOT / path).exists() and page.name not in ("add-an-entity.md", "add-a-report.md") and not path.startswith("static/vendor"):
                missing.append(f"{name(page)}: {path}")
    assert missing == []


def test_every_test_that_a_page_names_is_there() -> None:
    known = {m for path in ROOT.glob("tests/**/*.py") for m in re.findall(r"def (test_\w+)", path.read_text("utf-8"))}
    named = {(name(page), test) for page in pages() for test in re.findall(r"`(test_\w+)`", page.read_text("utf-8"))}
    assert {one for one in named if one[1] not in known and not (ROOT / "tests" / "docs" / f"{one[1]}.py").exists()} == set()
    assert len(named) > 60


# --- administrators ------------------------------------------------------------------------------------------------


def test_the_grammar_of_rules_is_described() -> None:
    page = ADMINISTRATORS / "roles.md"
    assert first_cells(section(page, "A rule")) == {"entity", "effect", "actions", "scope", "where", "fields"}
    assert set(re.findall(r"`(\w+)`", section(page, "Actions").split("Only")[0])) == set(ACTIONS)
    assert first_cells(section(page, "Scopes")) == set(SCOPES)
    assert first_cells(section(page, "Modes")) == set(MODES)


def test_the_grammar_of_mappings_is_described() -> None:
    page = ADMINISTRATORS / "imports.md"
    assert first_cells(section(page, "A mapping, whole")) == set(KEYS)
    assert first_cells(section(page, "`file`")) == set(FILE_KEYS)
    assert first_cells(section(page, "`columns`")) == set(TARGET_KEYS)
    told = section(page, "`file`")
    assert all(f"`{word}`" in told for word in FORMATS)
    assert all(f"`{word}`" in told for word in ENCODINGS if word != "utf-8-sig")


def test_the_sections_and_colours_of_configuration_are_described() -> None:
    page = ADMINISTRATORS / "configuration.md"
    assert all(f"`{word}`" in page.read_text("utf-8") for word in SECTIONS)
    assert all(f"`{colour}`" in section(page, "Picklists") for colour in COLOURS if colour)
    listed = {f.picklist for e in shape().entities.values() for f in e.fields.values() if f.picklist}
    named = re.search(r"The picklists: (.+?)\.\n", page.read_text("utf-8"), re.S)
    assert named
    assert set(re.findall(r"`(\w+)`", named[1])) == listed


def test_the_parts_and_icons_of_layouts_are_described_and_drawn() -> None:
    told = section(ADMINISTRATORS / "configuration.md", "Layouts")
    assert all(f"`{word}`" in told for word in (*PARTS, *ICONS))
    assert set(ICONS) <= set((ROOT / "static" / "icons.txt").read_text("utf-8").split())
    areas = {e.declared.area for e in shape().entities.values() if e.declared.area} | {"other"}
    assert areas == set(re.findall(r"`area` \((.*?)\)", told)[0].replace("`", "").split(", "))
    assert areas <= {key for key, _, _ in AREAS}


@pytest.mark.parametrize("page", pages(), ids=name)
def test_examples_of_files_are_read_by_the_program(page: Path) -> None:
    for block in blocks(page, "yaml"):
        raw = yaml.safe_load(block.text)
        if isinstance(raw, dict) and "columns" in raw:
            load_mapping(block.text)
        elif isinstance(raw, dict) and set(raw) <= set(SECTIONS) and page.name != "add-an-entity.md":
            assert from_raw(raw, shape())
    for block in blocks(page, "json"):
        json.loads(block.text)


# --- evidence ------------------------------------------------------------------------------------------------------


def test_a_row_of_evidence_says_how_it_stands() -> None:
    chapters = [text for depth, text in headings(ASVS) if depth == 2 and re.match(r"V\d+ ", text)]
    assert [text.split()[0] for text in chapters] == ["V8", "V1", "V2", "V5", "V6", "V7", "V3", "V4", "V13", "V14", "V16"]
    for chapter in chapters:
        for number, _asked, stands, evidence in rows(section(ASVS, chapter)):
            assert stands in ("met", "part", "not met", "none"), number
            assert number.split(".")[0] == chapter.split()[0].removeprefix("V"), number
            assert evidence or stands == "none" or number in ("6.2.10", "6.4.2", "3.7.1"), number


def test_every_decision_stands_in_the_list_and_names_its_cost() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\(([\w-]+\.md)\)", (folder / "README.md").read_text("utf-8")))
    assert listed == {path.name for path in folder.glob("*.md")} - {"README.md"}
