import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time
from sqlalchemy import event

from crm.backoffice import outbox, records
from crm.backoffice.guard import system_session
from crm.backoffice.outbox import OutboxRow
from crm.organization.invitations import ask
from crm.organization.sign_in_models import AccountToken
from tests.sign_in.conftest import PASSWORD, Browser, House, make_house

NEW = "nine loud herons"


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    made = make_house(tmp_path, database_url, public_url="http://crm.firm.example")
    yield made
    made.engine.dispose()


def letters(house: House) -> list[EmailMessage]:
    """Lets the worker deliver, then reads the mails put into the folder and empties it."""
    with house.app.app_context():
        outbox.deliver(house.engine)
    folder: Path = house.app.extensions["brama"].settings.mail
    found = []
    for file in sorted(folder.glob("*.eml")):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        found.append(mail)
        file.unlink()
    return found


def link(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://crm\.firm\.example(/(?:reset|invitation)/[\w-]{43})\s", body.get_content())
    assert found, body.get_content()
    return found[1]


def invite(house: House, user_id: int) -> str:
    with system_session(house.engine, "test", house.catalog, write=True) as session:
        ask(session, user_id, "invitation")
        session.commit()
    return link(letters(house)[0])


def reset(house: House, email: str = "olha@firm.example") -> str:
    house.browser().post("/forgot", {"email": email})
    return link(letters(house)[0])


def choose(browser: Browser, path: str, password: str = NEW, **more: str) -> Any:
    return browser.post(path, {"password": password, **more}, page="/forgot")


def test_an_invitation_lets_a_person_choose_a_password_once_and_signs_him_in(house: House) -> None:
    path = invite(house, house.person(password=None))
    browser, late = house.browser(), house.browser()
    page = browser.get(path)
    assert page.status_code == 200
    assert 'value="olha@firm.example"' in page.text
    assert 'autocomplete="new-password"' in page.text
    assert choose(browser, path).location == "/"
    assert browser.is_signed_in()
    assert late.get(path).status_code == 410
    assert choose(late, path, "quite another phrase").status_code == 410
    assert not late.is_signed_in()
    assert late.sign_in(password="quite another phrase").status_code == 422
    assert late.sign_in(password=NEW).status_code == 303


def test_looking_at_the_link_does_not_use_it_up(house: House) -> None:
    path = invite(house, house.person(password=None))
    assert [house.browser().get(path).status_code for _ in range(3)] == [200, 200, 200]


def test_a_reset_ends_every_other_sign_in_and_the_old_password(house: House) -> None:
    house.person()
    thief, owner = house.browser(), house.browser()
    thief.sign_in()
    choose(owner, reset(house))
    assert owner.is_signed_in()
    assert not thief.is_signed_in()
    assert thief.sign_in(password=PASSWORD).status_code == 422


def test_a_weak_password_or_two_that_differ_are_refused_and_the_link_stays_good(house: House) -> None:
    house.person()
    path, browser = reset(house), house.browser()
    assert choose(browser, path, "short").status_code == 422
    assert choose(browser, path, "olha@firm.example").status_code == 422
    assert choose(browser, path, NEW, again=NEW + "s").status_code == 422
    assert not browser.is_signed_in()
    assert choose(browser, path, NEW, again=NEW).status_code == 303


def test_a_reset_link_lives_an_hour_and_an_invitation_seven_days(house: House) -> None:
    user_id = house.person()
    with freeze_time("2026-03-02 09:00:00") as clock:
        first, second = invite(house, user_id), reset(house)
        clock.tick(timedelta(minutes=59))
        assert house.browser().get(second).status_code == 200
        clock.tick(timedelta(minutes=2))
        assert house.browser().get(second).status_code == 410
        assert choose(house.browser(), second).status_code == 410
        clock.move_to("2026-03-09 08:59:00")
        assert house.browser().get(first).status_code == 200
        clock.move_to("2026-03-09 09:00:01")
        assert house.browser().get(first).status_code == 410


def test_a_newer_letter_takes_the_place_of_the_older(house: House) -> None:
    house.person()
    older = reset(house)
    newer = reset(house)
    assert house.browser().get(older).status_code == 410
    assert house.browser().get(newer).status_code == 200


@pytest.mark.parametrize("change", [{"email": "new@firm.example"}, {"active": False}, {"email": None}])
def test_a_link_dies_with_the_address_it_was_sent_to_and_with_the_access(house: House, change: dict[str, Any]) -> None:
    user_id = house.person()
    path = reset(house)
    house.change(user_id, **change)
    assert house.browser().get(path).status_code == 410
    assert choose(house.browser(), path).status_code == 410


def test_a_link_of_one_purpose_does_not_serve_the_other_and_a_made_up_one_nothing(house: House) -> None:
    path = invite(house, house.person(password=None))
    assert house.browser().get(path.replace("/invitation/", "/reset/")).status_code == 410
    assert house.browser().get("/reset/" + "a" * 43).status_code == 410
    assert house.browser().get("/reset/%F0%9F%90%A6").status_code == 410
    assert house.browser().get("/other/" + "a" * 43).status_code == 404


def test_known_and_unknown_addresses_get_the_same_answer_for_the_same_work_and_only_one_gets_a_letter(house: House) -> None:
    house.person()
    house.person("left@firm.example", "Лев", active=False)
    answers, work = set(), set()
    for email in ("olha@firm.example", "nobody@firm.example", "left@firm.example", "not an address", ""):
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any, seen: list[str] = seen) -> None:
            seen.append(statement.partition("(")[0][:40])

        event.listen(house.engine, "before_cursor_execute", note)
        answer = house.browser().post("/forgot", {"email": email})
        event.remove(house.engine, "before_cursor_execute", note)
        answers.add((answer.status_code, re.sub(r"content=\"I[\w.-]{40,}", "", answer.text)))
        work.add(tuple(seen))
    assert len(answers) == 1
    assert len(work) == 1
    assert [m["To"] for m in letters(house)] == ["olha@firm.example"]


def test_nobody_s_mailbox_is_filled_and_the_answer_does_not_tell(house: House) -> None:
    house.person()
    answers = {house.browser().post("/forgot", {"email": "olha@firm.example"}).status_code for _ in range(8)}
    assert answers == {200}
    assert len(letters(house)) == 3


def test_one_address_asking_for_many_people_has_to_wait(house: House) -> None:
    answers = [house.browser().post("/forgot", {"email": f"person{n}@firm.example"}) for n in range(21)]
    assert [a.status_code for a in answers] == [200] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_letter_has_text_and_html_in_the_language_of_its_reader(house: House) -> None:
    with freeze_time("2026-03-02 09:00:00"):
        for language, date in (("uk", "9 березня 2026, 11:00"), ("en", "9 March 2026, 11:00")):
            user_id = house.person(f"{language}@firm.example", "Ольга <b>Коваль</b>", password=None, language=language)
            with system_session(house.engine, "test", house.catalog, write=True) as session:
                ask(session, user_id, "invitation")
                session.commit()
            mail = letters(house)[0]
            assert "multipart/alternative" in {part.get_content_type() for part in mail.walk()}
            text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
            assert f'<html lang="{language}">' in html
            assert "Ольга <b>Коваль</b>" in text
            assert "Ольга &lt;b&gt;Коваль&lt;/b&gt;" in html
            assert link(mail) in html
            for part in (text, html):
                assert date in part
            assert mail["Subject"]


def test_the_link_stands_on_the_public_address_whatever_the_request_called_us(house: House) -> None:
    house.person()
    browser = house.browser(HTTP_HOST="evil.example")
    browser.post("/forgot", {"email": "olha@firm.example"})
    assert "evil" not in letters(house)[0].as_string()


def test_a_letter_does_not_wait_behind_messages_that_nobody_listens_to(house: House) -> None:
    invited = house.person(password=None)
    with system_session(house.engine, "test", house.catalog, write=True) as session:
        records.create_many(session, "account", [{"name": f"Криниця {n}"} for n in range(150)])
        session.commit()
    with system_session(house.engine, "test", house.catalog, write=True) as session:
        ask(session, invited, "invitation")
        session.commit()
    assert len(letters(house)) == 1


def test_neither_outbox_nor_tables_hold_a_link_that_works(house: House) -> None:
    house.person()
    path = reset(house)
    token = path.rpartition("/")[2]
    stored = str([vars(row) for cls in (OutboxRow, AccountToken) for row in house.rows(cls)])
    assert token not in stored
    for piece in re.findall(r"[0-9a-f]{32,64}", stored):
        assert house.browser().get(f"/reset/{piece}").status_code == 410


def test_a_letter_whose_delivery_failed_is_sent_again_with_a_link_that_works(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.person()
    house.browser().post("/forgot", {"email": "olha@firm.example"})
    with monkeypatch.context() as broken:
        broken.setattr("crm.extensions.put", lambda *_: (_ for _ in ()).throw(OSError("no space")))
        assert letters(house) == []
    path = link(letters(house)[0])
    assert house.browser().get(path).status_code == 200
    assert letters(house) == []


def test_nobody_is_written_to_who_has_left_meanwhile(house: House) -> None:
    user_id = house.person()
    house.browser().post("/forgot", {"email": "olha@firm.example"})
    house.change(user_id, active=False)
    assert letters(house) == []


def test_choosing_a_password_ends_the_pause_of_the_account(house: House) -> None:
    house.person()
    for _ in range(6):
        house.browser().sign_in(password="wrong wrong wrong")
    choose(house.browser(), reset(house))
    assert house.browser().sign_in(password=NEW).status_code == 303
