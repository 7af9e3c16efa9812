"""Five hundred made fields of one kind of records: every screen that names them asks few questions, however many they are, and names them all."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from tests.builder.steps import text_of
from tests.importing_screen.conftest import Desk
from tests.kit_forms.house import Browser, House
from tests.statements import statements

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TYPES: tuple[dict[str, Any], ...] = ({"type": "text"}, {"type": "integer"}, {"type": "date"}, {"type": "money"}, {"type": "boolean"})
MOST = 15  # questions of a page


def field(number: int) -> dict[str, Any]:
    return {**TYPES[number % len(TYPES)], "class": "internal", "label": {"uk": f"Поле {number}", "en": f"Field {number}"}}


def test_no_screen_asks_a_question_a_field(house: House, browser: Callable[..., Browser]) -> None:
    house.configure({"fields": {"account": {f"f{n}": field(n) for n in range(500)}}})
    firm, olena = house.make("account", name="Лан", f0="слово", f1=7), browser("Olena")
    with house.system(write=False) as session:
        role = session.execute(text("select id from role where code = 'seller'")).scalar_one()
    mapping = Desk(house, olena, "account").bring("name,f0,f1\nЯвір,а,1\n").url
    named = (
        "/account/new/", f"/account/{firm}/", f"/account/{firm}/edit/", "/account/columns", "/configuration/account/", "/configuration/account/layout/",
        f"/rights/role/{role}/account/", mapping,
    )
    beside = (
        "/account/", f"/account/?columns=name,{','.join(f'f{n}' for n in range(20))}", "/configuration/", "/configuration/account/add/formula/",
        "/configuration/where-used/?field=account.f1", "/configuration/where-used/?entity=account", f"/rights/role/{role}/",
    )
    for path in (*named, *beside):
        with statements(house.engine) as sent:
            page = olena.get(path)
        assert page.status_code == 200 and len(sent) <= MOST, (path, len(sent))
        assert path in beside or "Field 499" in page.get_data(as_text=True), path
    for screen in ("form", "card", "list", "quick"):
        with statements(house.engine) as sent:
            drawn = olena.post(f"/configuration/account/layout/preview?screen={screen}", {"arrangement": "columns=name&columns=f499"})
        assert drawn.status_code == 200 and len(sent) <= MOST and "Field 499" in drawn.get_data(as_text=True), (screen, len(sent))
    changed = olena.submit(f"/account/{firm}/edit/", {"f495": "ще", "f496": "12"})
    assert changed.status_code in (302, 303), text_of(changed)[:800]
    assert house.stored("account", firm)["f496"] == 12
    for page in (f"/account/{firm}/edit/", f"/account/{firm}/", "/configuration/account/", f"/rights/role/{role}/account/"):
        assert "data-narrow=" in olena.get(page).get_data(as_text=True), "so many are narrowed by what is typed"


def test_the_page_of_a_layout_sends_what_is_alike_in_all_lines_once(house: House, browser: Callable[..., Browser]) -> None:
    house.configure({"fields": {"account": {f"f{n}": field(n) for n in range(500)}}})
    olena, page = browser("Olena"), "/configuration/account/layout/"
    unplaced = olena.get(page).get_data(as_text=True)
    rows = {"row": [str(n) for n in range(501)], "row-key-0": "", "row-uk-0": "Усі", "row-en-0": "All", **{f"row-key-{n + 1}": f"f{n}" for n in range(500)}}
    placed = olena.post(page, {**rows, "step": "row-first"}).get_data(as_text=True)
    for read, most in ((unplaced, 900_000), (placed, 1_000_000)):
        assert "Field 499" in read and len(read.encode()) < most, len(read.encode())
    opened = olena.post(page, {**rows, "step": "row-more-f7"}).get_data(as_text=True)
    assert 'name="help-uk-f7"' in opened and 'name="help-uk-f8"' not in opened and "open><summary" in opened, "without scripts the width and the help of one"
