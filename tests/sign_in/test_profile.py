import re

import pytest

from crm.admin_views.profile import device, sign, zone_choices
from crm.backoffice.journal import JournalRow
from crm.organization.models import User
from crm.organization.sign_in_models import SignInSession
from tests.sign_in.conftest import PASSWORD, Browser, House

NEW = "nine loud herons"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def browser(house: House) -> Browser:
    house.person()
    signed_in = house.browser()
    signed_in.sign_in()
    return signed_in


def user(house: House) -> User:
    found: User = house.rows(User)[0]
    return found


def test_preferences_are_kept_and_followed_and_journaled(house: House, browser: Browser) -> None:
    answer = browser.post("/profile/", {"language": "en", "time_zone": "America/New_York", "theme": "dark", "density": "compact"})
    assert answer.status_code == 303
    kept = user(house)
    assert (kept.language, kept.time_zone, kept.theme, kept.density) == ("en", "America/New_York", "dark", "compact")
    page = browser.get("/profile/").text
    assert '<html lang="en"' in page
    assert 'data-theme="dark"' in page
    changes = [r.changes for r in house.rows(JournalRow) if r.action == "preferences"]
    assert changes == [{"language": [None, "en"], "time_zone": [None, "America/New_York"], "theme": [None, "dark"], "density": [None, "compact"]}]


def test_an_empty_preference_goes_back_to_the_default_and_one_not_sent_stays(house: House, browser: Browser) -> None:
    browser.post("/profile/", {"language": "en", "time_zone": "Europe/Paris"})
    browser.post("/profile/", {"time_zone": ""})
    assert (user(house).language, user(house).time_zone) == ("en", None)


@pytest.mark.parametrize("wrong", [
    {"language": "de"}, {"time_zone": "Mars/Olympus"}, {"time_zone": "../../etc/passwd"}, {"theme": "<script>"}, {"density": "x" * 5000},
])
def test_what_is_not_on_offer_is_refused_and_nothing_is_written(house: House, browser: Browser, wrong: dict[str, str]) -> None:
    answer = browser.post("/profile/", {"language": "en", **wrong})
    assert answer.status_code == 422
    assert user(house).language is None
    assert "<script>" not in answer.text


def test_switches_of_the_frame_keep_theme_and_density(house: House, browser: Browser) -> None:
    assert browser.post("/profile/look", {"theme": "dark"}, page="/profile/").status_code == 204
    assert user(house).theme == "dark"
    assert browser.post("/profile/look", {"theme": "pink"}, page="/profile/").status_code == 422
    assert user(house).theme == "dark"


def test_only_look_and_language_can_be_set_here(house: House, browser: Browser) -> None:
    before = {c.name: getattr(user(house), c.name) for c in User.__table__.columns}
    browser.post("/profile/", {c: "1" for c in before if c not in ("language", "time_zone", "theme", "density")})
    browser.post("/profile/look", {c: "1" for c in before if c not in ("theme", "density")}, page="/profile/")
    assert {c.name: getattr(user(house), c.name) for c in User.__table__.columns} == before


def test_a_new_password_needs_the_current_one_and_ends_all_other_sign_ins(house: House, browser: Browser) -> None:
    phone = house.browser()
    phone.sign_in()
    refused = browser.post("/profile/password", {"current": "wrong wrong wrong", "password": NEW, "again": NEW}, page="/profile/")
    assert refused.status_code == 422
    assert phone.is_signed_in()
    with browser.client.session_transaction() as cookie:
        before = cookie["_user_id"]
    assert browser.post("/profile/password", {"current": PASSWORD, "password": NEW, "again": NEW}, page="/profile/").status_code == 303
    with browser.client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert browser.is_signed_in()
    assert not phone.is_signed_in()
    assert house.browser().sign_in(password=PASSWORD).status_code == 422
    assert house.browser().sign_in(password=NEW).status_code == 303


@pytest.mark.parametrize("given", [{"password": "short"}, {"password": "olha@firm.example"}, {"password": NEW, "again": "other words here"}])
def test_a_weak_new_password_changes_nothing(house: House, browser: Browser, given: dict[str, str]) -> None:
    assert browser.post("/profile/password", {"current": PASSWORD, **given}, page="/profile/").status_code == 422
    assert house.browser().sign_in().status_code == 303
    assert browser.is_signed_in()


def test_guessing_the_current_password_of_an_unlocked_screen_has_to_wait(browser: Browser, compared: list[str]) -> None:
    for n in range(8):
        browser.post("/profile/password", {"current": f"wrong wrong {n}", "password": NEW, "again": NEW}, page="/profile/")
    assert len(compared) == 5
    refused = browser.post("/profile/password", {"current": PASSWORD, "password": NEW, "again": NEW}, page="/profile/")
    assert refused.status_code == 422


def test_one_sees_and_ends_one_s_own_sign_ins_only(house: House, browser: Browser) -> None:
    house.person("taras@firm.example", "Тарас")
    other, phone = house.browser(), house.browser(REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT=FIREFOX)
    other.sign_in("taras@firm.example")
    phone.sign_in()
    page = browser.get("/profile/sessions/").text
    assert "Firefox, Linux" in page
    assert "203.0.113.7" in page
    ends = re.findall(r'action="(/profile/sessions/\d+/end)"', page)
    assert len(ends) == 1
    theirs = next(r.id for r in house.rows(SignInSession) if r.user_id != user(house).id)
    assert browser.post(f"/profile/sessions/{theirs}/end", page="/profile/").status_code == 404
    assert browser.post("/profile/sessions/99999999999999999999999/end", page="/profile/").status_code == 404
    assert other.is_signed_in()
    assert browser.post(ends[0], page="/profile/").status_code == 303
    assert not phone.is_signed_in()
    assert browser.is_signed_in()
    assert "Firefox" not in browser.get("/profile/sessions/").text


def test_what_a_browser_calls_itself_is_shown_as_text(house: House, browser: Browser) -> None:
    house.browser(HTTP_USER_AGENT="<script>alert(1)</script> Firefox/1").sign_in()
    page = browser.get("/profile/sessions/").text
    assert "alert(1)" not in page
    assert device("") == device("curl/8") != device(FIREFOX)


def test_time_zones_are_named_in_the_reader_s_language_with_their_offset() -> None:
    assert ("Europe/Kyiv", "Київ, UTC+2") in zone_choices("uk", "2026-01-15")
    assert ("Europe/Kyiv", "Kyiv, UTC+3") in zone_choices("en", "2026-07-15")
    assert not {"Europe/Kiev", "Asia/Calcutta", "US/Eastern"} & dict(zone_choices("en", "2026-07-15")).keys()
    assert [sign(n) for n in (0, 7200, -12600, 20700)] == ["", "+2", "−3:30", "+5:45"]
