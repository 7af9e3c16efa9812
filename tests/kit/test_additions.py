"""After an upgrade: which kinds of records no role names yet, the rules that might be added to the roles that stand, and who is told."""

from collections.abc import Callable
from typing import Any

import yaml

from crm.additions import additions, unseen
from crm.backoffice.lowcode.export import whole
from crm.messages import render
from crm.serving.doctor import examine
from tests.kit.conftest import Browser, House

SignIn = Callable[..., Browser]
LATER = ("channel_cost", "deal_competitor")  # what an older version did not know
NOTE = {"entity": "calendar_day", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}


def grow_old(house: House) -> dict[str, Any]:
    """The company as one that began before these kinds were there: its roles name none of them, and the seller's has another name and a rule more."""
    with house.system() as session:
        roles = {code: role for code, role in whole(session)["roles"].items() if code != "owner"}
    for role in roles.values():
        role["rules"] = [rule for rule in role["rules"] if rule["entity"] not in LATER]
    roles["seller"] |= {"label": {"uk": "Менеджер", "en": "Manager"}, "rules": [*roles["seller"]["rules"], NOTE]}
    house.configure({"roles": roles})
    return roles


def told(house: House) -> tuple[list[str], dict[str, Any]]:
    with house.system() as session:
        return [kind.key for kind in unseen(session)], additions(session)


def doctor(house: House, language: str) -> str:
    (check,) = (one for one in examine(house.engine, house.app.extensions["brama"].settings) if one.id == "rights.R001")
    assert check.ok, "it is the company's to decide, and no fault"
    return render(check.message, language)


def flask(house: House, *words: str, typed: str | None = None) -> tuple[int, str]:
    answer = house.app.test_cli_runner().invoke(args=list(words), input=typed)
    return answer.exit_code, answer.stdout


def test_what_is_offered_is_put_below_what_stands_and_then_nothing_is_left(house: House, browser: SignIn) -> None:
    olena, page = browser("Olena"), "/rights/?lang=en"
    assert told(house) == ([], {}) and flask(house, "config", "additions") == (0, "{}\n") and "Nobody sees these" not in olena.page(page)
    stood = grow_old(house)
    names, offered = told(house)
    assert sorted(names) == sorted(LATER) and not {"owner", "own", "blind"} & set(offered["roles"]), "what roles of one's own are for nobody else knows"
    for code, role in offered["roles"].items():
        more = role["rules"][len(stood[code]["rules"]) :]
        assert role == {"label": stood[code]["label"], "rules": [*stood[code]["rules"], *more]} and {rule["entity"] for rule in more} <= set(LATER), code
    assert {rule["entity"] for rule in offered["roles"]["head"]["rules"]} >= set(LATER) and "channel_cost" not in str(offered["roles"]["seller"])
    assert "Channel costs" in doctor(house, "en") and "flask config additions" in doctor(house, "uk")
    shown = olena.page(page)
    assert "Nobody sees these but the owner" in shown and 'href="/channel_cost/"' in shown and "flask config additions" in shown
    assert "Nobody sees these" not in browser("Andrii").page(page), "who does not see them is not told of them"
    code, printed = flask(house, "config", "additions")
    assert code == 3 and yaml.safe_load(printed) == offered
    assert flask(house, "config", "apply", "-", typed=printed)[0] == 0
    assert told(house) == ([], {}) and "additions" not in doctor(house, "en") and "Nobody sees these" not in olena.page(page)


def test_a_kind_that_a_role_of_ones_own_shows_is_seen(house: House) -> None:
    grow_old(house)
    house.configure({"roles": {
        key: {"label": {"uk": key, "en": key}, "rules": [{"entity": entity, "actions": ["read"], "scope": scope, "fields": {"*": "read"}}]}
        for key, entity, scope in (("costs", "channel_cost", "own"), ("none", "deal_competitor", "none"))
    }})
    assert told(house)[0] == ["deal_competitor"]
