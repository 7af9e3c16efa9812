"""What every answer carries, and how refusals and faults are told: as a page, as JSON, as a toast; in the reader's language."""

import io
import json
import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, Response
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from config import ROOT, Settings
from crm.assets import mark_of
from crm.backoffice.configuration import CompanySettings
from crm.backoffice.guard import system_session
from crm.errors import NotFound
from crm.headers import path_without_secrets

Install = Callable[[Settings], Flask]
GIGABYTE = 1024**3


@pytest.fixture
def faulty(settings: Settings, install: Install) -> Flask:
    """An application with a page that fails and one that refuses."""
    app = install(settings)

    def fail() -> Response:
        raise RuntimeError("password 4711 of table user")

    def refuse() -> Response:
        raise NotFound()

    for path, view in (("/fails", fail), ("/refuses", refuse)):
        view.__dict__["open_to_all"] = True
        app.add_url_rule(path, path, view)
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def test_pages_carry_the_headers_that_keep_foreign_scripts_out(app: Flask) -> None:
    headers = app.test_client().get("/sign-in").headers
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_only_https_promises_https(settings: Settings, install: Install) -> None:
    secure = install(replace(settings, public_url="https://crm.example.com"))
    answer = secure.test_client().get("/sign-in", base_url="https://crm.example.com")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_static_files_are_kept_a_year_only_under_the_mark_of_what_stands_there(app: Flask) -> None:
    client = app.test_client()
    with app.test_request_context():
        marked = app.url_for("static", filename="js/main.js")
    mark = marked.split("/")[2]
    for address, status, kept in ((marked, 200, "immutable"), (f"/static/{mark}/js/net.js", 200, "immutable"), ("/static/js/main.js", 200, "no-cache"),
                                  ("/static/v-0123/js/main.js", 200, "no-cache"), (f"/static/{mark}/js/nothing.js", 404, "no-cache"),
                                  (f"/static/{mark}/../../config.py", 404, "no-cache")):
        with client.get(address) as answer:  # closes the file that is being sent
            assert answer.status_code == status
            assert (kept in answer.headers["Cache-Control"], "immutable" in answer.headers["Cache-Control"]) == (True, kept == "immutable"), address


def test_any_other_content_or_name_in_the_folder_is_another_mark(tmp_path: Path) -> None:
    marks = []
    for name, content in (("a.js", "1"), ("a.js", "2"), ("b.js", "2")):
        folder = tmp_path / str(len(marks))
        (folder / "js").mkdir(parents=True)
        (folder / "js" / name).write_text(content)
        marks.append(mark_of(str(folder)))
    assert len(set(marks)) == 3


def test_of_two_who_make_the_same_at_once_the_later_may_try_again(faulty: Flask) -> None:
    for why, status in (
        (sqlite3.IntegrityError("UNIQUE constraint failed: report_star.user_id, report_star.report_id"), 409), (UniqueViolation("constraint 4711"), 409),
        (sqlite3.IntegrityError("FOREIGN KEY constraint failed"), 500), (ForeignKeyViolation("constraint 4711"), 500),
    ):
        error = IntegrityError("INSERT", {"secret": 4711}, why)
        with faulty.test_request_context():
            answer = faulty.make_response(faulty.handle_user_exception(error))
        assert answer.status_code == status and not re.search("4711|constraint", answer.get_data(as_text=True))


def test_no_address_that_is_as_good_as_a_sign_in_is_kept(app: Flask) -> None:
    for path, kept in (("/offer/s3cr3t", "/offer/<secret>"), ("/offer/s3cr3t/sheet.pdf", "/offer/<secret>/sheet.pdf"), ("/deal/7/", "/deal/7/"),
                       ("/calendar/s3cr3t.ics", "/calendar/<secret>.ics"), ("/reset/s3cr3t", "/reset/<token>"), ("/nothing/s3cr3t", "/nothing/s3cr3t")):
        with app.test_request_context(path):
            assert path_without_secrets() == kept
    for file in ("error_pages.py", "admin_views/kit/context.py"):
        assert "request.path" not in (ROOT / "crm" / file).read_text(), "logs and the journal keep what is left of it"


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/refuses"])
def test_what_does_not_exist_is_answered_with_a_sentence_in_the_language_asked_for(faulty: Flask, path: str) -> None:
    client = faulty.test_client()
    english = client.get(f"{path}?lang=en")
    assert english.status_code == 404
    assert "There is no such" in english.get_data(as_text=True)
    assert 'lang="en"' in english.get_data(as_text=True)
    assert 'lang="uk"' in client.get(f"{path}?lang=uk").get_data(as_text=True)


@pytest.mark.parametrize("address", ["http://[x", "https://localhost:99999/", "http://a]b/", "http://\u2100.example/"])
def test_a_header_that_is_no_address_leads_a_stranger_to_the_sign_in_page(app: Flask, address: str) -> None:
    client = app.test_client()
    answer = client.get("/", headers={"HX-Request": "true", "HX-Current-URL": address.encode().decode("latin-1")})
    assert (answer.status_code, answer.headers["HX-Redirect"].split("?")[0]) == (401, "/sign-in")
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    assert found
    sent = client.post("/account/remove", headers={"X-CSRFToken": found[1], "Referer": address.encode().decode("latin-1")})
    assert (sent.status_code, sent.headers["Location"].split("?")[0]) == (303, "/sign-in")


def test_the_language_asked_for_is_kept(app: Flask) -> None:
    client = app.test_client()
    client.get("/sign-in?lang=en")
    assert 'lang="en"' in client.get("/sign-in", headers={"Accept-Language": "uk"}).get_data(as_text=True)
    assert 'lang="uk"' in app.test_client().get("/sign-in?lang=xx", headers={"Accept-Language": "uk,en;q=0.5"}).get_data(as_text=True)


def test_who_asks_for_no_language_is_answered_in_the_company_s(app: Flask) -> None:
    runtime = app.extensions["brama"]
    with system_session(runtime.engine, "test", runtime.catalog, write=True) as session:
        session.execute(update(CompanySettings).values(language="en"))
        session.commit()
    runtime.refresh()
    assert 'lang="en"' in app.test_client().get("/sign-in").get_data(as_text=True)
    assert 'lang="uk"' in app.test_client().get("/sign-in", headers={"Accept-Language": "uk"}).get_data(as_text=True)


def test_a_refusal_is_json_for_who_asks_for_json(faulty: Flask) -> None:
    answer = faulty.test_client().get("/refuses", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["error"] == "not_found"


def test_a_refusal_is_a_toast_for_a_part_of_a_page(faulty: Flask) -> None:
    answer = faulty.test_client().get("/refuses?lang=uk", headers={"HX-Request": "true"})
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["kind"] == "error"
    assert answer.headers["HX-Reswap"] == "none"


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}, {"HX-Request": "true"}])
def test_a_fault_tells_nothing_of_itself(faulty: Flask, headers: dict[str, str]) -> None:
    answer = faulty.test_client().get("/fails?lang=en", headers=headers)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "4711" not in text
    assert "Traceback" not in text
    assert "Something went wrong on our side" in text


def test_a_wrong_method_names_the_right_ones(app: Flask) -> None:
    answer = app.test_client().delete("/health")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


class Upload(io.RawIOBase):
    """Two gigabytes that are made up while they are read; `taken` bytes were."""

    def __init__(self) -> None:
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        size = min(len(buffer), 2 * GIGABYTE - self.taken)
        buffer[:size] = b"x" * size
        self.taken += size
        return size


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=cut", "application/octet-stream"])
def test_an_upload_of_two_gigabytes_is_refused_unread(app: Flask, kind: str) -> None:
    upload = Upload()
    answer = app.test_client().post(
        "/sign-in?lang=en", environ_overrides={"CONTENT_LENGTH": str(2 * GIGABYTE), "wsgi.input": upload}, content_type=kind)
    assert answer.status_code == 413
    assert "64 MB" in answer.get_data(as_text=True)
    assert "64 МБ" in app.test_client().post(
        "/sign-in?lang=uk", environ_overrides={"CONTENT_LENGTH": str(2 * GIGABYTE), "wsgi.input": upload}, content_type=kind).get_data(as_text=True)
    assert upload.taken == 0


def test_an_upload_that_does_not_say_how_long_it_is_is_cut_at_the_limit(app: Flask) -> None:
    upload = Upload()
    sent = {"wsgi.input": upload, "wsgi.input_terminated": True}
    answer = app.test_client().post("/sign-in?lang=en", environ_overrides=sent, content_type="multipart/form-data; boundary=cut")
    assert answer.status_code == 413
    assert "64 MB" in answer.get_data(as_text=True)
    assert upload.taken <= 65 * 1024 * 1024


def test_health_tells_version_configuration_and_database(app: Flask) -> None:
    answer = app.test_client().get("/health")
    assert answer.status_code == 200
    assert answer.json is not None
    assert set(answer.json) == {"status", "version", "configuration", "database"}
    assert answer.json["configuration"] == app.extensions["brama"].catalog.version


def test_health_says_when_the_database_is_away(settings: Settings, install: Install) -> None:
    away = install(replace(settings, database_url=f"sqlite:///{settings.instance}/missing/brama.db"))
    answer = away.test_client().get("/health")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["database"] == "unreachable"


def test_two_installations_on_one_machine_keep_their_cookies_apart(settings: Settings, install: Install) -> None:
    names = {install(replace(settings, port=port)).config["SESSION_COOKIE_NAME"] for port in (8000, 8001)}
    assert len(names) == 2
