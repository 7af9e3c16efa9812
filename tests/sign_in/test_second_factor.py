"""Two-step sign-in: turned on by a code, asked for after the password, good once, given back by recovery codes, reset by others."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pyotp
import pytest
import segno
from freezegun import freeze_time
from sqlalchemy import select, update

from crm.backoffice import outbox
from crm.backoffice.configuration import CompanySettings
from crm.backoffice.guard import system_session
from crm.backoffice.vault import Vault
from crm.organization import one_time
from crm.organization.second_factor import place
from crm.organization.second_factor_models import RecoveryCode, SecondFactor, SignInStep, UsedCode
from crm.organization.sign_in_models import SignInSession
from tests.sign_in.conftest import PASSWORD, Browser, House, csrf

PAGE = "/profile/second-factor/"
ENGLISH = {"Accept-Language": "en"}


def key_on(page: str) -> str:
    found = re.search(r'b-secret" translate="no">([A-Z2-7 ]+)<', page)
    assert found, "no key is shown"
    return found[1].replace(" ", "")


def codes_on(page: str) -> list[str]:
    return re.findall(r'<li class="b-mono">([\w-]+)</li>', page)


def code(key: str, ahead: int = 1) -> str:
    """A code that counts now and for half a minute at least: of the step after this one, as that of this step turned it on."""
    return pyotp.TOTP(key).generate_otp(int(datetime.now(UTC).timestamp()) // 30 + ahead)


def wrong_code(key: str) -> str:
    near = {code(key, n) for n in range(-2, 4)}
    return next(w for w in ("000000", "111111", "222222", "333333", "444444", "555555", "666666") if w not in near)


def turn_on(browser: Browser) -> tuple[str, list[str]]:
    """The key and the recovery codes of a person who has just turned it on, by the code of this step."""
    assert browser.post(PAGE + "begin", {"current": PASSWORD}, page=PAGE).status_code == 303
    key = key_on(browser.get(PAGE).text)
    answer = browser.post(PAGE + "confirm", {"code": code(key, 0)}, page=PAGE)
    assert answer.status_code == 200
    return key, codes_on(answer.text)


def give(browser: Browser, typed: str, **more: str) -> Any:
    return browser.post("/sign-in/code", {"code": typed, **more})


@pytest.fixture
def browser(house: House) -> Browser:
    house.person()
    signed_in = house.browser()
    signed_in.sign_in()
    return signed_in


def test_without_the_password_no_key_is_made(house: House, browser: Browser) -> None:
    assert browser.post(PAGE + "begin", {"current": "wrong wrong wrong"}, page=PAGE).status_code == 422
    assert house.rows(SecondFactor) == []


def test_until_a_code_is_shown_nothing_is_asked_and_only_the_browser_that_began_sees_the_key(house: House, browser: Browser) -> None:
    browser.post(PAGE + "begin", {"current": PASSWORD}, page=PAGE)
    page = browser.get(PAGE).text
    key = key_on(page)
    assert "<svg" in page
    assert browser.post(PAGE + "confirm", {"code": wrong_code(key)}, page=PAGE).status_code == 422
    other = house.browser()
    assert other.sign_in().location == "/"
    assert key not in other.get(PAGE).text.replace(" ", "")
    assert other.post(PAGE + "confirm", {"code": code(key)}, page=PAGE).status_code == 422
    assert house.journaled("second_factor_on") == 0


def test_a_key_waits_fifteen_minutes(house: House, browser: Browser) -> None:
    browser.post(PAGE + "begin", {"current": PASSWORD}, page=PAGE)
    key = key_on(browser.get(PAGE).text)
    with freeze_time(datetime.now(UTC) + timedelta(minutes=16)):
        assert key not in browser.get(PAGE).text.replace(" ", "")
        assert browser.post(PAGE + "confirm", {"code": code(key)}, page=PAGE).status_code == 422


def test_the_key_is_sealed_and_recovery_codes_are_digests(house: House, browser: Browser) -> None:
    key, paper = turn_on(browser)
    row = house.rows(SecondFactor)[0]
    assert key not in row.key
    assert Vault("k" * 40).open(row.key, place(row.user_id)) == key
    assert Vault("another" * 9).open(row.key, place(row.user_id)) is None
    assert Vault("k" * 40).open(row.key, place(row.user_id + 1)) is None
    assert Vault("k" * 40).open(row.key[:-6] + "AAAAA=", place(row.user_id)) is None
    stored = {r.digest for r in house.rows(RecoveryCode)}
    assert stored == {one_time.paper_digest(row.user_id, one) for one in paper}
    assert len(stored) == 10
    assert all(len(one.replace("-", "")) == 24 for one in paper)


def test_turning_it_on_ends_other_sign_ins(house: House, browser: Browser) -> None:
    other = house.browser()
    other.sign_in()
    turn_on(browser)
    assert browser.is_signed_in()
    assert not other.is_signed_in()
    assert house.journaled("second_factor_on") == 1


def test_the_password_alone_opens_no_session(house: House, browser: Browser) -> None:
    key, _ = turn_on(browser)
    sessions = len(house.rows(SignInSession))
    stranger = house.browser()
    answer = stranger.sign_in(next="/account/")
    assert (answer.status_code, answer.location) == (303, "/sign-in/code?next=/account/")
    assert len(house.rows(SignInSession)) == sessions
    assert not stranger.is_signed_in()
    assert give(stranger, "12345", next="/account/").status_code == 422
    assert not stranger.is_signed_in()
    done = give(stranger, code(key), next="/account/")
    assert (done.status_code, done.location) == (303, "/account/")
    assert stranger.is_signed_in()
    with stranger.client.session_transaction() as cookie:
        assert "sign_in_step" not in cookie
    assert house.journaled("second_factor_failed") == 1


def test_a_code_is_good_once(house: House, browser: Browser) -> None:
    key, _ = turn_on(browser)
    first, second = house.browser(), house.browser()
    first.sign_in()
    second.sign_in()
    now = code(key)
    assert give(first, now).status_code == 303
    assert give(second, now).status_code == 422
    assert not second.is_signed_in()
    with freeze_time(datetime.now(UTC) + timedelta(minutes=2)):
        assert give(second, code(key)).status_code == 303


def test_one_code_sent_by_two_browsers_at_once_signs_one_of_them_in(house: House, browser: Browser) -> None:
    key, paper = turn_on(browser)
    for typed in (code(key), paper[0]):
        two = [house.browser(), house.browser()]
        for one in two:
            one.sign_in()
        answers = at_once([lambda one=one, typed=typed: give(one, typed).status_code for one in two])
        assert sorted(answers) == [303, 422]
        assert sorted(one.is_signed_in() for one in two) == [False, True]


def test_one_step_is_finished_once_whatever_codes_are_sent(house: House, browser: Browser) -> None:
    _, paper = turn_on(browser)
    first = house.browser()
    first.sign_in()
    copied = house.browser()
    with first.client.session_transaction() as cookie, copied.client.session_transaction() as copy:
        copy.update(cookie)
    answers = at_once([lambda: give(first, paper[0]), lambda: give(copied, paper[1])])
    assert sorted(a.location for a in answers) == ["/", "/sign-in"]


def at_once(work: list[Callable[[], Any]]) -> list[Any]:
    line = Barrier(len(work))

    def run(one: Callable[[], Any]) -> Any:
        line.wait()
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return [f.result() for f in [pool.submit(run, one) for one in work]]


@pytest.mark.parametrize(("off", "status"), [(-60, 422), (-30, 303), (0, 303), (30, 303), (60, 422)])
def test_the_clock_of_the_phone_may_be_off_by_one_step(house: House, browser: Browser, off: int, status: int) -> None:
    key, _ = turn_on(browser)
    later = datetime.now(UTC) + timedelta(minutes=5)
    with freeze_time(later):
        stranger = house.browser()
        stranger.sign_in()
        assert give(stranger, code(key, off // 30)).status_code == status


def test_a_clock_set_back_neither_shuts_out_nor_takes_an_old_code_again(house: House, browser: Browser) -> None:
    key, _ = turn_on(browser)
    now = datetime.now(UTC).replace(microsecond=0)
    with freeze_time(now + timedelta(hours=3)):
        ahead = house.browser()
        ahead.sign_in()
        assert give(ahead, code(key)).status_code == 303
    with freeze_time(now + timedelta(minutes=10)):
        back = house.browser()
        back.sign_in()
        typed = code(key)
        assert give(back, typed).status_code == 303
    with freeze_time(now + timedelta(minutes=10, seconds=20)):
        again = house.browser()
        again.sign_in()
        assert give(again, typed).status_code == 422


def test_guesses_are_paused_and_the_password_does_not_wash_them_away(house: House, browser: Browser) -> None:
    key, _ = turn_on(browser)
    stranger = house.browser(REMOTE_ADDR="203.0.113.9")
    stranger.sign_in()
    statuses = [give(stranger, wrong_code(key)).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    stranger.sign_in()
    paused = give(stranger, code(key))
    assert paused.status_code == 429
    assert int(paused.headers["Retry-After"]) > 0
    assert not stranger.is_signed_in()
    own = house.browser()  # from where the person signed in lately
    own.sign_in()
    assert give(own, code(key)).status_code == 303


def test_a_recovery_code_works_once_however_it_is_typed(house: House, browser: Browser) -> None:
    _, paper = turn_on(browser)
    first = house.browser()
    first.sign_in()
    assert first.get("/sign-in/code?paper=1").status_code == 200
    assert give(first, f" {paper[3].upper().replace('-', ' ')} ", paper="1").status_code == 303
    assert first.is_signed_in()
    second = house.browser()
    second.sign_in()
    assert give(second, paper[3], paper="1").status_code == 422
    assert give(second, paper[4], paper="1").status_code == 303
    assert house.journaled("recovery_code_used") == 2
    page = second.get(PAGE, headers=ENGLISH).text
    assert "8 recovery codes are left" in page
    assert not any(one in page for one in paper)


def test_new_recovery_codes_end_the_old_ones_and_need_password_and_code(house: House, browser: Browser) -> None:
    key, paper = turn_on(browser)
    assert browser.post(PAGE + "renew", {"current": "wrong wrong", "code": code(key)}, page=PAGE).status_code == 422
    assert browser.post(PAGE + "renew", {"current": PASSWORD, "code": "1"}, page=PAGE).status_code == 422
    renewed = codes_on(browser.post(PAGE + "renew", {"current": PASSWORD, "code": code(key)}, page=PAGE).text)
    assert len(renewed) == 10
    assert not set(renewed) & set(paper)
    stranger = house.browser()
    stranger.sign_in()
    assert give(stranger, paper[0]).status_code == 422
    assert give(stranger, renewed[0]).status_code == 303


def test_it_is_turned_off_by_password_and_code(house: House, browser: Browser) -> None:
    key, _ = turn_on(browser)
    assert browser.post(PAGE + "off", {"current": "wrong wrong", "code": code(key)}, page=PAGE).status_code == 422
    assert browser.post(PAGE + "off", {"current": PASSWORD, "code": ""}, page=PAGE).status_code == 422
    assert len(house.rows(SecondFactor)) == 1
    assert browser.post(PAGE + "off", {"current": PASSWORD, "code": code(key)}, page=PAGE).status_code == 303
    assert house.browser().sign_in().location == "/"
    for kept in (SecondFactor, RecoveryCode, UsedCode, SignInStep):
        assert house.rows(kept) == []
    assert house.journaled("second_factor_off") == 1


def test_a_new_password_by_a_letter_does_not_pass_the_second_step(house: House, browser: Browser, tmp_path: Path) -> None:
    key, _ = turn_on(browser)
    stranger = house.browser()
    stranger.post("/forgot", {"email": "olha@firm.example"})
    with house.app.app_context():
        outbox.deliver(house.engine)
    letter = next((tmp_path / "mail").glob("*.eml")).read_text().replace("=\n", "")
    link = re.search(r"/reset/[\w-]{20,}", letter)
    assert link
    answer = stranger.post(link[0], {"password": "nine loud herons", "again": "nine loud herons"})
    assert answer.location == "/sign-in/code"
    assert not stranger.is_signed_in()
    assert give(stranger, code(key)).status_code == 303
    assert stranger.is_signed_in()


@pytest.mark.parametrize("what", ["password", "email", "left", "late"])
def test_a_step_half_done_ends_with_what_it_rests_on(house: House, browser: Browser, what: str) -> None:
    key, _ = turn_on(browser)
    stranger = house.browser()
    stranger.sign_in()
    token = csrf(stranger.get("/sign-in/code").text)
    user_id = house.rows(SecondFactor)[0].user_id
    if what == "password":
        house.change(user_id, password_changed_at=datetime.now(UTC))
    elif what == "email":
        house.change(user_id, email="other@firm.example")
    elif what == "left":
        house.change(user_id, active=False)
    else:
        with system_session(house.engine, "test", house.catalog, write=True) as session:
            session.execute(update(SignInStep).values(expires_at=datetime.now(UTC)))
            session.commit()
    assert stranger.client.post("/sign-in/code", data={"csrf_token": token, "code": code(key)}).location == "/sign-in"
    assert stranger.get("/sign-in/code").location == "/sign-in"
    assert not stranger.is_signed_in()


def test_with_another_secret_key_the_authenticator_is_lost_and_paper_still_works(house: House, browser: Browser) -> None:
    key, paper = turn_on(browser)
    house.app.extensions["brama"].vault = Vault("another" * 9)
    stranger = house.browser()
    stranger.sign_in()
    assert give(stranger, code(key)).status_code == 422
    assert give(stranger, paper[0]).status_code == 303


def test_the_operator_resets_it_and_sign_ins_end(house: House, browser: Browser) -> None:
    turn_on(browser)
    run = house.app.test_cli_runner()
    assert run.invoke(args=["user", "reset-second-factor", "nobody@firm.example"]).exit_code == 1
    done = run.invoke(args=["user", "reset-second-factor", " Olha@Firm.example "])
    assert (done.exit_code, '"reset": true' in done.stdout) == (0, True)
    assert not browser.is_signed_in()
    assert house.browser().sign_in().location == "/"
    assert house.journaled("second_factor_reset") == 1
    assert '"reset": false' in run.invoke(args=["user", "reset-second-factor", "olha@firm.example"]).stdout


def test_nobody_asks_for_a_code_who_has_not_shown_a_password(house: House, browser: Browser) -> None:
    stranger = house.browser()
    assert stranger.get("/sign-in/code").location == "/sign-in"
    assert stranger.post("/sign-in/code", {"code": "123456"}, page="/sign-in").location == "/sign-in"
    with stranger.client.session_transaction() as cookie:
        cookie["sign_in_step"] = "x" * 43
    assert stranger.get("/sign-in/code").location == "/sign-in"


def test_what_is_no_code_is_refused(house: House, browser: Browser) -> None:
    turn_on(browser)
    stranger = house.browser()
    stranger.sign_in()
    for typed in ("", "12\x003456", "9" * 5000, "🙂" * 6):
        assert give(stranger, typed).status_code == 422


@pytest.mark.parametrize("typed", ["", " ", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "-12345", "+12345", "12.456"])
def test_only_six_digits_of_these_steps_are_a_code(typed: str) -> None:
    assert one_time.step_of(one_time.new_key(), typed, datetime.now(UTC)) is None


def test_a_code_is_taken_with_spaces_and_wide_digits() -> None:
    key, now = one_time.new_key(), datetime.now(UTC)
    digits = code(key, 0)
    wide = "".join(chr(ord(d) + 0xFEE0) for d in digits)
    assert [one_time.step_of(key, typed, now) for typed in (f" {digits[:3]} {digits[3:]}", wide)] == [int(now.timestamp()) // 30] * 2


def test_steps_that_ran_out_are_swept(house: House, browser: Browser) -> None:
    turn_on(browser)
    house.browser().sign_in()
    with freeze_time(datetime.now(UTC) + timedelta(minutes=11)):
        house.browser().sign_in()
    with system_session(house.engine, "test", house.catalog) as session:
        assert len(session.execute(select(SignInStep.id)).all()) == 1


@pytest.mark.parametrize("company", ["Ю" * 255, "«:»" * 80, "👍" * 200, "\u0301" * 200])
def test_a_company_of_a_long_name_has_a_picture_for_authenticators(house: House, company: str) -> None:
    house.person(email=f"{'o' * 60}@{'f' * 60}.{'g' * 60}.example")
    with system_session(house.engine, "test", house.catalog, write=True) as session:
        session.execute(update(CompanySettings).values(name=company))
        session.commit()
    house.app.extensions["brama"].refresh()
    browser = house.browser()
    browser.sign_in(f"{'o' * 60}@{'f' * 60}.{'g' * 60}.example")
    turn_on(browser)


def test_the_longest_names_fit_the_picture() -> None:
    assert segno.make(one_time.address(one_time.new_key(), "ї" * 400, "👍" * 255), error="m", micro=False).version <= 40
