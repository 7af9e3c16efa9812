"""Kept reports and the screen on which one is put together: own ones, shared ones, and that a kept report shows nobody more than he may see."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qs, quote, urlencode

import pytest
from sqlalchemy import insert

from crm.backoffice.kept_reports.models import KeptReportRow
from tests.kit.conftest import Browser, House, where
from tests.statements import statements

SignIn = Callable[..., Browser]
KYIV = where("city", "eq", "Київ")
BY_CITY = {"entity": "account", "measure": "count,sum:revenue", "by": "owner", "where": KYIV}


@pytest.fixture
def towns(house: House) -> House:
    house.make_many("account", [{"name": f"К{n}", "city": "Київ" if n % 2 else "Львів", "revenue": Decimal(n)} for n in range(6)])
    return house


def keep(someone: Browser, name: str, report: str = "records", **query: str) -> str:
    """Keeps a report; the name it has in addresses."""
    answer = someone.post("/reports/kept", {"name": name, "report": report, "query": urlencode(query)})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:500]
    return parse_qs(answer.headers["Location"].partition("?")[2])["kept"][0]


def foot(page: str) -> list[str]:
    """The figures of a report that has one row, or of its last line."""
    return [re.sub(r"<[^>]+>", "", unescape(one)).strip() for one in re.findall(r'<td class="b-num">(.*?)</td>', page)]


def test_a_kept_report_asks_what_it_asked_and_counts_anew(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    name = keep(someone, "Київ за людьми", **BY_CITY, chart="share")
    page = someone.page(f"/report/records?kept={name}")
    assert "<h1>Київ за людьми</h1>" in re.sub(r"<h1[^>]*>", "<h1>", page) and foot(page) == ["3", "9.00"], "1 + 3 + 5"
    towns.make_many("account", [{"name": "К7", "city": "Київ", "revenue": Decimal(11)}])
    assert foot(someone.page(f"/report/records?kept={name}")) == ["4", "20.00"]
    listed = someone.page("/report/")
    assert f'href="/report/records?kept={name}"' in listed and "My reports" in listed
    assert "My reports" not in browser("Andrii").page("/report/")
    for path in ("/report/records?kept={}", "/reports/new/?kept={}"):
        assert browser("Andrii").get(path.format(name)).status_code == browser("Andrii").get(path.format("987654")).status_code == 404


def test_what_is_asked_beside_a_kept_report_is_what_is_shown(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    name = keep(someone, "Київ", **BY_CITY)
    changed = someone.page(f"/report/records?kept={name}&entity=account&measure=count")
    assert foot(changed) == ["6"] and "Save the changes" in changed
    assert "Save the changes" not in someone.page(f"/report/records?kept={name}")
    assert someone.get(f"/report/win_rate?kept={name}").status_code == 404, "it is a report of another name"
    assert someone.post(f"/reports/kept/{name}", {"query": "entity=account&measure=count", "name": "Усі"}).status_code == 303
    assert foot(someone.page(f"/report/records?kept={name}")) == ["6"]
    assert someone.post(f"/reports/kept/{name}", {"starred": "1"}).status_code == 303
    assert "among favourites" in someone.page("/report/")
    found = someone.get("/search?q=" + quote("усі")).get_json()
    assert [(one["text"], one["url"]) for one in found] == [("Усі", f"/report/records?kept={name}")]
    assert someone.post(f"/reports/kept/{name}/remove").status_code == 303
    assert someone.get(f"/report/records?kept={name}").status_code == 404


def test_a_shared_report_shows_each_his_own_figures(towns: House, browser: SignIn) -> None:
    admin, blind, own = browser("Olena"), browser("Bohdan"), browser("Oksana")
    name = keep(admin, "Обіг", entity="account", measure="count,sum:revenue", sort="-sum:revenue", by="owner")
    assert blind.post(f"/reports/kept/{name}/share", {"label_en": "x"}).status_code == 403
    assert admin.post(f"/reports/kept/{name}/share", {"label_en": "Turnover of all", "roles": ["blind", "own"]}).status_code == 303
    key = "turnover_of_all"
    assert foot(admin.page(f"/report/records?kept={key}")) == ["6", "15.00"]
    page = blind.page(f"/report/records?kept={key}")
    assert foot(page) == ["6"] and "1 measure of this report is left out" in page and "revenue" not in page.split("<main")[1].lower()
    assert "No records fit" in own.page(f"/report/records?kept={key}"), "his own accounts, of which there are none"
    assert "Turnover of all" in blind.page("/report/") and "Turnover of all" not in browser("Roman").page("/report/")
    assert browser("Roman").get(f"/report/records?kept={key}").status_code == 404
    for path, form in ((key, {"name": "x"}), (key, {"query": "entity=account"}), (f"{key}/remove", {}), (f"{key}/share", {"label_en": "y"})):
        assert blind.post(f"/reports/kept/{path}", form).status_code == 403
    assert admin.post(f"/reports/kept/{key}/remove").status_code == 303
    assert "Turnover of all" not in blind.page("/report/")


@pytest.mark.parametrize(("asks", "status"), [
    ({"entity": "account", "measure": "sum:revenue"}, 403), ({"entity": "account", "where": {"field": "revenue", "op": "gt", "value": 3}}, 400),
    ({"entity": "account", "by": "phone_kind"}, 400), ({"entity": "account", "sort": "-sum:revenue", "measure": "sum:revenue"}, 403),
    ({"entity": "account", "where": {"field": "phone", "op": "starts", "value": "+38"}}, 400), ({"entity": "account", "date": "gone_on"}, 400),
    ({"entity": "deal"}, 404),
])
def test_a_report_over_what_is_hidden_is_neither_offered_nor_explained(towns: House, browser: SignIn, asks: dict[str, object], status: int) -> None:
    with towns.engine.begin() as connection:
        connection.execute(insert(KeptReportRow.__table__).values(
            key="secret", label_uk="Таємне", label_en="Secret", report="records", asks=asks, chart="", roles=[], position=0))
    towns.configure({"roles": {}})
    towns.app.extensions["brama"].refresh()
    towns.configure({"views": {"v": {"entity": "account", "label": "V"}}})
    someone = browser("Bohdan")
    assert "Secret" not in someone.page("/report/")
    answer = someone.get("/report/records?kept=secret")
    told = answer.get_data(as_text=True)
    assert answer.status_code == status
    inside = re.sub(r"(no|only)-phone", "", told.split("<main")[-1].split("</main")[0])
    assert not [word for word in ("revenue", "phone", "Secret", "gone_on") if word in inside]


@pytest.mark.parametrize(("form", "status"), [
    ({"name": " ", "report": "records", "query": "entity=account"}, 422), ({"name": "x" * 81, "report": "records", "query": "entity=account"}, 422),
    ({"name": "x", "report": "none", "query": ""}, 404), ({"name": "x", "report": "records", "query": "entity=nothing"}, 400),
    ({"name": "x", "report": "records", "query": "entity=account&by=nope"}, 400), ({"name": "x", "report": "records", "query": "entity=account&where={"}, 400),
    ({"name": "x", "report": "records", "query": "entity=account&chart=pie3d"}, 400), ({"name": "x", "report": "win_rate", "query": "nope=1"}, 400),
    ({"name": "x", "report": "records", "query": "entity=account&search=" + "x" * 600}, 400), ({"name": "x", "report": "records", "query": "kept=99"}, 404),
    ({"name": "x", "report": "records", "query": "x" * 50_000}, 400), ({"name": "x", "report": "records", "query": "entity=account&measure=sum:name"}, 400),
])
def test_nonsense_is_refused_and_nothing_is_kept(towns: House, browser: SignIn, form: dict[str, str], status: int) -> None:
    someone = browser("Olena")
    assert someone.post("/reports/kept", form).status_code == status
    assert "My reports" not in someone.page("/report/")


def test_the_builder_shows_what_its_address_asks(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    page = someone.page("/reports/new/?" + urlencode({**BY_CITY, "chart": "stacked"}))
    assert '<option value="account" selected>' in page and 'value="stacked" checked' in page and foot(page) == ["3", "9.00"]
    assert json.loads(unescape(re.findall(r'name="where" value="([^"]*)"', page)[0])) == json.loads(KYIV)
    several = someone.page("/reports/new/preview?entity=account&measure=count&measure=sum:revenue&by=")
    assert foot(several) == ["6", "15.00"], "several boxes of a form are one list of measures"
    refused = someone.get("/reports/new/preview?entity=account&by=nope")
    assert refused.status_code == 400 and "This report has no answer" in refused.get_data(as_text=True)
    hidden, unknown = (browser("Bohdan").get(f"/reports/new/preview?entity=account&measure=sum:{key}") for key in ("revenue", "nothing"))
    assert hidden.status_code == unknown.status_code == 400
    assert hidden.get_data(as_text=True).replace("revenue", "") == unknown.get_data(as_text=True).replace("nothing", "")


def test_the_list_of_kept_reports_asks_one_query(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    keep(someone, "Один", **BY_CITY)
    someone.page("/report/")
    with statements(towns.engine) as few:
        someone.page("/report/")
    for n in range(6):
        keep(someone, f"Ще {n}", **BY_CITY)
    someone.page("/report/")
    with statements(towns.engine) as many:
        someone.page("/report/")
    assert len(few) == len(many)
