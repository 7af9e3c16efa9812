"""A record as it was, on its page: by a day, by a minute; before it was made; what makes no sense."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from crm.backoffice import records
from crm.backoffice.guard import system_session
from crm.backoffice.journal import JournalRow, digest_of
from tests.kit.test_journal import keeper
from tests.kit.test_merging import Sign
from tests.kit_forms.house import House

TABLE = JournalRow.__table__


def aged(house: House, entity: str, number: int, days: dict[str, str]) -> None:
    """Journal rows of a record happened on other days: action → moment."""
    with house.app.extensions["brama"].engine.execution_options(writer=True).begin() as connection:
        for row in connection.execute(select(TABLE).where(TABLE.c.entity == entity, TABLE.c.record_id == number)).mappings().all():
            at = datetime.fromisoformat(days[row["action"]])
            connection.execute(update(TABLE).where(TABLE.c.id == row["id"]).values(at=at, digest=digest_of({**row, "at": at})))


def test_by_day_by_minute_and_before_it_was_made(house: House, browser: Sign) -> None:
    olena = browser("Olena")
    [account] = house.make_many("account", [{"name": "Криниця", "city": "Львів", "revenue": "777001"}])
    runtime = house.app.extensions["brama"]
    with system_session(runtime.engine, "test", runtime.refresh(), write=True) as session:
        records.change(session, "account", account, {"city": "Одеса", "revenue": "777002"})
        session.commit()
    aged(house, "account", account, {"create": "2026-05-04T08:00:00+00:00", "update": "2026-05-06T12:30:00+00:00"})  # 15:30 in Kyiv
    here = f"/account/{account}/?lang=en&as_of="
    assert "did not exist yet" in olena.page(here + "2026-05-03")
    for when, then in (("2026-05-04", "Львів"), ("2026-05-06T15:29", "Львів")):
        page = olena.page(here + when)
        assert then in page and "b-became" in page and "Одеса" in page
    for when in ("2026-05-06T15:30", "2026-05-06", "2031-01-01"):
        page = olena.page(here + when)
        assert "Одеса" in page and "Львів" not in page and "Nothing has changed since" in page
    assert f"/account/{account}/?as_of=" in olena.page(f"/account/{account}/")
    keeper(house)
    assert "777" not in browser("Roman").page(here + "2026-05-04")


@pytest.mark.parametrize("when", ["x", "2026-13-01", "2026-05-04T25:00", "0000-00-00", "", "9999-12-31", "0001-01-01", "99999999999999"])
def test_what_is_no_moment(house: House, browser: Sign, when: str) -> None:
    [account] = house.make_many("account", [{"name": "Криниця"}])
    assert browser("Olena").get(f"/account/{account}/?as_of={when}").status_code == 400


def test_a_record_that_is_not_there(house: House, browser: Sign) -> None:
    assert browser("Olena").get("/account/99999/?as_of=2026-05-04").status_code == 404
