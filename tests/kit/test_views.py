"""Kept views: one's own as tabs, opened first, starred; shared ones for roles; and that a view shows nobody more than he may see."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qs, quote, urlencode

import pytest
from werkzeug.test import TestResponse

from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw
from crm.organization.founding import add_person
from tests.kit.conftest import Browser, House, where
from tests.kit.test_list import titles
from tests.kit_forms.house import PASSWORD
from tests.statements import statements

SignIn = Callable[..., Browser]
KYIV = where("city", "eq", "Київ")


@pytest.fixture
def towns(house: House) -> House:
    house.make_many("account", [
        {"name": f"К{n}", "city": "Київ" if n % 2 else "Львів", "revenue": Decimal(n), "phone": f"+38044123456{n}"} for n in range(6)
    ])
    return house


def keep(someone: Browser, name: str, entity: str = "account", widths: str = "", **query: str) -> str:
    """Keeps a view; the name it has in addresses."""
    answer = someone.post(f"/{entity}/views", {"name": name, "query": urlencode(query), "widths": widths})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:500]
    return parse_qs(answer.headers["Location"].partition("?")[2])["view"][0]


def tabs(page: str) -> list[tuple[str, bool]]:
    """Tabs by their words, and which is the current one."""
    inside = page.partition('<nav class="b-tabs"')[2].partition("</nav>")[0]
    return [(unescape(words), "aria-current" in attributes) for attributes, words in re.findall(r"<a ([^>]*)>([^<]*)", inside)]


def query_of(page: str) -> dict[str, str]:
    found = re.search(r'data-filter data-base="[^"]*" data-query="([^"]*)"', page)
    assert found
    return {key: values[0] for key, values in parse_qs(unescape(found[1])).items()}


def configure(house: House, **views: object) -> None:
    house.configure({"views": views})


def test_a_kept_list_is_a_tab_that_shows_what_it_showed(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    name = keep(someone, "Київські", widths='{"name": 240, "city": 9999, "no": "x"}', where=KYIV, sort="-name", columns="name,city", size="25")
    page = someone.page(f"/account/?view={name}")
    assert titles(page) == ["К5", "К3", "К1"]
    assert re.findall(r'<th [^>]*data-field="(\w+)"', page) == ["name", "city"]
    assert '<col width="240"><col width="2000">' in page
    assert tabs(page) == [("All", False), ("Mine", False), ("Київські", True)]
    assert "all of it kept" and query_of(page) == {"view": name, "where": '{"field":"city","op":"eq","value":"Київ"}', "sort": "-name", "columns": "name,city",
                                                   "size": "25"}
    assert tabs(browser("Andrii").page("/account/")) == [("All", True), ("Mine", False)], "a view of one's own is nobody else's"


def test_what_is_asked_beside_a_view_is_what_is_shown(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    name = keep(someone, "Київські", where=KYIV, columns="name,city")
    page = someone.page(f"/account/?view={name}&sort=name&columns=name")
    assert titles(page) == [f"К{n}" for n in range(6)], "an address that says anything says all"
    assert ("Київські", True) in tabs(page) and "Changed since it was kept" in page
    unchanged = someone.page(f"/account/?view={name}")
    assert "Changed since it was kept" not in unchanged
    dropped = re.search(r'<a href="([^"]*)" aria-label="Drop the condition', unchanged)
    assert dropped and titles(someone.page(unescape(dropped[1]))) == [f"К{n}" for n in range(6)]


def test_count_export_and_selection_of_a_bare_view_are_those_of_its_list(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    name = keep(someone, "Київські", where=KYIV, columns="name")
    assert "3 records" in someone.page(f"/account/count?view={name}")
    assert someone.get(f"/account/export?format=csv&view={name}").get_data(as_text=True).split() == ["\ufeffname", "К1", "К3", "К5"]
    assert "3" in someone.page(f"/account/bulk?all=1&view={name}&field=city&value=Одеса")


def test_a_view_is_renamed_overwritten_moved_and_removed(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    first, second = keep(someone, "Один", where=KYIV), keep(someone, "Два", where=KYIV)
    assert someone.post(f"/account/views/{first}", {"name": "Перший"}).status_code == 200
    assert someone.post(f"/account/views/{first}", {"query": urlencode({"sort": "-name", "columns": "name"})}).status_code == 200
    assert titles(someone.page(f"/account/?view={first}"))[0] == "К5"
    assert someone.post(f"/account/views/{second}", {"move": "-1"}).status_code == 200
    assert [words for words, _ in tabs(someone.page("/account/"))] == ["All", "Mine", "Два", "Перший"]
    assert someone.post(f"/account/views/{second}/remove").status_code == 303
    assert [words for words, _ in tabs(someone.page("/account/"))] == ["All", "Mine", "Перший"]
    assert someone.get(f"/account/?view={second}").status_code == 404


def test_a_list_opens_with_ones_own_choice_else_with_that_of_the_role(towns: House, browser: SignIn) -> None:
    configure(towns, kyiv={
        "entity": "account", "label": {"uk": "Київ", "en": "Kyiv"}, "where": json.loads(KYIV), "columns": ["name"], "default_for": ["owner"],
    })
    someone = browser("Olena")
    assert titles(someone.page("/account/")) == ["К1", "К3", "К5"], "by the role"
    assert len(titles(someone.page("/account/?view=standard"))) == 6
    assert len(titles(someone.page("/account/?sort=name"))) == 6, "an address that says something is what it says"
    assert "6 records" in someone.page("/account/count"), "only the page of a list opens with a view"
    name = keep(someone, "Львів", where=where("city", "eq", "Львів"), columns="name")
    someone.post(f"/account/views/{name}", {"first": "1"})
    assert titles(someone.page("/account/")) == ["К0", "К2", "К4"], "one's own word goes first"
    someone.post("/account/views/standard", {"first": "1"})
    assert len(titles(someone.page("/account/"))) == 6
    someone.post("/account/views/standard", {"first": "0"})
    assert titles(someone.page("/account/")) == ["К1", "К3", "К5"]
    assert len(titles(browser("Roman").page("/account/"))) == 6, "of another role"


def test_a_shared_view_widens_no_right_and_leaves_out_what_is_hidden(towns: House, browser: SignIn) -> None:
    rich = {"all": [{"field": "revenue", "op": "gt", "value": 3}, json.loads(KYIV), {"field": "phone", "op": "starts", "value": "+38"}]}
    configure(towns, rich={
        "entity": "account", "label": {"uk": "Багаті", "en": "Rich"}, "where": rich, "sort": "-revenue,name", "columns": ["name", "revenue", "phone"],
    })
    assert titles(browser("Olena").page("/account/?view=rich")) == ["К5"]
    page = browser("Bohdan").page("/account/?view=rich")
    assert titles(page) == ["К1", "К3", "К5"], "what may not be asked is left out, what may is asked"
    assert "4 parts of this view are left out" in page and "revenue" not in page.split("<main")[1].split('id="view-dialog"')[0]
    assert browser("Oksana").page("/account/?view=rich").count("<tr data-id=") == 0, "his own accounts, of which there are none"
    assert browser("Bohdan").get("/account/?" + urlencode({"where": json.dumps(rich)})).status_code == 400


def test_a_view_for_other_roles_and_one_of_another_person_are_views_that_are_none(towns: House, browser: SignIn) -> None:
    configure(towns, mine={"entity": "account", "label": "Mine", "roles": ["reader"]})
    own = keep(browser("Olena"), "Своє")
    someone = browser("Bohdan")

    def told(answer: TestResponse, name: str) -> str:
        return re.sub(r'name="csrf-token" content="[^"]*"', "", answer.get_data(as_text=True)).replace(name, "")

    for path in ("/account/?view={}", "/account/count?view={}", "/account/export?view={}"):
        none, others, of_roles = (someone.get(path.format(name)) for name in ("987654", own, "mine"))
        assert none.status_code == others.status_code == of_roles.status_code == 404
    for path, form in (("/account/views/{}", {"name": "Чуже"}), ("/account/views/{}", {"starred": "1"}), ("/account/views/{}/remove", {})):
        assert [someone.post(path.format(name), form).status_code for name in ("987654", own, "mine")] == [404, 404, 404]
    assert ("Своє", False) in tabs(browser("Olena").page("/account/"))
    assert ("Mine", False) in tabs(browser("Roman").page("/account/"))


def test_who_may_change_roles_shares_a_view_and_nobody_else(towns: House, browser: SignIn) -> None:
    admin, other = browser("Andrii"), browser("Bohdan")
    name, his = keep(admin, "Київ", where=KYIV, columns="name"), keep(other, "Львів")
    assert other.get(f"/account/views/{his}/share").status_code == other.post(f"/account/views/{his}/share", {"label_en": "x"}).status_code == 403
    assert "Share…" not in other.page(f"/account/?view={his}")
    assert 'name="roles" value="blind"' in admin.page(f"/account/views/{name}/share")
    assert admin.post(f"/account/views/{name}/share", {"label_uk": " "}).status_code == 422
    shared = {"label_uk": "Клієнти Києва", "label_en": "Clients of Kyiv", "roles": ["blind", "administrator"], "default_for": ["blind"]}
    assert admin.post(f"/account/views/{name}/share", shared).headers["Location"] == "/account/?view=clients_of_kyiv"
    assert tabs(other.page("/account/")) == [("All", False), ("Mine", False), ("Львів", False), ("Clients of Kyiv", True)]
    assert titles(other.page("/account/")) == ["К1", "К3", "К5"]
    assert [words for words, _ in tabs(admin.page("/account/"))] == ["All", "Mine", "Clients of Kyiv"], "it is no longer his alone"
    assert other.post("/account/views/clients_of_kyiv", {"query": "columns=city"}).status_code == 403
    assert other.post("/account/views/clients_of_kyiv", {"name": "x"}).status_code == 403
    assert other.post("/account/views/clients_of_kyiv/remove").status_code == 403
    assert admin.post("/account/views/clients_of_kyiv", {"query": urlencode({"where": where("city", "eq", "Львів"), "columns": "name"})}).status_code == 303
    assert titles(other.page("/account/")) == ["К0", "К2", "К4"]
    assert other.post("/account/views/clients_of_kyiv", {"starred": "1"}).status_code == 200
    assert admin.post("/account/views/clients_of_kyiv/remove").status_code == 303
    assert tabs(other.page("/account/")) == [("All", True), ("Mine", False), ("Львів", False)]
    assert other.get("/views/starred").get_json() == []


def test_starred_views_come_with_every_list_and_are_found_by_name(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    name = keep(someone, "Київські клієнти", where=KYIV)
    answer = someone.post(f"/account/views/{name}", {"starred": "1"})
    expected = [{"url": f"/account/?view={name}", "label": "Київські клієнти", "icon": "building", "view": name}]
    assert answer.get_json()["starred"] == expected
    assert someone.get("/views/starred").get_json() == expected
    assert json.loads(someone.page("/deal/").split("data-starred>")[1].split("</script>")[0]) == expected
    found = someone.get("/search?q=" + quote("київськ")).get_json()
    assert [(one["text"], one["url"]) for one in found] == [("Київські клієнти", f"/account/?view={name}")]
    assert browser("Andrii").get("/search?q=" + quote("київськ")).get_json() == []
    someone.post(f"/account/views/{name}", {"starred": "0"})
    assert someone.get("/views/starred").get_json() == []


@pytest.mark.parametrize(("path", "form", "status"), [
    ("/account/views", {"name": " "}, 422), ("/account/views", {"name": "x" * 81}, 422), ("/account/views", {"name": "x", "query": "columns=nope"}, 400),
    ("/account/views", {"name": "x", "query": "where={"}, 400), ("/account/views", {"name": "x", "query": "view=nope"}, 404),
    ("/account/views", {"name": "x", "widths": "["}, 400), ("/account/views", {"name": "x", "widths": "[1]"}, 400),
    ("/account/views", {"name": "x", "query": "x=" + "1" * 50_000}, 400), ("/account/views", {"name": "Є"}, 422),
    ("/account/views/{}", {"move": "7"}, 400), ("/account/views/{}", {"query": "sort=nope"}, 400), ("/account/views/0", {"starred": "1"}, 404),
    ("/account/views/" + "9" * 40, {"starred": "1"}, 404), ("/account/views/standard/remove", {}, 404), ("/account/views/standard/share", {}, 404),
])
def test_nonsense_is_refused_and_changes_nothing(towns: House, browser: SignIn, path: str, form: dict[str, str], status: int) -> None:
    someone = browser("Olena")
    name = keep(someone, "Є", columns="name")
    before = someone.page(f"/account/?view={name}&lang=en")
    assert someone.post(path.format(name), form).status_code == status
    after = someone.page(f"/account/?view={name}&lang=en")
    assert (tabs(before), query_of(before)) == (tabs(after), query_of(after))


def test_a_list_asks_one_query_for_all_views(towns: House, browser: SignIn) -> None:
    someone = browser("Olena")
    someone.page("/account/")
    with statements(towns.engine) as without:
        someone.page("/account/?columns=name,city")
    name = ""
    for n in range(8):
        name = keep(someone, f"В{n}", where=KYIV, columns="name,city")
    configure(towns, **{f"v{n}": {"entity": "account", "label": f"V{n}"} for n in range(8)})
    someone.page(f"/account/?view={name}")
    with statements(towns.engine) as many:
        someone.page(f"/account/?view={name}")
    assert len(many) == len(without) and sum("view_use" in sent for sent in without) == 1


def test_sharing_anew_leaves_the_roles_that_the_sharer_does_not_see(towns: House, browser: SignIn) -> None:
    """A keeper of some roles alone: what he does not see is not shown to him, and not taken from the view."""
    with towns.system() as session:
        rules = [
            {"entity": "role", "actions": ["read", "update"], "where": {"field": "code", "op": "in", "value": ["blind", "reader"]}, "fields": {"*": "edit"}},
            {"entity": "account", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
        ]
        apply(session, from_raw({"roles": {"some_keeper": {"label": "Keeper of some", "rules": rules}}}, session.catalog))
        session.commit()
    with towns.system() as session:
        add_person(session, "kost@firm.example", "Kost", roles=("some_keeper",), password=PASSWORD)
        session.commit()
    configure(towns, ours={"entity": "account", "label": "Ours", "roles": ["own", "blind", "some_keeper"], "default_for": ["own"]})
    kost = browser("Kost")
    page = kost.page("/account/views/ours/share")
    assert 'name="roles" value="blind" checked' in page and 'value="own"' not in page
    assert kost.post("/account/views/ours/share", {"label_en": "Ours", "roles": ["reader"], "default_for": []}).status_code == 303
    view = towns.catalog.views["ours"]
    assert (view.roles, view.default_for) == (("reader", "own", "some_keeper"), ("own",))
    assert browser("Olena").post("/account/views/ours/share", {"label_en": "Ours", "roles": ["reader"]}).status_code == 303
    assert towns.catalog.views["ours"].roles == ("reader",), "who sees all of them says of all"
