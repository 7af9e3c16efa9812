"""Numbers, amounts, shares, dates and moments on screens as the reader's language writes them; the same record in both."""

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from crm.backoffice import records
from crm.backoffice.guard import system_session
from tests.crawl.conftest import House

NAME = "777-777"
# One deal and what stands on its card, in a list, in the foot of the list and in a report: written down by hand.
CARD = {"uk": ("1\u00a0234\u00a0567,89", "37,5\u00a0%", "05.03.2021"), "en": ("1,234,567.89", "37.5%", "5 Mar 2021")}
LIST = {"uk": ("1\u00a0234\u00a0567,89", "37,5\u00a0%", "5 бер. 2021"), "en": ("1,234,567.89", "37.5%", "5 Mar 2021")}
FOOT = {"uk": ("1 запис", "1\u00a0234\u00a0567,89 ₴"), "en": ("1 record", "1,234,567.89 UAH")}
SHARE = {"uk": re.compile(r"\d{1,3},\d\u00a0%"), "en": re.compile(r"\d{1,3}\.\d%")}


@pytest.fixture(scope="module")
def deal(demo: House) -> Iterator[int]:
    """A deal with amounts and days that no other has, out of the way again afterwards."""
    engine = demo.app.extensions["brama"].engine
    stage = next(s for s in demo.catalog.configured["stage"].values() if s.values["kind"] == "open")
    values = {
        "name": NAME, "amount": Decimal("1234567.89"), "currency": "UAH", "probability": Decimal("0.375"), "opened_on": date(2021, 3, 5),
        "pipeline": stage.parent_id, "stage": stage.id,
    }
    with system_session(engine, "test", demo.catalog, write=True) as session:
        made = records.create(session, "deal", values)
        session.commit()
    yield made
    with system_session(engine, "test", demo.catalog, write=True) as session:
        records.remove(session, "deal", made)
        session.commit()


def texts(client: FlaskClient, url: str) -> list[str]:
    """What stands between the tags of a page, each space as it is: a number must not break over two lines."""
    return [text.strip(" \n") for text in re.split("<[^>]*>", client.get(url).get_data(as_text=True))]


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_record_is_written_as_its_reader_writes(demo: House, deal: int, language: str) -> None:
    client = demo.browser("admin", language)
    other = "en" if language == "uk" else "uk"
    listed = f"search={NAME}&columns=name,amount,probability,opened_on"
    for url, wanted in ((f"/deal/{deal}/", CARD), (f"/deal/?{listed}", LIST), (f"/deal/count?{listed}", FOOT)):
        said = texts(client, url)
        assert not [text for text in wanted[language] if text not in said], (url, said)
        assert not [text for text in wanted[other] if text in said and text not in wanted[language]], url


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_report_writes_shares_and_groups_as_its_reader_does(demo: House, language: str) -> None:
    said = texts(demo.browser("admin", language), "/report/win_rate")
    other = "en" if language == "uk" else "uk"
    assert any(SHARE[language].fullmatch(text) for text in said), said
    assert not any(SHARE[other].fullmatch(text) for text in said)


@pytest.mark.parametrize(("number", "uk", "en"), [
    (1, "1 умова", "1 condition"), (2, "2 умови", "2 conditions"), (5, "5 умов", "5 conditions"),
])
def test_counts_agree_with_their_nouns(demo: House, number: int, uk: str, en: str) -> None:
    where = json.dumps({"all": [{"field": "amount", "op": "gt", "value": n} for n in range(number)]})
    for language, wanted in (("uk", uk), ("en", en)):
        assert wanted in texts(demo.browser("head", language), f"/deal/?where={where}")
