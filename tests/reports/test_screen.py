"""Reports on the screen and on the command line, over the demo company."""

import html
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from crm.admin_views import funnel_compared, reports
from crm.admin_views.funnel_compared import earlier
from crm.application import create_app
from crm.backoffice.periods import Period
from crm.backoffice.reports import Report, find, registry, run
from tests.demo_company import PASSWORD
from tests.reports.deals import win_rate
from tests.statements import statements

assert win_rate
SignIn = Callable[..., FlaskClient]


@pytest.fixture(scope="module")
def app(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("screen")
    shutil.copy(demo_folder / "brama.db", folder)
    made = create_app(Settings(instance=folder, database_url=f"sqlite:///{folder / 'brama.db'}", secret_key="k" * 40, testing=True))
    yield made
    made.extensions["brama"].engine.dispose()


@pytest.fixture(scope="module")
def sign_in(app: Flask) -> SignIn:
    """One sign-in for a person and a language: so many from one address would be held up."""

    @cache
    def signed_in(who: str, language: str = "en") -> FlaskClient:
        client = app.test_client()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
        assert token
        client.post("/sign-in", data={"email": f"{who}@demo.example", "password": PASSWORD, "csrf_token": token[1]})
        client.get(f"/?lang={language}")
        return client

    return signed_in


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def test_heads_that_name_rows_lead_only_where_the_report_answers(sign_in: SignIn) -> None:
    client, followed = sign_in("admin"), 0
    for name in dict.fromkeys(re.findall(r'href="/report/([a-z_]+)"', page(client, "/report/"))):
        answer = page(client, f"/report/{name}")
        for link in re.findall(r'href="([^"]*[?;]sort=[a-z_]+(?:&amp;[^"]*)?)"', answer):
            page(client, html.unescape(link))
            followed += 1
    assert followed > 10
    assert 'sort=month' not in page(client, "/report/forecast_months")


@pytest.mark.parametrize("who", ["admin", "head", "seller", "clerk", "approver"])
@pytest.mark.parametrize("language", ["uk", "en"])
def test_every_demo_account_opens_the_list_and_the_report(sign_in: SignIn, who: str, language: str) -> None:
    client = sign_in(who, language)
    assert "/report/win_rate" in page(client, "/report/")
    shown = page(client, "/report/win_rate")
    assert ("Яку частку закритих угод" if language == "uk" else "What share of the closed deals") in shown
    assert ("amount" in re.findall(r'id="help-(\w+)"', shown)) is (who != "clerk")  # the clerk's role hides amounts


def test_a_figure_leads_to_a_list_of_as_many_records(sign_in: SignIn) -> None:
    client = sign_in("head")
    shown = page(client, "/report/win_rate?by=manager&period=this_year")
    links = re.findall(r'<td class="b-num"><a href="(/deal/\?where=[^"]+)">([^<]+)</a>', shown)
    assert len(links) > 10
    url, text = links[0]
    where = parse_qs(urlsplit(html.unescape(url)).query)["where"][0]
    assert json.loads(where)["all"]
    counted = page(client, f"/deal/count?{urlsplit(html.unescape(url)).query}")
    assert re.search(rf"\b{text}\b", counted)


def test_a_stage_is_shown_by_its_name_with_its_pipeline_where_two_are_called_alike_and_kept_in_files_by_its_key(sign_in: SignIn) -> None:
    client = sign_in("head", "uk")
    shown = page(client, "/report/overdue_stays?by=stage")
    alike = {"Пропозиція · Продажі", "Пропозиція · Сервісні договори"}
    assert alike | {"Перемовини"} <= set(re.findall(r'<th scope="row" class="pk [^"]*">([^<]+)</th>', shown))
    drawn = re.search(r'id="chart-data">(.*?)</script>', shown, re.S)
    assert drawn and alike <= set(json.loads(drawn[1])["names"])
    file = client.get("/report/overdue_stays?by=stage&format=csv").get_data(as_text=True)
    assert {"proposal", "offer", "negotiation"} <= {line.split(",")[0] for line in file.splitlines()}
    once = page(client, "/report/funnel?pipeline=sales")
    assert ">Пропозиція<" in once and "Пропозиція · Продажі" not in once, "of one pipeline there is one"


@pytest.mark.parametrize(("language", "called"), [("uk", "я"), ("en", "me")])
def test_who_stands_for_himself_is_called_so_and_stays_when_the_form_is_sent(sign_in: SignIn, language: str, called: str) -> None:
    shown = page(sign_in("seller", language), "/report/win_rate?by=month&owner=me")
    assert f'<option value="me" selected>{called}</option>' in shown
    again = page(sign_in("seller", language), "/report/win_rate?by=month&owner_id=me")
    assert re.findall(r'<td class="b-num"><a [^>]*>([^<]+)', again) == re.findall(r'<td class="b-num"><a [^>]*>([^<]+)', shown) != []


def test_files_come_under_the_reports_name(sign_in: SignIn) -> None:
    client = sign_in("head", "uk")
    answer = client.get("/report/win_rate?by=owner&format=csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="win_rate.csv"'
    assert answer.get_data(as_text=True).startswith("\ufeffВідповідальний,Виграно,Програно")
    assert client.get("/report/win_rate?by=owner&format=xlsx").data[:2] == b"PK"
    assert client.get("/report/win_rate?format=exe").status_code == 400


@pytest.mark.parametrize(("path", "status"), [
    ("/report/nonsense", 404), ("/report/win_rate?by=nonsense", 400), ("/report/win_rate?nonsense=1", 400), ("/report/win_rate?period=own&from=x&to=y", 400),
    ("/report/win_rate?period=own&from=2025-02-01&to=2025-01-01", 400), ("/report/win_rate?owner_id=999999", 400), ("/report/win_rate?where={", 400),
])
def test_nonsense_in_the_address_is_refused(sign_in: SignIn, path: str, status: int) -> None:
    assert sign_in("head").get(path).status_code == status


def test_hidden_and_unknown_names_answer_alike(sign_in: SignIn) -> None:
    clerk = sign_in("clerk")
    hidden = clerk.get('/report/win_rate?where={"field":"amount","op":"gt","value":1}')
    unknown = clerk.get('/report/win_rate?where={"field":"nothing","op":"gt","value":1}')
    assert hidden.status_code == unknown.status_code == 400

    def bare(text: str) -> str:
        return re.sub(r"amount|nothing|csrf[^>]*|value=\"[^\"]*\"|\w{60,}", "", text)

    assert bare(hidden.get_data(as_text=True)) == bare(unknown.get_data(as_text=True))


def test_own_dates_stay_in_the_form_and_a_stranger_signs_in_first(sign_in: SignIn, app: Flask) -> None:
    shown = page(sign_in("head"), "/report/win_rate?period=own&from=2025-01-01&to=2026-12-31&by=owner&owner_id=")
    assert 'value="2025-01-01"' in shown
    assert '<option value="own" selected>' in shown
    assert app.test_client().get("/report/win_rate").status_code == 302


def test_no_script_or_style_stands_inside_the_page(sign_in: SignIn) -> None:
    shown = page(sign_in("head"), "/report/win_rate")
    assert not re.search(r"\sstyle=|\son\w+=|javascript:", shown)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", shown))


def test_the_command_lists_describes_runs_and_refuses(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    listed = [one["name"] for one in json.loads(run(args=["report"]).stdout)]
    of_contacts = ["interactions", "overdue", "quality_accounts", "quality_contacts", "time_spent"]
    assert listed[: 1 + len(of_contacts)] == ["records", *of_contacts] and listed == list(dict.fromkeys(listed))
    of_sales = listed[1 + len(of_contacts) :]
    assert {"funnel", "funnel_reasons", "funnel_summary", "manager_scorecard", "quality_deals", "stage_touches", "win_rate"} <= set(of_sales)
    assert of_sales == sorted(of_sales)
    assert json.loads(run(args=["report", "win_rate", "--describe"]).stdout)["by"]
    whole = json.loads(run(args=["report", "win_rate", "--param", "by=owner"]).stdout)
    own = json.loads(run(args=["report", "win_rate", "--as", "seller@demo.example"]).stdout)
    assert 0 < own["totals"]["won"] < whole["totals"]["won"] == sum(row["won"] for row in whole["rows"])
    clerk = run(args=["report", "win_rate", "--as", "clerk@demo.example", "--param", "sort=amount"])
    assert (clerk.exit_code, clerk.stdout) == (4, "")
    for wrong in (["nonsense"], ["win_rate", "--param", "by"], ["win_rate", "--as", "nobody@demo.example"],
        ["win_rate", "--param", "by=owner", "--param", "by=month"]):
        answer = run(args=["report", *wrong])
        assert answer.exit_code == 1
        assert answer.stderr
    assert run(args=["report", "win_rate", "--format", "csv"]).stdout.splitlines()[0] == "won,lost,win_rate,avg_days,median_days,amount"
    assert run(args=["report", "win_rate", "--format", "xlsx"]).stdout_bytes[:2] == b"PK"


def test_the_operators_reading_is_journaled_and_a_persons_is_not(app: Flask) -> None:
    from crm.backoffice.journal import JournalRow

    def lines() -> int:
        with app.extensions["brama"].engine.connect() as connection:
            return len(connection.execute(JournalRow.__table__.select().where(JournalRow.__table__.c.action == "report")).all())

    before = lines()
    run = app.test_cli_runner().invoke
    run(args=["report", "win_rate"])
    assert lines() == before + 1
    run(args=["report", "win_rate", "--as", "head@demo.example"])
    assert lines() == before + 1


@pytest.mark.parametrize("compared", ["owner", "manager", "department", "territory", "previous", "year"])
def test_the_funnel_sets_side_by_side_what_is_chosen(sign_in: SignIn, compared: str) -> None:
    shown = page(sign_in("head"), f"/report/funnel/compared?period=this_year&pipeline=sales&compare={compared}")
    table = shown.split("b-funnel-compared")[1].split("</table>")[0]
    places = re.findall(r'<td class="b-num">(?:(\d+)|<span class="b-faint" title="Too few)', table)
    names, drawn = table.count('<th scope="row"'), table.count('<svg class="b-interval"')
    assert names > 1 and len(places) == (0 if compared in ("previous", "year") else names)
    ranked = [int(place) for place in places if place]
    assert ranked == sorted(ranked) and all(not place for place in places[len(ranked):])  # who has few closed deals follows without a place
    assert drawn == len(ranked) or not places


def test_velocity_and_its_four_parts_open_their_deals(sign_in: SignIn) -> None:
    shown = page(sign_in("head"), "/report/funnel?period=last_365_days&pipeline=sales&parts=all")
    figures = dict(re.findall(r"<dt[^>]*>([^<]+)</dt><dd><a href=\"([^\"]+)\"", shown.split("b-funnel-figures")[1].split("</dl>")[0]))
    assert {"Open", "Won of closed", "Cycle, days", "Won of all"} < figures.keys() and any(name.startswith("Velocity") for name in figures)
    number = re.search(r"<dt[^>]*>Open</dt><dd><a [^>]+>(\d+)<", shown)
    assert number
    counted = page(sign_in("head"), f"/deal/count?{urlsplit(html.unescape(figures['Open'])).query}")
    assert re.search(rf"\b{number[1]}\b", counted)
    assert "Cohort: the deals that entered" in shown and "Why deals were lost, by stage" in shown


def test_whoever_may_not_see_moves_of_stages_gets_no_funnel(sign_in: SignIn) -> None:
    assert sign_in("clerk").get("/report/funnel?pipeline=sales&compare=owner").status_code == 403


def test_the_funnel_tells_what_has_changed_since_a_day(sign_in: SignIn) -> None:
    client = sign_in("head")
    shown = page(client, "/report/funnel/changes?pipeline=sales&since=last_30_days")
    table = shown.split("b-funnel-changes")[1].split("</table>")[0]
    assert re.findall(r'<th scope="row" class="pk">([^<]+)', table)[:3] == ["Entered the pipeline", "Moved on", "Moved back"]
    link = re.search(r'Entered the pipeline</th><td class="b-num"><a href="([^"]+)">([\d,]+)<', table)
    assert link and int(link[2].replace(",", "")) > 0
    assert link[2] in page(client, f"/deal/count?{urlsplit(html.unescape(link[1])).query}")
    assert client.get("/report/funnel?pipeline=sales&since=nonsense").status_code == 400


def test_the_funnel_is_compared_by_nothing_else(sign_in: SignIn) -> None:
    client = sign_in("head")
    assert client.get("/report/funnel?pipeline=sales&compare=nonsense").status_code == 400
    assert "b-funnel-compared" not in page(client, "/report/funnel?pipeline=sales&period=&compare=previous&parts=all")  # before all time there is nothing


@pytest.mark.parametrize(("first", "last", "which", "expected"), [
    ("2026-04-01", "2026-06-30", "previous", ("2026-01-01", "2026-03-31")), ("2026-01-01", "2026-12-31", "previous", ("2025-01-01", "2025-12-31")),
    ("2024-03-01", "2024-03-31", "previous", ("2024-02-01", "2024-02-29")), ("2026-03-10", "2026-03-16", "previous", ("2026-03-03", "2026-03-09")),
    ("2024-02-29", "2024-02-29", "year", ("2023-02-28", "2023-02-28")), ("2026-04-01", "2026-06-30", "year", ("2025-04-01", "2025-06-30")),
    ("0001-01-01", "0001-12-31", "previous", None), ("0001-01-01", "0001-12-31", "year", None),
])
def test_the_period_before_is_as_long(first: str, last: str, which: str, expected: tuple[str, str] | None) -> None:
    found = earlier(Period(date.fromisoformat(first), date.fromisoformat(last)), which)
    assert (found and (found.first.isoformat(), found.last.isoformat())) == expected


def test_the_scorecard_draws_what_its_table_says(sign_in: SignIn) -> None:
    shown = page(sign_in("head"), "/report/manager_scorecard?by=owner&period=last_365_days")
    panels = re.findall(r'<section class="b-score".*?</section>', shown, re.DOTALL)
    assert len(panels) == 8
    table = shown.split("</thead>")[1].split("</tbody>")[0]
    lines = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    for number, panel in enumerate(panels):
        drawn = [re.search(r'b-score-figure b-num">(?:<a[^>]*>)?([^<]+)', line) for line in re.findall(r"<li>.*?</li>", panel, re.DOTALL)]
        cells = [re.findall(r'<td class="b-num">(?:<a[^>]*>)?([^<]+)', line)[number * 5] for line in lines]
        assert [one and one[1].strip() for one in drawn] == [cell.strip() for cell in cells]
    for rect in re.findall(r'class="[vx]" x="([\d.]+)"', "".join(panels)):
        assert 0 <= float(rect) <= 100


def test_the_scorecard_of_everybody_is_one_line_a_panel(sign_in: SignIn) -> None:
    shown = page(sign_in("seller", "uk"), "/report/manager_scorecard?by=")
    assert shown.count('<section class="b-score"') > 4 and shown.count("<li><span class=\"b-score-name\">Разом") == shown.count('<section class="b-score"')


def test_a_control_stands_at_what_holds_without_it(sign_in: SignIn) -> None:
    """A screen that is not told how far ahead says the same as the command that is not told."""
    client = sign_in("head")
    told = page(client, "/report/forecast_accuracy?by=month&period=last_365_days&lang=en")
    assert re.search(r'<option value="30"[^>]* selected', told)
    figures = [re.findall(r'<td class="b-num[^"]*"[^>]*>(?:<a[^>]*>)?([^<]+)', page(client, f"/report/forecast_accuracy?{asked}&lang=en"))
               for asked in ("by=month&period=last_365_days", "by=month&period=last_365_days&ahead=30", "by=month&period=last_365_days&ahead=0")]
    assert figures[0] and figures[0] == figures[1] != figures[2]
    assert re.search(r'<option value=""[^>]*>the last seven days', page(client, "/report/forecast_changes?period=this_quarter&by=owner&lang=en"))


def test_months_of_a_forecast_stand_with_what_has_moved_between_them(sign_in: SignIn) -> None:
    """Below the months is the matrix of slips since a night; its margins are what its cells add up to."""
    client = sign_in("head")
    shown = page(client, "/report/forecast_months?by=&since=last_90_days&parts=all&lang=en")
    matrix = re.search(r'<table class="b-grid b-report b-slips">.*?</table>', shown, re.S)
    assert matrix
    rows = re.findall(r'<tr><th scope="row" class="pk">.*?</tr>', matrix[0].partition("<tfoot>")[0], re.S)
    deals = [[int(re.sub(r"\D", "", one)) for one in re.findall(r'<td class="b-num[^"]*">(?:<b>|<a [^>]*>)([\d,]+)', row)] for row in rows]
    assert len(deals) > 2 and all(sum(cells) == whole for *cells, whole in deals)
    foot = [int(one.replace(",", "")) for one in re.findall(r'<td class="b-num">([\d,]+)', matrix[0].partition("<tfoot>")[2])]
    assert sum(foot) == sum(whole for *_, whole in deals)
    assert matrix[0] in page(client, "/report/forecast_months/slips?by=&since=last_90_days&lang=en")
    assert matrix[0] not in page(client, "/report/forecast_months?by=&since=last_90_days&lang=en"), "it comes after its page"
    assert "b-slips" in page(client, "/report/forecast_slips?changed=last_90_days&lang=uk")
    assert "b-slips" not in page(client, "/report/forecast_slips?changed=last_90_days&by=owner&lang=uk")
    assert client.get("/report/forecast_months?since=yesterday").status_code == 400


def test_a_forecast_stands_beside_what_people_expect(sign_in: SignIn) -> None:
    """A head sees the judgements of all levels and may state his own, a seller sees hers alone, who sees none has no such part."""
    shown = {who: page(sign_in(who), "/report/forecast_months?by=&parts=all&lang=en") for who in ("head", "seller", "clerk")}
    judged = {who: re.findall(r'<tr><th scope="row" class="pk"><a href="/forecast_judgement/\d+/">', text) for who, text in shown.items()}
    assert len(judged["head"]) > len(judged["seller"]) > 1 and not judged["clerk"]
    assert "State a judgement" in shown["head"] and "Відділ продажів" in shown["head"] and "Відділ продажів" not in shown["seller"]
    assert 'id="judgements"' not in shown["clerk"]
    assert 'id="judgements"' in page(sign_in("head"), "/report/forecast?period=this_quarter&by=&lang=uk")


FUNNEL = "pipeline=sales&period=this_year"
OWN_PARTS = ("figures", "compared", "reasons", "changes")
SCRIPT = {"HX-Request": "true", "Accept": "text/html"}


def parts_of(shown: str) -> dict[str, str]:
    """The addresses of the parts that a page leaves to its script, by their names."""
    addresses = [html.unescape(one) for one in re.findall(r' data-part="([^"]+)"', shown)]
    return {urlsplit(one).path.rpartition("/")[2]: one for one in addresses}


def test_the_first_answer_of_the_funnel_asks_no_statement_of_its_parts(sign_in: SignIn, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client, engine = sign_in("head"), app.extensions["brama"].engine

    def asked(path: str) -> list[str]:
        page(client, path)
        with statements(engine) as sent:
            page(client, path)
        return sent

    first, whole = asked(f"/report/funnel?{FUNNEL}&compare=owner"), asked(f"/report/funnel?{FUNNEL}&compare=owner&parts=all")
    monkeypatch.setattr(reports, "PARTS", {})
    assert asked(f"/report/funnel?{FUNNEL}") == first and len(whole) > len(first) + len(OWN_PARTS)


def test_each_part_shows_at_its_own_address_what_the_whole_page_shows(sign_in: SignIn) -> None:
    client = sign_in("head", "uk")
    asked = f"/report/funnel?{FUNNEL}&compare=year&since=last_30_days&mode=flow"
    first, whole = page(client, asked), page(client, f"{asked}&parts=all")
    found = parts_of(first)
    assert tuple(found) == OWN_PARTS and not parts_of(whole)
    for address in found.values():
        assert f'<a href="{html.escape(address, quote=False)}">' in first, "the way without scripts"
        part = client.get(address, headers=SCRIPT).get_data(as_text=True).strip()
        assert "<html" not in part and len(part) > 200
        assert part in whole and part not in first
    alone = page(client, found["changes"])
    assert "<html" in alone and part in alone and f'<a href="/report/funnel?{html.escape(urlsplit(found["changes"]).query, quote=False)}">' in alone


def test_summaries_that_a_page_shows_twice_are_counted_once(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []

    def note(report: Report, *given: object) -> object:
        counted.append(report.name)
        return run(report, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(funnel_compared, "run", note)
    page(sign_in("head"), f"/report/funnel?{FUNNEL}&compare=year&parts=all")
    assert counted == ["funnel_summary"] * 2, "this year, for the key figures and beside the other, and the year before"
    counted.clear()
    page(sign_in("head"), f"/report/funnel/compared?{FUNNEL}&compare=owner")
    assert counted == ["funnel_summary"]


def test_parts_are_refused_as_their_page_is(sign_in: SignIn, app: Flask) -> None:
    head, clerk, stranger = sign_in("head"), sign_in("clerk"), app.test_client()
    nothing = '&where={"field":"nothing","op":"empty"}'
    for part in OWN_PARTS:
        here = f"/report/funnel/{part}?{FUNNEL}"
        assert (stranger.get(here).status_code, stranger.get(here, headers=SCRIPT).status_code) == (302, 401)
        for headers in ({}, SCRIPT):
            assert clerk.get(here, headers=headers).status_code == 403
            for wrong in ("&mode=x", "&by=nothing", "&where={", "&since=x", "&compare=x", "&owner_id=999999", nothing):
                assert head.get(here + wrong, headers=headers).status_code == 400
    for nowhere in ("/report/funnel/nothing", "/report/win_rate/reasons", "/report/nothing/reasons"):
        assert head.get(nowhere).status_code == 404
    assert head.get(f"/report/funnel?{FUNNEL}&parts=x").status_code == 400


def test_a_part_that_its_reader_may_not_see_has_no_place_and_is_refused(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    client, shut = sign_in("head"), replace(find("funnel_reasons"), measures=tuple(replace(one, needs=("nothing",)) for one in find("funnel_reasons").measures))
    monkeypatch.setitem(registry._REPORTS, "funnel_reasons", shut)
    shown = page(client, f"/report/funnel?{FUNNEL}")
    assert tuple(parts_of(shown)) == ("figures", "changes") and "Why deals were lost" not in shown
    assert "Why deals were lost" not in page(client, f"/report/funnel?{FUNNEL}&parts=all")
    assert client.get(f"/report/funnel/reasons?{FUNNEL}").status_code == 403
