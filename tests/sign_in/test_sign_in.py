import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time
from sqlalchemy import event

from crm.admin_views.gate import own_path
from crm.backoffice.journal import JournalRow
from crm.organization import sign_in
from crm.organization.sign_in import identify
from crm.organization.sign_in_models import token_hash
from crm.organization.sign_in_models import SignInSession
from tests.sign_in.conftest import PASSWORD, Browser, House, csrf, make_house

WRONG = "The e-mail or password is wrong"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def browser(house: House) -> Browser:
    house.person()
    return house.browser()


def test_the_right_password_opens_the_house_and_the_wrong_one_does_not(house: House, browser: Browser) -> None:
    refused = browser.sign_in(password="wrong wrong wrong", headers=ENGLISH)
    assert refused.status_code == 422
    assert WRONG in refused.text
    assert "wrong wrong wrong" not in refused.text
    assert not browser.is_signed_in()
    opened = browser.sign_in()
    assert (opened.status_code, opened.location) == (303, "/")
    assert browser.is_signed_in()


def test_a_script_that_follows_the_form_signs_in(browser: Browser) -> None:
    page = browser.get("/sign-in")
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found
    answer = browser.client.post("/sign-in", data={"email": "olha@firm.example", "password": PASSWORD, "csrf_token": found[1]}, headers={"Origin": "http://localhost"})
    assert (answer.status_code, answer.location) == (303, "/")


@pytest.mark.parametrize("typed", [" OLHA@Firm.Example ", "olha@firm.example"])
def test_the_address_is_taken_as_people_type_it(browser: Browser, typed: str) -> None:
    assert browser.sign_in(email=typed).status_code == 303


def test_unknown_left_and_deleted_people_get_the_answer_of_a_wrong_password_for_the_same_work(house: House, compared: list[str]) -> None:
    house.person()
    house.person("left@firm.example", "Лев", active=False)
    house.person("gone@firm.example", "Гнат", deleted_at=datetime.now().astimezone())
    house.person("new@firm.example", "Нова", password=None)
    browser = house.browser()
    texts, work = set(), []
    for email, password in [("olha@firm.example", "wrong wrong wrong"), ("nobody@firm.example", PASSWORD), ("left@firm.example", PASSWORD),
                            ("gone@firm.example", PASSWORD), ("new@firm.example", PASSWORD)]:
        compared.clear()
        before, statements = house.journaled("sign_in_failed"), count_statements(house)
        answer = browser.sign_in(email=email, password=password)
        texts.add(re.sub(r"I[\w.-]{40,}|" + re.escape(email), "", answer.text))
        work.append((answer.status_code, len(compared), house.journaled("sign_in_failed") - before, len(statements)))
    assert len(texts) == 1
    assert len(set(work)) == 1
    assert work[0][:3] == (422, 1, 1)


def count_statements(house: House) -> list[str]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(house.engine, "before_cursor_execute", note)
    return seen


def test_the_signed_in_person_is_found_by_one_query(house: House, browser: Browser) -> None:
    browser.sign_in()
    token = only_token(browser)
    seen = count_statements(house)
    who = identify(house.engine, token, date.today())
    assert who is not None
    assert (who.name, who.email) == ("Ольга Коваль", "olha@firm.example")
    assert [s.split()[0] for s in seen if not s.startswith("BEGIN")] == ["SELECT"]


def only_token(browser: Browser) -> str:
    with browser.client.session_transaction() as cookie:
        return str(cookie["_user_id"])


def test_the_table_holds_a_digest_and_the_cookie_a_random_token(house: House, browser: Browser) -> None:
    browser.sign_in()
    row = house.rows(SignInSession)[0]
    token = only_token(browser)
    assert len(token) >= 43
    assert row.token_hash == token_hash(token) != token
    assert identify(house.engine, row.token_hash, date.today()) is None


def test_every_sign_in_is_a_new_row_and_ends_the_one_this_browser_had(house: House, browser: Browser) -> None:
    browser.sign_in()
    first = only_token(browser)
    with browser.client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    browser.client.post("/sign-in", data={"email": "olha@firm.example", "password": PASSWORD, "csrf_token": csrf(browser.get("/profile/").text)})
    assert only_token(browser) != first
    assert identify(house.engine, first, date.today()) is None
    with browser.client.session_transaction() as cookie:
        assert "planted" not in cookie


def test_the_token_of_the_form_before_sign_in_is_of_no_use_afterwards(browser: Browser) -> None:
    planted = csrf(browser.get("/sign-in").text)
    browser.sign_in()
    assert browser.client.post("/sign-out", data={"csrf_token": planted}).status_code == 400
    assert browser.is_signed_in()


def test_signing_out_kills_the_cookie_even_for_whoever_copied_it(house: House, browser: Browser) -> None:
    browser.sign_in()
    thief = house.browser()
    thief.client.set_cookie("brama-8000", browser.cookie())
    assert thief.is_signed_in()
    assert browser.post("/sign-out", page="/profile/").location == "/sign-in"
    assert not browser.is_signed_in()
    assert not thief.is_signed_in()


def test_signing_out_here_leaves_other_devices_and_everywhere_ends_them_all(house: House, browser: Browser) -> None:
    phone, desk = house.browser(), house.browser()
    house.person("taras@firm.example", "Тарас")
    other = house.browser()
    for who in (browser, phone, desk):
        who.sign_in()
    other.sign_in("taras@firm.example")
    phone.post("/sign-out", page="/profile/")
    assert [b.is_signed_in() for b in (browser, phone, desk, other)] == [True, False, True, True]
    browser.post("/sign-out-everywhere", page="/profile/")
    assert [b.is_signed_in() for b in (browser, phone, desk, other)] == [False, False, False, True]


@pytest.mark.parametrize("end", [{"active": False}, {"deleted_at": datetime.now().astimezone()}, {"email": "new@firm.example"}, {"email": None}])
def test_whoever_left_or_has_another_address_is_out_at_the_next_request(house: House, end: dict[str, Any]) -> None:
    user_id = house.person()
    browser = house.browser()
    browser.sign_in()
    assert browser.is_signed_in()
    house.change(user_id, **end)
    answer = browser.get("/profile/")
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=/profile/")


def test_a_session_ends_after_idle_hours_a_kept_one_after_thirty_days(house: House) -> None:
    house.person()
    with freeze_time("2026-03-02 09:00:00") as clock:
        plain, kept = house.browser(), house.browser()
        plain.sign_in()
        assert "Expires" not in kept.get("/sign-in").headers.get("Set-Cookie", "")
        answer = kept.sign_in(keep="1")
        assert "Expires=Wed, 01 Apr 2026" in answer.headers["Set-Cookie"]
        clock.tick(timedelta(hours=11))
        assert plain.is_signed_in()
        clock.tick(timedelta(hours=11))
        assert plain.is_signed_in()
        clock.tick(timedelta(hours=13))
        assert not plain.is_signed_in()
        assert kept.is_signed_in()
        clock.move_to("2026-04-01 08:59:00")
        assert kept.is_signed_in()
        clock.move_to("2026-04-01 09:00:01")
        assert identify(house.engine, only_token(kept), date.today()) is None


def test_last_seen_is_written_at_most_every_five_minutes(house: House) -> None:
    house.person()
    with freeze_time("2026-03-02 09:00:00") as clock:
        browser = house.browser()
        browser.sign_in()
        seen = []
        for _ in range(6):
            clock.tick(timedelta(minutes=2))
            browser.get("/profile/")
            seen.append(house.rows(SignInSession)[0].seen_at.minute)
    assert seen == [0, 0, 6, 6, 6, 12]


def test_sign_ins_failures_and_sign_outs_stand_in_the_journal_without_what_was_typed(house: House, browser: Browser) -> None:
    browser.sign_in(password="wrong wrong wrong")
    browser.sign_in(email="typed.elsewhere@firm.example")
    browser.sign_in()
    browser.post("/sign-out", page="/profile/")
    rows = [r for r in house.rows(JournalRow) if r.action.startswith("sign")]
    user_id = rows[2].record_id
    assert [(r.action, r.actor_id, r.record_id) for r in rows] == [
        ("sign_in_failed", None, user_id), ("sign_in_failed", None, None), ("sign_in", user_id, user_id), ("sign_out", user_id, user_id),
    ]
    kept = str([(r.changes, r.reason) for r in rows])
    assert "127.0.0.1" in kept
    assert "wrong" not in kept
    assert "typed" not in kept


def test_too_many_attempts_are_answered_by_a_page_that_says_how_long_to_wait(house: House, browser: Browser) -> None:
    for _ in range(5):
        browser.sign_in(password="wrong wrong wrong")
    answer = browser.sign_in(headers=ENGLISH)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert "Too many attempts" in answer.text
    assert 'value="olha@firm.example"' in answer.text


def test_a_hash_of_older_parameters_is_renewed_at_sign_in_and_the_sign_in_lives(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = house.person()
    browser = house.browser()
    before = stored_hash(house, user_id)
    monkeypatch.setattr(sign_in, "outdated", lambda _stored: True)
    browser.sign_in()
    assert stored_hash(house, user_id) != before
    assert browser.is_signed_in()
    monkeypatch.undo()
    assert house.browser().sign_in().status_code == 303


def stored_hash(house: House, user_id: int) -> str:
    return str(next(r.password_hash for r in house.rows(sign_in.User) if r.id == user_id))


# --- the gate ---------------------------------------------------------------------------------------------------


def test_every_address_but_the_open_ones_asks_a_stranger_to_sign_in(house: House) -> None:
    adapter = house.app.url_map.bind("localhost")
    stranger, open_to_strangers = house.browser(), set()
    for rule in house.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        values = {name: "1" if "filename" not in name else "css/tokens.css" for name in rule.arguments}
        values |= {"purpose": "reset"} if "purpose" in rule.arguments else {}
        try:
            path = adapter.build(rule.endpoint, values)
        except Exception:
            continue
        answer = stranger.get(path)
        answer.close()
        if answer.status_code not in (302, 308, 404) or (answer.status_code == 302 and not answer.location.startswith("/sign-in")):
            open_to_strangers.add(rule.endpoint)
    allowed = {"static", "health", "sign_in.sign_in", "account_links.forgot", "account_links.choose"}
    assert open_to_strangers <= allowed
    assert "sign_in.sign_in" in open_to_strangers


def test_a_stranger_is_led_to_sign_in_and_then_to_the_page_he_wanted(browser: Browser) -> None:
    led = browser.get("/profile/sessions/?a=1&b=%D1%97")
    assert led.status_code == 302
    assert led.location.startswith("/sign-in?next=")
    page = browser.get(led.location)
    target = re.search(r'name="next" value="([^"]+)"', page.text)
    assert target
    answer = browser.sign_in(next=target[1].replace("&amp;", "&"))
    assert answer.location == "/profile/sessions/?a=1&b=%D1%97"


def test_scripts_are_told_that_the_sign_in_has_ended(browser: Browser) -> None:
    assert browser.get("/profile/", headers={"Accept": "application/json"}).status_code == 401
    answer = browser.get("/profile/", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/deal/?sort=name"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/deal/?sort%3Dname"


def test_whoever_is_signed_in_does_not_see_the_form_again(browser: Browser) -> None:
    browser.sign_in()
    assert browser.get("/sign-in?next=/profile/").location == "/profile/"


@pytest.mark.parametrize("evil", [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/sign-out", "", "profile/",
    "/a\r\nSet-Cookie: x=1",
    "/" + "a" * 3000, "/\t/evil.example", "http:evil.example", "/%0d%0a/..\\evil",
])
def test_after_sign_in_nobody_is_led_to_another_site(browser: Browser, evil: str) -> None:
    assert own_path(evil) is None
    assert browser.sign_in(next=evil).location == "/"


@pytest.mark.parametrize("path", ["/", "/deal/?where=%7B%7D&sort=-amount", "/deal/12/edit/"])
def test_own_paths_are_followed(browser: Browser, path: str) -> None:
    assert browser.sign_in(next=path).location == path


def test_without_its_token_no_unsafe_request_is_answered(house: House, browser: Browser) -> None:
    browser.sign_in()
    unsafe = {(m, r.rule) for r in house.app.url_map.iter_rules() for m in (r.methods or ()) & {"POST", "PUT", "PATCH", "DELETE"}}
    for method, rule in sorted(unsafe):
        path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule).replace("<made:made>", "register")
        path = re.sub(r"<string\(length=(\d+)\)[^>]*>", lambda part: "1" * int(part[1]), path)
        path = re.sub(r"<[^>]*>", "1", path)
        for data in ({"a": "1"}, {"csrf_token": "made-up"}):  # answered as to a script: a page of an error takes ten times as long
            assert browser.client.open(path, method=method, data=data, headers={"Accept": "application/json"}).status_code == 400, (method, path)
    assert browser.is_signed_in()


def test_a_sign_in_form_that_lost_its_cookie_is_given_again_with_what_was_typed(browser: Browser) -> None:
    answer = browser.client.post("/sign-in", data={"email": "olha@firm.example", "password": PASSWORD, "csrf_token": "old"})
    assert answer.status_code == 400
    assert 'value="olha@firm.example"' in answer.text
    assert csrf(answer.text)
    assert not browser.is_signed_in()


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:8001"}, {"Origin": "https://localhost"},
    {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://localhost.evil.example"}, {"Origin": "nonsense"},
])
def test_a_form_sent_from_another_site_does_nothing_even_with_a_token(browser: Browser, headers: dict[str, str]) -> None:
    assert browser.sign_in(headers=headers).status_code == 400
    assert not browser.is_signed_in()


@pytest.mark.parametrize("headers", [
    {"Origin": "http://localhost"}, {"Origin": "http://localhost:80"}, {"Origin": "http://127.0.0.1:8000"}, {"Sec-Fetch-Site": "same-origin"}, {},
])
def test_a_form_of_our_own_is_taken(browser: Browser, headers: dict[str, str]) -> None:
    assert browser.sign_in(headers=headers).status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(browser: Browser) -> None:
    given = browser.sign_in().headers["Set-Cookie"]
    assert given.startswith("brama-8000=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(given.split("; "))
    assert "Secure" not in given


def test_under_https_the_cookie_travels_over_https_only(tmp_path: Path, database_url: str) -> None:
    house = make_house(tmp_path, database_url, public_url="https://crm.firm.example")
    house.person()
    client = house.app.test_client()
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "crm.firm.example", "X-Forwarded-For": "203.0.113.7"}
    proxied: dict[str, Any] = {"base_url": "http://127.0.0.1:8000", "headers": forwarded}
    token = csrf(client.get("/sign-in", **proxied).text)
    answer = client.post("/sign-in", data={"email": "olha@firm.example", "password": PASSWORD, "csrf_token": token}, **proxied)
    given = answer.headers["Set-Cookie"]
    assert answer.status_code == 303
    assert given.startswith("__Host-brama=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(given.split("; "))
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    assert house.rows(SignInSession)[0].address == "203.0.113.7"
    house.engine.dispose()
    house.engine.dispose()


def test_the_form_lets_password_managers_work_and_runs_no_inline_script(browser: Browser) -> None:
    page = browser.get("/sign-in")
    assert 'autocomplete="username"' in page.text
    assert 'autocomplete="current-password"' in page.text
    assert "onpaste" not in page.text
    assert not re.search(r"<script(?![^>]*(src=|application/json))", page.text)
    assert not re.search(r"\s(style|on\w+)=", page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
