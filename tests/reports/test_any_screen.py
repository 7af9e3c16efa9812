"""The report over any entity on its screen, as files and on the command line; a list leads to it with its filter."""

import html
import json
import re
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import parse_qs, quote, urlsplit

from tests.kit.conftest import Browser, House, browser, furnished, house, where

__all__ = ["browser", "furnished", "house"]
SignIn = Callable[..., Browser]


def fill(firm: House) -> None:
    trade, medical = firm.option("industry", "trade"), firm.option("industry", "medical")
    firm.make_many("account", [
        {"name": name, "industry": industry, "credit_limit": Decimal(limit), "revenue": Decimal(5), "currency": "UAH", "city": city}
        for name, industry, limit, city in (("А", trade, "10.50", "Київ"), ("Б", trade, "4", "Львів"), ("Вежа", medical, "1", "Київ"))
    ])


def cells(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", page[page.index("<tbody>"):page.index("</table>")], re.S)
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


def test_a_list_leads_to_its_report_and_a_figure_back(house: House, browser: SignIn) -> None:
    fill(house)
    reader = browser("Olena")
    page = reader.page(f"/account/?where={quote(where('city', 'eq', 'Київ'))}&group=industry&columns=name,credit_limit&search=вежа")
    link = html.unescape(re.findall(r'href="(/report/records[^"]*)"', page)[0])
    asked = parse_qs(urlsplit(link).query)
    assert {key: values[0] for key, values in asked.items()} == {
        "entity": "account", "by": "industry", "measure": "count,sum:credit_limit", "where": where("city", "eq", "Київ"), "search": "вежа",
    }
    shown = reader.page(link)
    assert cells(shown) == [["Medical", "1", "1.00"]]
    behind = html.unescape(re.findall(r'<td class="b-num"><a href="(/account/[^"]*)"', shown)[0])
    assert "Вежа</a>" in reader.page(behind) and "search=%D0%B2" in behind


def test_the_screen_offers_what_its_reader_may_ask(house: House, browser: SignIn) -> None:
    fill(house)
    page = browser("Bohdan").page("/report/records?entity=account&by=industry&and_by=created_at:year&measure=count,sum:credit_limit")
    assert 'value="sum:credit_limit"' in page and "revenue" not in page and 'value="phone"' not in page
    assert [row[0] for row in cells(page)] == ["Medical", "Trade", "Total"]
    assert "/report/records" in browser("Bohdan").page("/report/")
    assert browser("Bohdan").get("/report/records?entity=account&by=revenue").status_code == 400
    assert browser("Bohdan").get("/report/records?entity=deal").status_code == 403
    assert browser("Olena").get("/report/records?entity=nothing").status_code == 400
    assert browser("Olena").get("/report/records").status_code == 200


def test_files_and_the_command_hold_the_same_figures(house: House, browser: SignIn) -> None:
    fill(house)
    csv = browser("Olena").get("/report/records?entity=account&by=industry&measure=count,sum:credit_limit&format=csv").get_data(as_text=True)
    assert [line.split(",")[-2:] for line in csv.strip().splitlines()[1:]] == [["2", "14.50"], ["1", "1.00"]]
    run = house.app.test_cli_runner().invoke
    params = [part for one in ("entity=account", "by=industry", "measure=count,sum:credit_limit") for part in ("--param", one)]
    told = json.loads(run(args=["report", "records", *params]).stdout)
    assert told["rows"] == [{"industry": "trade", "count": 2, "sum:credit_limit": "14.50"}, {"industry": "medical", "count": 1, "sum:credit_limit": "1.00"}]
    assert told["totals"] == {"count": 3, "sum:credit_limit": "15.50"}
    assert run(args=["report", "records"]).exit_code == 1
    assert run(args=["report", "records", "--param", "entity=account", "--param", "by=revenue", "--as", "bohdan@firm.example"]).exit_code == 4
