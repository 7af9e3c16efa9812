"""The figures of a file beside those of the records it became; every expected figure is worked out by hand."""

import html
import re
from collections.abc import Callable
from decimal import Decimal

from sqlalchemy import select

from tests.importing_screen.conftest import Desk
from tests.kit_forms.house import Browser, House

DEALS = """name,stage,amount,currency,owner
Вітрина,won,1000.50,UAH,Olena
Склад,won,2000,UAH,Sofiia
Полиця,lost,300,EUR,Olena
Зайвий,won,багато,UAH,Olena
"""


def lines(page: str) -> list[tuple[str, ...]]:
    """Every line of the tables: what it is of, there, here, difference."""
    found = []
    for head, cells in re.findall(r'<tr><th scope="row"[^>]*>([^<]*)</th>((?:<td[^>]*>[^<]*</td>){3})</tr>', page):
        texts = re.findall(r"<td[^>]*>([^<]*)</td>", cells)
        found.append(tuple(re.sub(r"\s+", " ", html.unescape(text).replace("\u00a0", " ")).strip() for text in (head, *texts)))
    return found


def imported(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> Desk:
    at = desk("Olena", "deal").bring(DEALS)
    at.send(match=[])
    at.run(partial=True)
    work()
    at.look()
    assert at.url.startswith("/imports/")
    return at


def figures(at: Desk) -> str:
    assert at.browser.post(f"{at.url}figures", {}).status_code == 303
    return at.browser.get(f"{at.url}figures").get_data(as_text=True)


def test_figures_agree_after_an_import(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = imported(house, desk, work)
    assert f'href="{at.url}figures"' in at.page
    assert "Not compared yet" in at.browser.get(f"{at.url}figures").get_data(as_text=True)
    page = figures(at)
    assert "Everything agrees." in page
    told = lines(page)
    assert told[0] == ("Records", "3", "3", "")
    sums = {line[0]: line[1:] for line in told if line[0].startswith("Amount")}
    assert {name[-3:]: [re.sub(r"[^\d.]", "", text) for text in values[:2]] for name, values in sums.items()} == {
        "UAH": ["3000.50", "3000.50"], "EUR": ["300", "300"]}
    assert ("Won", "2", "2", "") in told
    assert ("Lost", "1", "1", "") in told
    assert ("Olena", "2", "2", "") in told
    assert ("Sofiia", "1", "1", "") in told


def test_what_differs_is_named_and_leads_to_the_record(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = imported(house, desk, work)
    with house.system(write=False) as session:
        deal = session.table("deal")
        numbers = {name: number for number, name in session.execute(select(deal.id, deal["name"]).where(deal.visible))}
    house.change("deal", numbers["Вітрина"], amount=Decimal("900.50"), stage=house.stage("lost"), loss_reason=house.option("loss_reason", "price"))
    house.remove("deal", numbers["Полиця"])
    page = figures(at)
    assert "Not everything agrees." in page
    told = lines(page)
    assert told[0] == ("Records", "3", "2", "−1")
    hryvnias = next(line for line in told if line[0].endswith("UAH"))
    assert [re.sub(r"[^\d.−+]", "", text) for text in hryvnias[1:]] == ["3000.50", "2900.50", "−100"]
    assert ("Won", "2", "1", "−1") in told
    assert ("Lost", "0", "1", "+1") in told
    assert "Rows of the file: 4" in page
    row = re.search(rf'<a href="/deal/{numbers["Вітрина"]}/">.*?</a>', page, re.S)
    assert row
    assert "Amount" in row[0]
    assert "row 2" in row[0]


def test_figures_are_of_who_imported(house: House, desk: Callable[..., Desk], work: Callable[[], int], browser: Callable[..., Browser]) -> None:
    at = imported(house, desk, work)
    for name in ("Sofiia", "Andrii"):
        other = browser(name)
        assert other.get(f"{at.url}figures").status_code == 404
        assert other.post(f"{at.url}figures", {}).status_code == 404
        assert other.get(f"{at.url}figures/state").status_code == 404
    assert at.browser.get(f"/imports/{'0' * 32}/figures").status_code == 404
    at.browser.post(f"{at.url}undo", {})
    assert at.browser.get(f"{at.url}figures").status_code == 404


MARCH = "Record ID,Deal Name,Deal Stage,Amount,Currency,Deal owner\n7001,Вітрина,Closed Won,1000.50,UAH,Olena\n7002,Склад,Closed Won,2000,UAH,Sofiia\n"
APRIL = "Record ID,Deal Name,Deal Stage,Amount,Currency,Deal owner\n7002,Склад,Closed Won,2500,UAH,Sofiia\n7003,Полиця,Closed Lost,300,EUR,Olena\n"


def exports(desk: Callable[..., Desk], work: Callable[[], int], *files: tuple[str, str]) -> Desk:
    """Exports of one product, brought and written one after the other; the page of the last one."""
    for name, content in files:
        at = desk("Olena", "deal").bring(content, name)
        assert "Recognised as “HubSpot”" in html.unescape(at.page)
        at.send("try").run(partial=True)
        work()
        at.look()
        assert at.url.startswith("/imports/"), at.page[-2000:]
    return at


def test_the_files_of_one_source_are_added_up(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = exports(desk, work, ("march.csv", MARCH), ("april.csv", APRIL))
    assert "Compare all 2 files of this source" in at.browser.get(f"{at.url}figures").get_data(as_text=True)
    assert at.browser.post(f"{at.url}figures", {"whole": "1"}).status_code == 303
    page = at.browser.get(f"{at.url}figures").get_data(as_text=True)
    assert "Everything agrees." in page
    told = lines(page)
    assert told[0] == ("Records", "3", "3", ""), "the deal that stands in both files counts once"
    sums = {line[0][-3:]: [re.sub(r"[^\d.]", "", text) for text in line[1:3]] for line in told if line[0].startswith("Amount")}
    assert sums == {"UAH": ["3500.50", "3500.50"], "EUR": ["300", "300"]}, "as the later file says"
    assert ("Won", "2", "2", "") in told
    assert re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a></th><td[^>]*>(\d+)</td>', page) == [("april.csv", "2"), ("march.csv", "1")]


def test_what_differs_is_told_file_by_file(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = exports(desk, work, ("march.csv", MARCH), ("april.csv", APRIL))
    with house.system(write=False) as session:
        deal = session.table("deal")
        numbers = {name: number for number, name in session.execute(select(deal.id, deal["name"]).where(deal.visible))}
    house.change("deal", numbers["Вітрина"], amount=Decimal("900.50"))
    house.remove("deal", numbers["Полиця"])
    at.browser.post(f"{at.url}figures", {"whole": "1"})
    page = html.unescape(at.browser.get(f"{at.url}figures").get_data(as_text=True))
    assert lines(page)[0] == ("Records", "3", "2", "−1")
    assert "Not here any more, or not yours to see: april.csv" in page
    assert "Changed since: march.csv" in page
    assert "Changed since: april.csv" not in page


def test_files_of_others_of_other_sources_and_taken_back_are_not_added(house: House, desk: Callable[..., Desk], work: Callable[[], int]) -> None:
    at = exports(desk, work, ("march.csv", MARCH), ("april.csv", APRIL))
    first = exports(desk, work, ("may.csv", APRIL.replace("7003", "7004").replace("Полиця", "Стіл")))
    first.browser.post(f"{first.url}undo", {})
    imported(house, desk, work)
    at.browser.post(f"{at.url}figures", {"whole": "1"})
    page = at.browser.get(f"{at.url}figures").get_data(as_text=True)
    assert "may.csv" not in page
    assert "rows.csv" not in page
    assert "Compare all 2 files" in page
