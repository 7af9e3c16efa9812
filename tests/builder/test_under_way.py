"""What a publishing has left to the worker is told on the pages of configuration, on lists and cards, and by command, until it is done."""

import json
from collections.abc import Callable

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
