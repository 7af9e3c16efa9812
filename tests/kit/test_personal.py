"""What is kept about a person on a page: given as a file, erased once the code was typed; whoever may not is told so or knows of nothing."""

import io
import json
import re
import zipfile

import pytest
from sqlalchemy import select

from crm.backoffice import records
from crm.backoffice.guard import system_session
from crm.backoffice.job_queue import execute
from crm.backoffice.jobs import TABLE as JOBS
from crm.backoffice.journal import JournalRow
from tests.kit.test_merging import Sign
from tests.kit_forms.house import House

JOURNAL = JournalRow.__table__


def person(house: House, **values: object) -> int:
    [number] = house.make_many("contact", [{"name": "Їжакевич Ґанна", "email": "hanna@example.com", **values}])
    return int(number)


def run_jobs(house: House) -> None:
    runtime = house.app.extensions["brama"]
    with runtime.engine.connect() as connection:
        waiting = list(connection.execute(select(JOBS.c.id).where(JOBS.c.state == "queued")).scalars())
    for number in waiting:
        execute(runtime.engine, runtime.settings, runtime.refresh(), number)


def test_the_owner_gives_and_erases(house: House, browser: Sign) -> None:
    olena, number = browser("Olena"), person(house)
    house.make_many("deal", [{"name": "Їжакевич Ґанна: насос", "contact": number}])
    assert f"/contact/{number}/personal" in olena.page(f"/contact/{number}/")
    assert "What would it touch" in olena.page(f"/contact/{number}/personal?lang=en")
    given = json.loads(olena.page(f"/contact/{number}/personal?format=json"))
    assert given["records"][0]["rows"][0]["email"] == "hanna@example.com"
    archive = olena.get(f"/contact/{number}/personal?format=zip")
    assert "person.json" in zipfile.ZipFile(io.BytesIO(archive.data)).namelist() and "attachment" in archive.headers["Content-Disposition"]
    page = olena.page(f"/contact/{number}/personal?step=erase")
    assert f"C-{number}" in page and "<td class=\"b-num b-tn\">1</td>" in page
    wrong = olena.client.post(f"/contact/{number}/erase", data={"code": "C-0", "csrf_token": olena.token})
    assert wrong.status_code == 422 and "role=\"alert\"" in wrong.get_data(as_text=True)
    run_jobs(house)
    assert "Їжакевич" in olena.page(f"/contact/{number}/")
    done = olena.client.post(f"/contact/{number}/erase", data={"code": f"C-{number}", "csrf_token": olena.token})
    assert (done.status_code, done.headers["Location"]) == (303, f"/contact/{number}/")
    run_jobs(house)
    card = olena.page(f"/contact/{number}/")
    assert "Їжакевич" not in card and "Стерта особа" in card and "hanna@" not in card
    assert "Їжакевич" not in olena.page("/deal/") and "Їжакевич" not in olena.page(f"/contact/{number}/journal")
    runtime = house.app.extensions["brama"]
    with runtime.engine.connect() as connection:
        told = connection.execute(select(JOURNAL.c.action, JOURNAL.c.actor_id).where(JOURNAL.c.entity == "contact", JOURNAL.c.record_id == number)).all()
    assert [row.action for row in told] == ["create", "personal_export", "personal_export", "erase"] and told[-1].actor_id == house.people["Olena"]


def test_who_may_export_but_not_erase(house: House, browser: Sign) -> None:
    andrii, number = browser("Andrii"), person(house)
    assert "b-touched" not in (page := andrii.page(f"/contact/{number}/personal")) and f"/contact/{number}/erase" not in page
    assert andrii.get(f"/contact/{number}/personal?step=erase").status_code == 403
    assert andrii.client.post(f"/contact/{number}/erase", data={"code": f"C-{number}", "csrf_token": andrii.token}).status_code == 403
    assert andrii.get(f"/contact/{number}/personal?format=exe").status_code == 400


@pytest.mark.parametrize(("who", "path", "status"), [
    ("Roman", "/contact/{}/personal", 403), ("Roman", "/account/1/personal", 404), ("Olena", "/account/1/personal", 404),
    ("Olena", "/contact/99999/personal", 404), ("Olena", "/contact/99999/personal?format=json", 404),
])
def test_what_is_not_there(house: House, browser: Sign, who: str, path: str, status: int) -> None:
    assert browser(who).get(path.format(person(house))).status_code == status


def test_a_reason_to_keep_is_told_and_a_right_lost_meanwhile_stops_the_job(house: House, browser: Sign) -> None:
    olena, number = browser("Olena"), person(house, keep_reason="Суд")
    assert "Reason to keep" in olena.page(f"/contact/{number}/personal?step=erase")
    assert olena.client.post(f"/contact/{number}/erase", data={"code": f"C-{number}", "csrf_token": olena.token}).status_code == 422
    other = person(house)
    assert olena.client.post(f"/contact/{other}/erase", data={"code": f"C-{other}", "csrf_token": olena.token}).status_code == 303
    runtime = house.app.extensions["brama"]
    with system_session(runtime.engine, "test", runtime.refresh(), write=True) as session:
        records.change(session, "user", house.people["Olena"], {"active": False})
        session.commit()
    run_jobs(house)
    with runtime.engine.connect() as connection:
        assert connection.execute(select(JOBS.c.state)).scalars().all() != ["done"]
        table = runtime.catalog.entity("contact").table
        assert connection.execute(select(table.c.name).where(table.c.id == other)).scalar() == "Їжакевич Ґанна"


def test_texts_of_others_are_shown_and_only_what_is_ticked_goes(house: House, browser: Sign) -> None:
    olena, number = browser("Olena"), person(house, last_name="Їжакевич")
    sure, word, other = house.make_many("deal", [{"name": "Ворота: Їжакевич Ґанна"}, {"name": "Їжакевич <b>дзвонив"}, {"name": "Їжакевичі гуртом"}])
    page = olena.page(f"/contact/{number}/personal?step=erase&lang=en")
    assert "<mark>Їжакевич</mark> &lt;b&gt;дзвонив" in page
    boxes = {place: "checked" in tag for tag, place in re.findall(r'(<input[^>]* name="blank" value="([^"]+)"[^>]*>)', page)}
    assert boxes == {f"deal.{sure}.name": True, f"deal.{word}.name": False, f"deal.{other}.name": False}
    form = {"listed": list(boxes), "blank": [f"deal.{word}.name", "deal.77.name"], "csrf_token": olena.token}
    again = olena.client.post(f"/contact/{number}/erase", data={**form, "code": "C-0"}).get_data(as_text=True)
    assert re.search(rf'value="deal.{word}.name" checked', again) and not re.search(rf'value="deal.{sure}.name" checked', again), "what was ticked stays"
    assert olena.client.post(f"/contact/{number}/erase", data={**form, "code": f"C-{number}"}).status_code == 303
    run_jobs(house)
    assert [house.stored("deal", n)["name"] for n in (sure, word, other)] == ["Ворота: Їжакевич Ґанна", "[…] <b>дзвонив", "Їжакевичі гуртом"]
