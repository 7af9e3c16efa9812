"""Text with formatting through every door: form, card, list, cell, search, file, journal, mask; no door lets a script in."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.exchange.conftest import Desk
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
EVIL = '<p onclick="alert(1)">Опис <b>важливий</b><script>alert(1)</script><img src=x onerror=alert(1)> <a href="javascript:alert(1)">сюди</a></p>'
KEPT = '<p>Опис <b>важливий</b> <a rel="noopener noreferrer nofollow">сюди</a></p>'


def test_what_a_form_posts_is_cleaned_and_shown_with_its_formatting_on_the_card_alone(house: House, browser: SignIn) -> None:
    someone = browser("Olena")
    answer = someone.submit("/sample/new/", {"name": "Оповідь", "story": EVIL})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:600]
    number = int(answer.headers["Location"].strip("/").split("/")[1])
    assert house.stored("sample", number)["story"] == KEPT
    card = someone.get(f"/sample/{number}/").get_data(as_text=True)
    assert f'<div class="b-rich">{KEPT}</div>' in card
    shown = someone.get("/sample/?columns=name,story").get_data(as_text=True).split("<tbody")[1]
    assert "Опис важливий сюди" in shown
    assert "важливий</b>" not in shown
    for path in (f"/sample/{number}/", "/sample/?columns=name,story", f"/sample/{number}/edit/", f"/sample/{number}/journal"):
        page = someone.get(path).get_data(as_text=True)
        assert not re.search(r"<img src=x|<script>alert|onclick=|javascript:alert", page), path
    control = someone.get(f"/sample/{number}/edit/").get_data(as_text=True).split('data-field="story"')[1]
    assert "data-rich" in control.split("</textarea>")[0]
    assert someone.submit(f"/sample/{number}/edit/").status_code == 303
    assert house.stored("sample", number)["row_version"] == 1, "an untouched form changes nothing"


def test_what_was_written_past_the_door_is_cleaned_when_it_is_shown(house: House, browser: SignIn) -> None:
    number = house.make("sample", name="а", story="<p>добре</p>")
    with house.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE sample SET story = '<p>x</p><script>alert(1)</script><img src=x onerror=alert(1)>' WHERE id = {number}")
    card = browser("Olena").get(f"/sample/{number}/").get_data(as_text=True)
    assert '<div class="b-rich"><p>x</p></div>' in card
    assert "onerror" not in card


def test_what_was_written_past_the_door_and_cannot_be_cleaned_is_shown_by_its_words(house: House, browser: SignIn) -> None:
    number = house.make("sample", name="а", story="<p>добре</p>")
    with house.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE sample SET story = '{'<blockquote>' * 300}3 &lt; 5<script>alert(1)</script>' WHERE id = {number}")
    card = browser("Olena").get(f"/sample/{number}/")
    assert card.status_code == 200
    assert "3 &lt; 5" in card.get_data(as_text=True)
    assert "<script>alert" not in card.get_data(as_text=True)


@pytest.mark.parametrize(("typed", "why"), [("<b>" * 3000, "nested"), ("<p>a</p>" * 20_000, "too long"), ("<p>a\x08</p>", "control characters")])
def test_what_cannot_be_kept_is_refused_at_its_field(house: House, browser: SignIn, typed: str, why: str) -> None:
    answer = browser("Olena").submit("/sample/new/", {"name": "а", "story": typed})
    assert answer.status_code == 422
    assert why in answer.get_data(as_text=True)


def test_search_and_filters_find_words_across_marks(house: House, browser: SignIn) -> None:
    house.make("sample", name="Перший", story="<p>важ<b>лив</b>ий лист</p>")
    house.make("sample", name="Другий", story="<p>strong</p>")
    someone = browser("Olena")
    assert "Перший" in someone.get("/sample/?search=важливий").get_data(as_text=True)
    where = quote(json.dumps({"field": "story", "op": "contains", "value": "ВАЖЛИВИЙ ЛИСТ"}))
    page = someone.get(f"/sample/?where={where}").get_data(as_text=True)
    assert "Перший" in page
    assert "Другий" not in page
    assert someone.get("/sample/?sort=story").status_code == 400


def test_a_cell_takes_it_and_the_journal_tells_its_words(house: House, browser: SignIn) -> None:
    number = house.make("sample", name="а", story="<p>було</p>")
    someone = browser("Olena")
    assert "data-rich" in someone.get(f"/sample/{number}/cell/story").get_data(as_text=True)
    saved = someone.post(f"/sample/{number}/cell/story", {"value": "<p>стало <b>краще</b></p>", "row_version": "1"})
    assert saved.status_code == 200
    assert '<div class="b-rich"><p>стало <b>краще</b></p></div>' in saved.get_data(as_text=True)
    journal = someone.get(f"/sample/{number}/journal").get_data(as_text=True)
    assert "стало краще" in journal
    assert "було" in journal


def test_files_keep_the_formatting_and_clean_what_comes(desk: Desk) -> None:
    first = desk.load("sample", f'code,name,story\nS1,Перша,"{EVIL.replace(chr(34), chr(34) * 2)}"\nS2,Друга,просто 3 < 5\nS3,Третя,\n')
    assert (first.created, first.failed) == (3, 0)
    assert desk.rows("sample", "story") == [(KEPT,), ("<p>просто 3 &lt; 5</p>",), (None,)]
    for form in ("csv", "xlsx", "jsonl"):
        again = desk.load("sample", desk.export("sample", form, "code", "story"), name=f"again.{form}")
        assert (again.unchanged, again.failed) == (3, 0), form


def test_under_a_mask_nothing_of_it_is_seen(house: House, browser: SignIn) -> None:
    number = house.make("sample", name="Таємна", story="<p>секрет</p>")
    someone = browser("Masha")
    for path in ("/sample/?columns=name,story", f"/sample/{number}/"):
        page = someone.get(path).get_data(as_text=True)
        assert "•••" in page
        assert "секрет" not in page
    assert "Таємна" not in someone.get("/sample/?search=секрет").get_data(as_text=True).split("<tbody")[-1]
