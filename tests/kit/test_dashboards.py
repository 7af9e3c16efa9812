"""Dashboards: what a person's home shows, how he arranges it, what roles begin with, and that a panel shows nobody more than he may see."""

import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from urllib.parse import urlencode

import pytest

from tests.kit.conftest import Browser, House, where
from tests.statements import statements

SignIn = Callable[..., Browser]
KYIV = where("city", "eq", "Київ")
RICH = {"field": "revenue", "op": "gt", "value": 3}
PANELS = [
    {"kind": "report", "report": "records", "asks": {"entity": "account", "by": "owner", "measure": "count,sum:revenue"}, "as": "table", "width": 6},
    {"kind": "report", "report": "records", "asks": {"entity": "account", "measure": "sum:revenue"}, "as": "figure", "width": 3, "title": "Turnover secret"},
    {"kind": "list", "entity": "account", "asks": {"where": RICH, "columns": ["name", "revenue"]}, "as": "rows", "width": 6, "title": "Rich secret"},
    {"kind": "list", "entity": "account", "asks": {"columns": ["name", "revenue", "city"], "sort": "-revenue"}, "as": "rows", "width": 6,
     "title": "All of them"},
    {"kind": "list", "entity": "deal", "as": "count", "width": 3, "title": "Deals secret"},
]


@pytest.fixture
def towns(house: House) -> House:
    house.make_many("account", [{"name": f"К{n}", "city": "Київ" if n % 2 else "Львів", "revenue": Decimal(n)} for n in range(6)])
    return house


def sources(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'data-part="([^"]+)"', page)]


def titles(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<h2[^>]*id="panel-\d+"[^>]*>([^<]*)', page)]


def seen(someone: Browser) -> str:
    found = re.search(r'data-seen="(\w+)"', someone.page("/dashboard/"))
    assert found
    return found[1]


def places(someone: Browser) -> list[str]:
    return re.findall(r'data-place="(\d+)"', someone.page("/dashboard/"))


def test_reports_and_lists_are_put_on_ones_own_dashboard(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    before = sources(someone.page("/"))
    assert before == [], "the product begins with short lists"
    assert someone.post("/dashboard/panels", {"report": "records", "query": "entity=account&measure=sum:revenue&by=", "as": "figure"}).status_code == 303
    assert someone.post("/dashboard/panels", {"entity": "account", "query": urlencode({"where": KYIV, "sort": "-name"}), "as": "rows"}).status_code == 303
    assert someone.post("/dashboard/panels", {"entity": "account", "query": urlencode({"where": KYIV}), "as": "sum:revenue"}).status_code == 303
    figure, rows, total = map(someone.page, sources(someone.page("/")))
    assert "15.00" in figure and "9.00" in total
    assert re.findall(r">(К\d)<", rows) == ["К5", "К3", "К1"] and "of 3" in rows
    assert sources(browser("Andrii").page("/")) == []


def test_a_figure_of_a_panel_opens_the_records_that_come_to_it(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    for number in (2, 3):
        towns.change("account", number, owner=towns.people["Oksana"])
    for form in ({"report": "records", "query": "entity=account&measure=count,sum:revenue&by=owner", "as": "table"},
                 {"report": "records", "query": "entity=account&measure=sum:revenue&by=", "as": "figure"},
                 {"entity": "account", "query": urlencode({"where": KYIV}), "as": "sum:revenue"}):
        assert someone.post("/dashboard/panels", form).status_code == 303
    assert someone.post("/dashboard/panels", {"entity": "account", "query": urlencode({"where": KYIV}), "as": "count"}).status_code == 303
    opened: list[tuple[str, list[str]]] = []
    for panel in map(someone.page, sources(someone.page("/"))):
        figures = [(text, unescape(link)) for link, text in re.findall(r'<a href="(/account/\?[^"]*)">([\d.]+[^<]*)</a>', panel)]
        opened += [(text, sorted(re.findall(r">К(\d)<", someone.page(link)))) for text, link in figures]
    odd, others = ["1", "3", "5"], ["0", "3", "4", "5"]
    assert opened == [
        ("4", others), ("12.00", others), ("2", ["1", "2"]), ("3.00", ["1", "2"]), ("6", list("012345")), ("15.00", list("012345")),
        ("15.00 UAH", list("012345")), ("9.00 UAH", odd), ("3", odd),
    ]


def test_it_is_arranged_by_buttons_by_dragging_and_begun_again(towns: House, browser: SignIn) -> None:
    towns.configure({"dashboards": {"d": {"label": "D", "panels": PANELS[3:4] + [{"kind": "list", "entity": "account", "as": "count", "title": "Count"}]}}})
    someone = browser("Olena")
    assert titles(someone.page("/")) == ["All of them", "Count"]
    assert someone.post("/dashboard/panels/1", {"move": "-1", "seen": seen(someone)}).status_code == 303
    assert titles(someone.page("/")) == ["Count", "All of them"]
    assert someone.post("/dashboard/order", {"order": "1,0", "seen": seen(someone)}).status_code == 303
    assert titles(someone.page("/")) == ["All of them", "Count"]
    assert someone.post("/dashboard/panels/1", {"width": "12", "seen": seen(someone)}).status_code == 303
    assert someone.post("/dashboard/panels/1", {"title": "How many", "seen": seen(someone)}).status_code == 303
    assert "is-w12" in someone.page("/") and titles(someone.page("/"))[1] == "How many"
    stale = seen(someone)
    assert someone.post("/dashboard/panels/0", {"remove": "1", "seen": stale}).status_code == 303
    assert someone.post("/dashboard/panels/0", {"remove": "1", "seen": stale}).status_code == 422, "another panel stands there by now"
    assert titles(someone.page("/")) == ["How many"]
    assert someone.post("/dashboard/reset").status_code == 303
    assert titles(someone.page("/")) == ["All of them", "Count"] == titles(browser("Andrii").page("/"))


def test_a_dashboard_of_a_role_shows_each_what_he_may_see_and_leaves_no_sign_of_the_rest(towns: House, browser: SignIn) -> None:
    towns.configure({"dashboards": {"heads": {"label": "Heads", "roles": ["owner", "blind"], "panels": PANELS}}})
    admin, blind = browser("Olena"), browser("Bohdan")
    assert len(sources(admin.page("/"))) == 5
    page = blind.page("/")
    assert titles(page) == ["Companies: number", "All of them"] and "secret" not in page and "secret" not in blind.page("/dashboard/")
    table, rows = map(blind.page, sources(page))
    assert "15.00" not in table and re.findall(r">(\d)<", table)[-1] == "6" and "revenue" not in table.lower()
    assert re.findall(r">(К\d)<", rows) == [f"К{n}" for n in range(5)], "an order that he may not ask for is none"
    digest = sources(page)[0].partition("seen=")[2]
    refused = [blind.get(f"/dashboard/panel/{place}?seen={digest}") for place in (1, 2, 4, 77)]
    assert {answer.status_code for answer in refused} == {404}
    assert all("There is no such panel" in answer.get_data(as_text=True) for answer in refused)
    assert blind.post("/dashboard/panels/2", {"remove": "1", "seen": digest}).status_code == 404, "what he does not see he does not arrange"
    assert blind.post("/dashboard/panels/3", {"move": "-1", "seen": digest}).status_code == 303
    assert titles(blind.page("/")) == ["All of them", "Companies: number"]
    assert sources(browser("Roman").page("/")) == [], "of another role"


def test_who_may_change_roles_gives_his_arrangement_to_them(towns: House, browser: SignIn) -> None:
    admin = browser("Olena")
    admin.post("/dashboard/panels", {"entity": "account", "query": "", "as": "count"})
    name = admin.post("/reports/kept", {"name": "Own", "report": "records", "query": "entity=account"}).headers["Location"].partition("=")[2]
    admin.post("/dashboard/panels", {"report": "records", "query": f"kept={name}", "as": "figure"})
    assert len(sources(admin.page("/"))) == 2
    assert admin.post("/dashboard/share", {"label_en": "Readers", "roles": ["reader"]}).status_code == 303
    (panel,) = [one for one in towns.catalog.dashboards["readers"].panels if one["kind"] != "today"]
    assert panel["entity"] == "account", "a report that is the sharer's own stays his"
    assert len(sources(browser("Roman").page("/"))) == 1
    assert admin.post("/dashboard/share", {"key": "readers", "roles": ["blind"]}).status_code == 303
    assert towns.catalog.dashboards["readers"].roles == ("blind",) and towns.catalog.dashboards["readers"].label.en == "Readers"
    assert admin.post("/dashboard/share", {}).status_code == 422
    for path, form in (("share", {"label_en": "x"}), ("share", {"remove": "readers"})):
        assert browser("Bohdan").post(f"/dashboard/{path}", form).status_code == 403
    assert browser("Bohdan").post("/dashboard/take", {"key": "readers"}).status_code == 404
    assert admin.post("/dashboard/take", {"key": "readers"}).status_code == 303
    assert admin.post("/dashboard/share", {"remove": "readers"}).status_code == 303 and not towns.catalog.dashboards


@pytest.mark.parametrize(("path", "form", "status"), [
    ("panels", {"what": "nothing"}, 404), ("panels", {"report": "nothing"}, 404), ("panels", {"report": "records", "query": "entity=account&by=nope"}, 400),
    ("panels", {"report": "win_rate", "as": "cake"}, 422), ("panels", {"entity": "nothing"}, 400), ("panels", {}, 400),
    ("panels", {"entity": "account", "query": "where={"}, 400), ("panels", {"entity": "account", "as": "sum:name"}, 400),
    ("panels", {"entity": "account", "as": "max:revenue"}, 422), ("panels/0", {"move": "1"}, 422), ("panels/99", {"remove": "1", "seen": "?"}, 404),
    ("panels/0", {"seen": "?"}, 400), ("panels/0", {"seen": "?", "width": "7"}, 422), ("order", {"seen": "?", "order": "0,0"}, 400),
    ("order", {"seen": "?", "order": "x"}, 400), ("take", {"key": "no"}, 404), ("share", {"remove": "no"}, 404),
])
def test_nonsense_is_refused_and_changes_nothing(towns: House, browser: SignIn, path: str, form: dict[str, str], status: int) -> None:
    someone = browser("Olena")
    before = seen(someone)
    answer = someone.post(f"/dashboard/{path}", {**form, **({"seen": before} if form.get("seen") else {})})
    assert answer.status_code == status, answer.get_data(as_text=True)[-600:]
    assert seen(someone) == before


def test_a_panel_asks_the_same_statements_however_many_records_there_are(towns: House, browser: SignIn) -> None:
    towns.configure({"dashboards": {"d": {"label": "D", "panels": [PANELS[0], PANELS[3]]}}})
    someone = browser("Olena")

    def asked() -> list[int]:
        counts = []
        for source in sources(someone.page("/")):
            with statements(towns.engine) as sent:
                someone.page(source)
            counts.append(len(sent))
        return counts

    asked()
    few = asked()
    towns.make_many("account", [{"name": f"Ще {n}", "city": "Київ", "revenue": Decimal(n)} for n in range(40)])
    assert asked() == few
