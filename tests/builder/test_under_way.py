"""What a publishing has left to the worker is told on the pages of configuration, on lists and cards, and by command, until it is done."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from crm.backoffice import recomputing
from crm.backoffice.lowcode import copying
from crm.backoffice.lowcode.switching import carry_on
from tests.builder.steps import names, publish, text_of
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]


def test_a_roll_up_over_many_records_is_being_worked_out_and_then_simply_there(house: House, browser: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "FEW", 2)
    firms = house.make_many("account", [{"name": f"Фірма {n}"} for n in range(4)])
    house.make("deal", name="Угода", account=firms[0], pipeline=next(iter(house.catalog.configured["pipeline"])), stage=house.stage("won"))
    olena, sofiia = browser("Olena"), browser("Sofiia")
    typed = names("Угод", "Deals counted", of="deal.account", function="count", **{"class": "open"})
    assert publish(olena, "/configuration/account/add/rollup/", typed).status_code == 303
    key = next(iter(house.catalog.made.of("account")))
    pages = ("/configuration/", "/configuration/all-versions/", "/configuration/under-way/")
    for page in pages:
        assert "Deals counted – being worked out" in olena.get(page).get_data(as_text=True), page
    assert sofiia.get("/configuration/under-way/").status_code == 403
    listed, card = f"/account/?columns=name,{key}", f"/account/{firms[0]}/"
    for reader in (olena, sofiia):
        assert "being worked out, 0%" in reader.get(listed).get_data(as_text=True)
        assert "being worked out, 0%" in text_of(reader.get(card))
    told = json.loads(house.app.test_cli_runner().invoke(args=["config", "progress"]).stdout)
    assert told == {"converting": [], "filling": [{"entity": "account", "fields": [key], "done": 0, "total": 0}]}
    recomputing.recompute(house.engine, house.catalog, "account")
    for page in (*pages, listed, card):
        assert "being worked out" not in olena.get(page).get_data(as_text=True), page
    assert house.stored("account", firms[0])[key] == 1
    assert json.loads(house.app.test_cli_runner().invoke(args=["config", "progress"]).stdout) == {"converting": [], "filling": []}


def test_sums_reports_and_files_over_what_is_being_worked_out_say_so_wherever_they_are_read(
    house: House, browser: SignIn, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recomputing, "FEW", 2)
    firms = house.make_many("account", [{"name": f"Фірма {n}"} for n in range(4)])
    house.make("deal", name="Угода", account=firms[0], pipeline=next(iter(house.catalog.configured["pipeline"])), stage=house.stage("won"))
    olena = browser("Olena")
    for field, said in (
        ("rollup", {"of": "deal.account", "function": "count"}), ("formula", {"formula": "deals_counted * 2"}),
    ):
        typed = names("Угод" if field == "rollup" else "Удвічі", "Deals counted" if field == "rollup" else "Twice", **{"class": "open"}, **said)
        assert publish(olena, f"/configuration/account/add/{field}/", typed).status_code == 303
    told = "“Deals counted” is still being worked out: 0% of the records are done. The others count here as having no value."
    twice, where = told.replace("Deals counted", "Twice"), json.dumps({"field": "deals_counted", "op": "empty"})
    runner = house.app.test_cli_runner()
    over_deals = json.dumps({"field": "account.deals_counted", "op": "gt", "value": 0})
    shown, silent = "columns=name,deals_counted", "/account/?columns=name"
    pages = {
        f"/account/?{shown}": (told,), "/account/?columns=name,twice": (twice,), f"/account/?{shown}&group=status": (told,),
        f"/account/?columns=name&where={where}": (told,), "/account/?columns=name&sort=-twice": (twice,), f"/deal/?columns=name&where={over_deals}": (told,),
        "/report/records?entity=account&measure=sum:twice": (twice,), "/report/records?entity=account&measure=count": (),
        f"/report/records?entity=account&where={where}": (told,), f"/board/account?by=status&where={where}": (told,), silent: (),
        f"/report/win_rate?where={over_deals}": (told,), "/report/win_rate?by=owner": (),
    }
    for page, notes in pages.items():
        read = text_of(olena.get(page))
        assert all(note in read for note in notes) and read.count("is still being worked out") == len(notes), (page, read[-1500:])
    files = {
        f"/account/export?format=csv&{shown}": "account.deals_counted;done=0.00", "/account/export?format=jsonl&columns=name": None,
        f"/account/export?format=xlsx&columns=name&where={where}": "account.deals_counted;done=0.00",
        "/report/records?entity=account&measure=sum:twice&format=csv": "account.twice;done=0.00", "/report/records?entity=account&format=xlsx": None,
    }
    for address, header in files.items():
        assert olena.get(address).headers.get("X-Being-Worked-Out") == header, address
    asked = runner.invoke(args=["report", "records", "--param", "entity=account", "--param", "measure=sum:deals_counted", "--lang", "en"])
    assert told in json.loads(asked.stdout)["notes"] and not asked.stderr
    for args in (["report", "records", "--param", "entity=account", "--param", "measure=sum:deals_counted", "--format", "csv"],
                 ["data", "export", "account", "--fields", "name,deals_counted"]):
        written = runner.invoke(args=[*args, "--lang", "en"])
        assert told in written.stderr and "worked out" not in written.stdout and written.exit_code == 0, written.stderr
    recomputing.recompute(house.engine, house.catalog, "account")
    for page in pages:
        assert "worked out" not in text_of(olena.get(page)), page
    assert all("X-Being-Worked-Out" not in olena.get(address).headers for address in files)


def test_sums_are_marked_in_the_foot_and_in_the_heads_of_groups_while_a_part_of_them_is_there(
    house: House, browser: SignIn, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recomputing, "FEW", 2)
    firms = house.make_many("account", [{"name": f"Фірма {n}"} for n in range(4)])
    deal = {"pipeline": next(iter(house.catalog.configured["pipeline"])), "stage": house.stage("won")}
    house.make("deal", name="Угода", account=firms[0], amount=Decimal(100), currency="UAH", **deal)
    olena = browser("Olena", "uk")
    typed = names("Сума угод", "Deals", of="deal.account", function="sum", field="deal:amount", **{"class": "open"})
    assert publish(olena, "/configuration/account/add/rollup/", typed).status_code == 303
    # Whoever writes meanwhile works out the record that he touches.
    house.make("deal", name="Друга", account=firms[1], amount=Decimal(70), currency="UAH", **deal)
    shown, mark = "columns=name,deals", "обчислюється, 0%: </span>"
    for page in (f"/account/count?{shown}", f"/account/?{shown}&group=status"):
        assert mark in olena.get(page).get_data(as_text=True), page
    assert "«Сума угод» ще обчислюється: готово 0% записів." in text_of(olena.get("/board/account?by=status&sum=deals"))
    recomputing.recompute(house.engine, house.catalog, "account")
    for page in (f"/account/count?{shown}", f"/account/?{shown}&group=status"):
        read = olena.get(page).get_data(as_text=True)
        assert "обчислюється" not in read and '<span class="b-total">170' in read, page


def test_a_conversion_of_many_values_waits_and_may_be_stopped(house: House, browser: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MANY", 2)
    olena, sofiia = browser("Olena"), browser("Sofiia")
    assert publish(olena, "/configuration/account/add/text/", names("Розмір", "Size", **{"class": "open"})).status_code == 303
    (firm, *_) = house.make_many("account", [{"name": f"Фірма {n}", "size": str(n)} for n in range(4)])
    form, typed = "/configuration/account/field/size/?type=integer", names("Розмір", "Size", key="size", **{"class": "open"})
    runner = house.app.test_cli_runner()
    for _ in range(2):
        assert publish(olena, form, typed, agreed=True).headers["Location"] == "/configuration/all-versions/"
        assert house.catalog.entity("account").fields["size"].type == "text"
        assert "Size – values are copied into another type" in text_of(olena.get("/configuration/all-versions/"))
        [one] = json.loads(runner.invoke(args=["config", "progress"]).stdout)["converting"]
        assert (one["fields"], one["state"]) == (["account.size"], "copying")
        stop = f"/configuration/under-way/{one['number']}/stop"
        assert sofiia.post(stop, {}).status_code == 403
        assert olena.post(stop, {}).status_code == 303 and olena.post(stop, {}).status_code == 404
    assert publish(olena, form, typed, agreed=True).status_code == 303
    [one] = json.loads(runner.invoke(args=["config", "progress"]).stdout)["converting"]
    carry_on(house.engine, one["number"])
    assert house.stored("account", firm)["size"] == 0 and "are copied into" not in text_of(olena.get("/configuration/all-versions/"))
    assert runner.invoke(args=["config", "stop", str(one["number"])]).exit_code == 1
