"""The page of the quality of data, and the figures of every day."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from crm.backoffice.job_queue import execute
from crm.backoffice.jobs import enqueue
from crm.backoffice.quality.report import subjects
from crm.backoffice.quality.snapshots import JOB, TABLE, trend
from crm.backoffice.guard import user_session
from crm.permissions import access_for
from tests.kit.conftest import Browser
from tests.kit_forms.house import House

Sign = Callable[[str], Browser]


def keep(house: House) -> None:
    with house.system() as session:
        number = enqueue(session, JOB, {})
        session.commit()
    execute(house.engine, house.app.extensions["brama"].settings, house.catalog, number)


def fill(house: House) -> int:
    north = house.make("department", name="Північ")
    house.make_many("account", [{"name": "Криниця", "department": north}, {"name": "Обрій", "department": north, "phone": "немає"}, {"name": "Лан"}])
    return north


def test_a_department_is_a_row_and_every_figure_opens_its_records(house: House, browser: Sign) -> None:
    fill(house)
    olena = browser("Olena")
    page = olena.page("/quality/?entity=account")
    assert "Північ" in page and 'href="/quality/"' in olena.page("/") and "chart-data" not in page
    links = re.findall(r'<td class="[^"]*b-num[^"]*"><a href="(/account/\?where=[^"]+)">(\d+)</a>', page)
    assert len(links) > 8
    for link, number in links:
        shown = olena.page(link.replace("&amp;", "&").replace("&#34;", '"'))
        assert shown.count("<tr data-id=") == int(number), link


def test_the_figures_of_a_day_are_kept_once_and_drawn(house: House, browser: Sign) -> None:
    north = fill(house)
    keep(house)
    keep(house)
    with house.engine.connect() as connection:
        kept = select(TABLE.c.department_id, TABLE.c.number).where(TABLE.c.report == "quality_accounts", TABLE.c.measure == "incomplete")
        rows = connection.execute(kept).all()
    assert sorted(map(tuple, rows)) == [(0, 1), (north, 2)]
    page = browser("Olena").page(f"/quality/?entity=account&measure=incomplete&department={north}")
    assert '"values": [2]' in page and f'<option value="{north}" selected>' in page
    assert '"values": [1]' in browser("Olena").page("/quality/?entity=account&measure=bad_phones")


def test_a_trend_is_shown_only_to_who_sees_the_whole(house: House, browser: Sign) -> None:
    fill(house)
    keep(house)
    subject = subjects["account"]

    def days(name: str, measure: str) -> int:
        session = user_session(house.engine, access_for(house.engine, house.people[name], house.catalog), house.catalog)
        with session:
            return len(trend(session, subject, measure))

    assert (days("Olena", "bad_phones"), days("Bohdan", "bad_phones")) == (1, 0), "he knows phones only masked"
    assert (days("Bohdan", "unowned"), days("Oksana", "unowned")) == (1, 0), "of companies she sees her own alone"
    assert days("Bohdan", "duplicates") == 0 and days("Olena", "duplicates") == 1
    assert "chart-data" not in browser("Oksana").page("/quality/?entity=account&measure=unowned")


def test_old_days_are_left_out(house: House) -> None:
    fill(house)
    keep(house)
    with house.engine.execution_options(writer=True).begin() as connection:
        day = connection.execute(select(TABLE.c.day).limit(1)).scalar_one()
        connection.execute(update(TABLE).values(day=day - timedelta(days=181)))
    with house.system(write=False) as session:
        assert trend(session, subjects["account"], "unowned") == []


@pytest.mark.parametrize("words", ["", "?entity=none", "?entity=contact&measure=none", "?entity=deal&department=x", "?department=999999999999", "?lang=uk"])
def test_any_address_answers(house: House, browser: Sign, words: str) -> None:
    for name in ("Olena", "Oksana", "Roman"):
        assert browser(name).get(f"/quality/{words}").status_code == 200
