"""Imports on both databases: what rows make, change and leave; and that a bad one writes nothing."""

import csv
import gc
import io
import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm.backoffice import pace, records, undo
from crm.backoffice.catalog import load_catalog
from crm.backoffice.exchange import batches, export as exporting, write_file as writing
from crm.backoffice.exchange.mapping import MappingFault
from crm.backoffice.exchange.report import Report
from crm.backoffice.exchange.take_back import take_back
from crm.backoffice.guard import DataSession
from crm.errors import BadRequest, BramaError, Forbidden, Invalid, NotFound, UnknownName
from crm.messages import render
from tests.exchange.conftest import Desk

ACCOUNTS = "code,name,city\nA1,Рошен,Київ\nA2,Nibulon,Миколаїв\n"


def sentences(report: Report) -> list[tuple[int, str, str]]:
    return [(p.row, p.column, render(p.message, "en")) for p in report.problems]


def test_a_second_import_of_the_same_file_changes_nothing(desk: Desk) -> None:
    first, second = desk.load("account", ACCOUNTS), desk.load("account", ACCOUNTS)
    assert (first.created, first.failed, first.exit_code) == (2, 0, 0)
    assert (second.created, second.updated, second.unchanged, second.exit_code) == (0, 0, 2, 0)
    assert desk.rows("account", "code", "name", "city") == [("A1", "Рошен", "Київ"), ("A2", "Nibulon", "Миколаїв")]


def test_a_dry_run_says_old_and_new_and_writes_nothing(desk: Desk) -> None:
    desk.load("account", ACCOUNTS)
    report = desk.load("account", ACCOUNTS.replace("Київ", "Львів") + "A3,Нова,\n", dry_run=True)
    assert report.changes == [{"row": 2, "code": "A1", "field": "city", "old": "Київ", "new": "Львів"}]
    assert (report.created, report.updated, report.unchanged, report.batch) == (1, 1, 1, None)
    assert len(desk.rows("account", "city")) == 2


def test_one_bad_row_means_nothing_is_written_unless_partial(desk: Desk) -> None:
    content = "code,name,employees\nA1,Рошен,10\nA2,Nibulon,many\n"
    whole = desk.load("account", content)
    assert (whole.created, whole.failed, whole.exit_code, whole.batch) == (0, 1, 1, None)
    assert sentences(whole) == [(3, "employees", "“many” is no number.")]
    assert whole.error_file is not None
    with open(whole.error_file, newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == [{"row": "3", "column": "employees", "value": "many", "problem": "“many” is no number."}]
    assert desk.rows("account", "code") == []
    part = desk.load("account", content, partial=True)
    assert (part.created, part.failed, part.exit_code) == (1, 1, 3)
    assert desk.rows("account", "code") == [("A1",)]


def test_references_may_point_forward_and_in_a_circle(desk: Desk) -> None:
    mapping = "match: [code]\ncolumns: {code: code, name: name, mother: {field: parent, by: name, missing: fail}}"
    content = "code,name,mother\nA1,Донька,Мати\nA2,Мати,Бабуся\nA3,Бабуся,Донька\n"
    assert desk.load("account", content, mapping).created == 3
    assert desk.rows("account", "name", "parent") == [("Донька", "A2"), ("Мати", "A3"), ("Бабуся", "A1")]
    assert desk.load("account", content, mapping).unchanged == 3
    unknown = desk.load("account", content + "A4,Сирота,Нема\n", mapping)
    assert sentences(unknown) == [(5, "mother", "Company “Нема” is not known.")]


def test_rows_that_would_stand_below_themselves_are_named_and_leave_nothing(desk: Desk) -> None:
    loop = desk.load("department", "code,name,parent\nD1,A,\nD2,B,D4\nD3,C,D2\nD4,D,D3\n", partial=True)
    assert (loop.created, loop.exit_code, loop.batch) == (0, 1, None) and sentences(loop) == [(5, "parent", "A unit cannot stand below itself.")]
    own = desk.load("account", "code,name,mother\nA1,Перша,\nA2,Сама,A2\n", "columns: {code: code, name: name, mother: parent}")
    assert own.exit_code == 1 and sentences(own) == [(3, "mother", "A company cannot be its own parent.")]
    assert desk.rows("department", "code") == [] and desk.rows("account", "code") == []
    first, second = desk.company.make("territory", {"name": "A"}, {"name": "B"})
    with desk.company.system() as session, pytest.raises(Invalid):
        records.change_many(session, "territory", {first: {"parent": second}, second: {"parent": first}})


def test_two_that_fit_fail_the_row(desk: Desk) -> None:
    desk.company.make("user", {"name": "Іван Коваль"}, {"name": "Іван Коваль"})
    mapping = "columns: {code: code, name: name, seller: {field: owner, by: name, missing: create}}"
    report = desk.load("account", "code,name,seller\nA1,Рошен,Іван Коваль\n", mapping)
    assert sentences(report) == [(2, "seller", "User “Іван Коваль”: several records fit.")]


def test_two_rows_with_one_key_fail_both(desk: Desk) -> None:
    report = desk.load("account", "code,name\nA1,a\nA2,b\nA1,c\n", partial=True)
    assert [row for row, _, _ in sentences(report)] == [2, 4]
    assert desk.rows("account", "code") == [("A2",)]


def test_missing_records_and_options_are_made_once(desk: Desk) -> None:
    mapping = """
match: [name]
columns:
  name: name
  seller: {field: owner, by: name, missing: create}
  sector: {field: industry, missing: create}
"""
    report = desk.load("account", "name,seller,sector\na,Нова Людина,Heavy Industry\nb,Нова Людина,heavy industry\n", mapping)
    assert (report.created, dict(report.related)) == (2, {"user": 1})
    option = next(iter({r[0] for r in desk.rows("account", "industry")}))
    assert load_catalog(desk.company.engine).options[option].key == "heavy_industry"
    assert desk.load("account", "name,seller,sector\na,Нова Людина,Heavy Industry\nb,Нова Людина,heavy industry\n", mapping).unchanged == 2
    assert desk.rows("user", "name", "email")[-1] == ("Нова Людина", None)


def test_one_line_makes_an_account_its_contact_and_the_position(desk: Desk) -> None:
    mapping = "match: [code]\ncolumns: {code: code, name: name, who: contacts.name, post: contacts.title}"
    content = "code,name,who,post\nA1,Рошен,Ганна Мельник,Директорка\nA2,Nibulon,,\n"
    report = desk.load("account", content, mapping)
    assert dict(report.related) == {"contact": 1, "position": 1}
    assert desk.rows("position", "account", "title") == [("A1", "Директорка")]
    assert desk.load("account", content, mapping).unchanged == 2
    changed = desk.load("account", content.replace("Директорка", "Власниця"), mapping)
    assert (changed.updated, changed.unchanged) == (1, 1)
    assert len(desk.rows("contact", "name")) == 1


DEALS = """
match: [code]
dates: ["%Y-%m-%d", "%d.%m.%Y"]
defaults: {pipeline: sales}
columns:
  code: code
  stage: stage
  product: {field: lines.product, by: name}
  value: [amount, lines.amount]
  opened: [opened_on, stage_entered.FIRST]
  closed: [closed_on, stage_entered.closed]
"""


def deals(desk: Desk) -> tuple[str, str]:
    stages = [s for s in desk.company.catalog.configured["stage"].values() if s.code.startswith("sales.")]
    first, won = stages[0].key, next(s.key for s in stages if s.values["kind"] == "won")
    return DEALS.replace("FIRST", first), won


def test_history_comes_from_the_file_and_never_from_the_moment_of_import(desk: Desk) -> None:
    desk.company.make("product", {"name": "GTX Pro"})
    mapping, won = deals(desk)
    content = f"code,stage,product,value,opened,closed\nD1,{won},GTX Pro,4514,2017-03-01,2017-03-11\nD2,{won},GTX Pro,10,,\n"
    report = desk.load("deal", content, mapping)
    assert dict(report.related) == {"deal_line": 2, "stage_history": 2}
    assert desk.rows("deal", "code", "amount", "opened_on", "closed_on")[0] == ("D1", Decimal(4514), date(2017, 3, 1), date(2017, 3, 11))
    # Kyiv is two hours ahead of UTC in March.
    assert desk.rows("stage_history", "deal", "entered_at") == [
        ("D1", datetime(2017, 2, 28, 22, tzinfo=UTC)), ("D1", datetime(2017, 3, 10, 22, tzinfo=UTC))]
    assert desk.load("deal", content, mapping).unchanged == 2


def test_earlier_days_that_come_later_put_the_history_in_order_and_files_brought_again_change_nothing(desk: Desk) -> None:
    mapping, won = deals(desk)
    lead_id, won_id = desk.company.stage("lead"), desk.company.stage("won")
    desk.company.make("product", {"name": "p"})
    late, whole = (f"code,stage,product,value,opened,closed\nD1,{won},p,1,{opened},2017-03-27\n" for opened in ("", "2017-03-25"))
    assert desk.load("deal", late, mapping).created == 1
    assert desk.rows("stage_history", "stage", "from_stage", "minutes") == [(won_id, None, None)]
    assert desk.load("deal", whole, mapping).updated == 1
    # two days, one of them of 23 hours
    in_order = [(lead_id, None, 2 * 24 * 60), (won_id, lead_id, None)]
    assert sorted(desk.rows("stage_history", "stage", "from_stage", "minutes")) == in_order
    assert desk.load("deal", whole, mapping).unchanged == 1
    desk.load("deal", late, mapping)  # which knows no day of opening
    assert sorted(desk.rows("stage_history", "stage", "from_stage", "minutes", "row_version")) == [(*in_order[0], 1), (*in_order[1], 2)]


def test_a_column_of_dates_keeps_one_form(desk: Desk) -> None:
    mapping, won = deals(desk)
    desk.company.make("product", {"name": "p"})
    mixed = f"code,stage,product,value,opened,closed\nD1,{won},p,1,2017-03-01,\nD2,{won},p,1,02.03.2017,\n"
    report = desk.load("deal", mixed, mapping)
    assert {(row, column) for row, column, _ in sentences(report)} == {(3, "opened")}


def test_a_closing_day_of_an_open_deal_fails_the_row(desk: Desk) -> None:
    mapping, _ = deals(desk)
    desk.company.make("product", {"name": "p"})
    stage = next(s.key for s in desk.company.catalog.configured["stage"].values() if s.code.startswith("sales."))
    report = desk.load("deal", f"code,stage,product,value,opened,closed\nD1,{stage},p,1,,2017-03-11\n", mapping)
    assert "no day on which it was closed" in sentences(report)[0][2]


def test_scale_decimal_sign_and_values(desk: Desk) -> None:
    mapping = """
match: [name]
decimal: ","
scale: {revenue: 1000000}
columns: {name: name, rev: revenue, land: {field: country, values: {Korea: South Korea}}}
"""
    desk.load("account", "name;rev;land\na;1 100,04;Korea\nb;1.250,5;Kenya\n", mapping)
    assert desk.rows("account", "revenue", "country") == [(Decimal("1100040000"), "KR"), (Decimal("1250500000"), "KE")]


@pytest.mark.parametrize(("content", "mapping", "sentence"), [
    ("code,nmae\nA1,a\n", "", "Did you mean “name”"),
    ("code,name\nA1,a\n", "columns: {code: code}", "neither mapped nor ignored"),
    ("code,name\nA1,a\n", "columns: {code: code, nmae: name}", "Did you mean “name”"),
    ("code,name\nA1,a\n", "columns: {code: code, name: nmae}", "Did you mean “name”"),
    ("code,name\nA1,a\n", "columns: {code: code, name: created_at}", "kept by the product"),
    ("code,name\nA1,a\n", "columns: {code: code, name: name}\nmatch: [city]", "no column and no default"),
    ("code,name\nA1,a\n", "columns: {code: code, name: {field: owner, by: nmae}}", "Did you mean “name”"),
    ("code,name\nA1,a\n", "columns: {code: code, name: {field: name, missing: create}}", "references and picklists"),
    ("code,name\nA1,a\n", "columns: {code: code, name: name}\nscale: {name: 10}", "for numbers"),
    ("code,name\nA1,a\n", "columns: {code: code, name: name}\ndefaults: {kind: custumer}", "has no value"),
    ("code,name\nA1,a\n", "entity: deal\ncolumns: {code: code, name: name}", "The mapping is for"),
    ("code,name\nA1,a\n", "columns: {code: name, name: name}", "Two columns fill"),
    ("code,name\nA1,a\n", "columns: {code: code, name: contacts.title}", "contacts.name"),
    ("code,name\nA1,a\n", "columns: {code: code, name: people.name}", "is not known"),
])
def test_a_mapping_that_does_not_fit_is_refused_before_anything_is_written(desk: Desk, content: str, mapping: str, sentence: str) -> None:
    with pytest.raises(MappingFault) as refused:
        desk.load("account", content, mapping)
    assert sentence in render(refused.value.message, "en")
    assert render(refused.value.message, "uk")
    assert desk.rows("account", "code") == []


@pytest.mark.parametrize("name", ["🙂 Смайл", "שלום עולם", "=cmd()|'/C calc'!A0", "'=1", "@SUM(A1)", "-1+1", "O'Neil, \"Sons\""])
@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_export_and_import_are_inverse(desk: Desk, name: str, form: str) -> None:
    desk.company.make("account", {"code": "A1", "name": name, "revenue": Decimal("12345678901234.5678"), "phone": "+380441234567"})
    made = desk.export("account", form)
    report = desk.load("account", made, name=f"rows.{form}")
    assert (report.unchanged, report.updated, report.created, report.failed) == (1, 0, 0, 0), report.problems
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(made.decode())))
        assert all(not value.startswith(("=", "+", "@", "\t")) for row in rows for value in row.values())


def test_a_sheet_that_is_cut_short_leaves_nothing_behind(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setattr(exporting, "SHEET_ROWS", 2)
    desk.company.make("account", *({"name": f"Фірма {n}"} for n in range(3)))
    with pytest.raises(BadRequest):
        desk.export("account", "xlsx")
    gc.collect()
    assert list(scratch.iterdir()) == []


def test_undo_takes_a_whole_import_back_and_names_what_stays(desk: Desk) -> None:
    desk.load("account", ACCOUNTS)
    report = desk.load("account", "code,name,city\nA1,Рошен,Львів\nA3,Нова,Суми\nA4,Інша,Одеса\n")
    system = desk.open()
    with system(desk.company.catalog, True) as session:
        ids = _codes(session)
        records.change(session, "account", ids["A4"], {"city": "Ізмаїл"})
        session.commit()
    done = take_back(desk.company.engine, system, desk.company.catalog, report.batch or "")
    assert done.undone == 2
    assert [(k.entity, k.code) for k in done.kept] == [("account", "A4")]
    assert desk.rows("account", "code", "city") == [("A1", "Київ"), ("A2", "Миколаїв"), ("A4", "Ізмаїл")]
    with pytest.raises(NotFound):
        take_back(desk.company.engine, system, desk.company.catalog, "no such batch")


def test_a_way_back_that_was_cut_off_goes_on_and_leaves_what_others_saved_meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts: cut off after the second, while somebody edits a record that is yet to go and refers to another."""
    monkeypatch.setattr(pace, "CHUNK", 20)
    monkeypatch.setattr(pace.Pace, "took", lambda self, seconds: None)
    desk.company.make("account", {"code": "A0", "name": "Була", "city": "Київ"})
    content = "code,name,city\nA0,Була,Львів\n" + "".join(f"A{n},Компанія {n},Суми\n" for n in range(1, 100))
    report = desk.load("account", content)
    system, parts = desk.open(), []

    def meanwhile(engine: object) -> None:
        parts.append(engine)
        if len(parts) == 1:
            with system(desk.company.catalog, True) as session:
                ids = _codes(session)
                records.change(session, "account", ids["A90"], {"city": "Ізмаїл"})
                records.create(session, "deal", {"name": "Двері", "account": ids["A91"]})
                session.commit()
        if len(parts) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(pace, "give_way", meanwhile)
    with pytest.raises(KeyboardInterrupt):
        take_back(desk.company.engine, system, desk.company.catalog, report.batch or "")
    assert len(desk.rows("account", "code")) == 61, "what is committed is taken back, the rest is not lost"
    done = take_back(desk.company.engine, system, desk.company.catalog, report.batch or "")
    assert (done.undone, [(k.code, str(k.why)[:20]) for k in done.kept]) == (98, [("A90", "It has been changed "), ("A91", "Other records refer ")])
    assert desk.rows("account", "code", "city") == [("A0", "Київ"), ("A90", "Ізмаїл"), ("A91", "Суми")]
    with system(desk.company.catalog, True) as session:
        row = batches.find(session, report.batch or "")
    assert row is not None and (row["state"], row["undo_position"]) == ("undone", 100)


def test_a_file_brought_again_first_ends_the_way_back_of_its_import(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "CHUNK", 20)
    content = "name,city\n" + "".join(f"Компанія {n},Суми\n" for n in range(50))
    report = desk.load("account", content)

    def die(engine: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(pace, "give_way", die)
        with pytest.raises(KeyboardInterrupt):
            take_back(desk.company.engine, desk.open(), desk.company.catalog, report.batch or "")
    again = desk.load("account", content)
    assert again.created == 50 and again.batch != report.batch
    assert desk.rows("account", "name") == [(f"Компанія {n}",) for n in range(50)], "none is there twice"


def _codes(session: DataSession) -> dict[str, int]:
    account = session.table("account")
    return dict(session.execute(select(account["code"], account.id).where(account.visible)).all())


def test_an_import_goes_on_where_it_was_interrupted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "name,city\n" + "".join(f"Компанія {n},Місто {n % 7}\n" for n in range(300))
    monkeypatch.setattr(pace, "CHUNK", 50)
    monkeypatch.setattr(pace, "MOST", 50)
    calls = []

    def die(run: object) -> None:
        calls.append(run)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(pace, "give_way", die)
        with pytest.raises(KeyboardInterrupt):
            desk.load("account", content)
    assert len(desk.rows("account", "name")) == 150
    report = desk.load("account", content)
    # Without a key nothing could tell the rows apart: only the place in the file does.
    assert (report.created, report.unchanged, report.rows) == (300, 0, 300)
    assert desk.rows("account", "name") == [(f"Компанія {n}",) for n in range(300)]
    with desk.open()(desk.company.catalog, True) as session:
        assert undo.undo(session, report.batch or "").undone == 300


def test_what_fails_while_writing_takes_earlier_chunks_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "CHUNK", 50)
    monkeypatch.setattr(pace, "MOST", 50)
    content = "code,name\n" + "".join(f"A{n},Компанія {n}\n" for n in range(120))
    waited = []

    def meanwhile(run: object) -> None:
        if not waited:
            desk.company.make("account", {"name": "Чужа", "code": "A110"})
            with desk.open()(desk.company.catalog, True) as session:
                records.remove(session, "account", _codes(session)["A110"])
                session.commit()
        waited.append(run)

    real = writing.write

    def failing(session, plans, context, written):  # type: ignore[no-untyped-def]
        if any(p.draft.own.get("code") == "A110" for p in plans):
            raise Forbidden
        real(session, plans, context, written)

    monkeypatch.setattr(pace, "give_way", meanwhile)
    monkeypatch.setattr(writing, "write", failing)
    report = desk.load("account", content)
    assert (report.created, report.failed, report.exit_code) == (0, 1, 1)
    assert desk.rows("account", "code") == []
    monkeypatch.setattr(pace, "give_way", lambda run: None)
    partial = desk.load("account", content, partial=True)
    assert (partial.created, partial.failed, partial.exit_code) == (119, 1, 3)


def test_the_importer_writes_with_his_own_rights_only(desk: Desk) -> None:
    desk.company.role(
        "narrow",
        {
            "entity": "account",
            "effect": "allow",
            "actions": ["read", "create", "update"],
            "scope": "own",
            "fields": {"*": "edit", "revenue": "hidden", "city": "read"},
        },
    )
    who = desk.company.person("narrow", email="narrow@check.example")
    assert desk.load("account", "code,name\nA1,Рошен\n", who=who).created == 1
    for content, refusal in (("code,revenue\nA1,5\n", UnknownName), ("code,name,nothing\nA1,a,b\n", MappingFault)):
        with pytest.raises(refusal):
            desk.load("account", content, who=who)
    with pytest.raises(Forbidden):
        desk.load("account", "code,town\nA1,Київ\n", "columns: {code: code, town: city}", who=who)
    with pytest.raises(Forbidden):
        desk.load("product", "name\nx\n", who=who)
    with pytest.raises(BramaError):
        desk.export("account", "csv", who=who)
    desk.company.make("account", {"code": "X1", "name": "Чужа"})
    taken = desk.load("account", "code,name\nX1,Моя\n", who=who)
    assert taken.exit_code == 1
    assert desk.rows("account", "code", "name")[-1] == ("X1", "Чужа")
    boss = "columns: {code: code, boss: {field: owner, by: name, missing: create}}"
    with pytest.raises(UnknownName):
        desk.load("account", "code,boss\nA1,Хтось\n", boss, who=who)
    desk.company.role("looker", {"entity": "user", "effect": "allow", "actions": ["read"], "scope": "all", "fields": {"*": "read"}})
    looking = desk.company.person("narrow", "looker", email="looking@check.example")
    makes_nobody = desk.load("account", "code,name,boss\nA2,Нова,Хтось\n", boss.replace("code: code", "code: code, name: name"), who=looking)
    assert sentences(makes_nobody)[0][:2] == (2, "boss")
    assert "You may not create" in sentences(makes_nobody)[0][2]


def test_a_trial_refuses_what_the_writing_would_refuse_on_that_very_record(desk: Desk) -> None:
    desk.company.role(
        "keeper",
        {
            "entity": "account",
            "effect": "allow",
            "actions": ["read", "update"],
            "scope": "own",
            "fields": {"*": "edit", "website": {"mode": "edit", "where": {"field": "city", "op": "eq", "value": "Київ"}}},
        },
        {"entity": "user", "effect": "allow", "actions": ["read"], "scope": "all", "fields": {"*": "read"}},
    )
    who = desk.company.person("keeper", email="keeper@check.example", code="U-K")
    desk.company.person(email="other@check.example", code="U-O")
    desk.company.make("account", {"code": "A1", "name": "Рошен", "owner": who, "city": "Київ"}, {"code": "A2", "name": "Лан", "owner": who, "city": "Львів"})
    mapping = "columns: {code: code, owner: owner, website: website}"
    given_away = desk.load("account", "code,owner\nA1,U-O\n", "columns: {code: code, owner: owner}", who=who, dry_run=True)
    assert [s[:2] for s in sentences(given_away)] == [(2, "owner")]
    assert "to somebody else" in sentences(given_away)[0][2]
    content = "code,owner,website\nA1,U-K,https://a1.example\nA2,U-K,https://a2.example\n"
    tried = desk.load("account", content, mapping, who=who, dry_run=True, partial=True)
    assert [s[:2] for s in sentences(tried)] == [(3, "website")]
    done = desk.load("account", content, mapping, who=who, partial=True)
    assert (done.updated, done.failed) == (1, 1)
    assert desk.rows("account", "code", "website") == [("A1", "https://a1.example"), ("A2", None)]


LEADS_WITH_L = {"field": "code", "op": "starts", "value": "L"}
ALL_DEPARTMENTS = {"entity": "department", "actions": ["read", "create", "update"], "scope": "all", "fields": {"*": "edit"}}
UNITS = "code,name,parent\nL1,Львів,TOP\nK1,Київ,TOP\nK2,Окремий,\nL2,Сихів,L1\nK3,Чуже,L1\nK9,Давній,L1\nL9,Давній,L1\n"
BELOW, NOT_GIVEN = "You may not put a unit below another one.", "You may not give this record to somebody else."


def assigning(**where: Any) -> dict[str, Any]:
    return {"entity": "department", "actions": ["assign"], "fields": {"*": "edit"}, **where}


@pytest.mark.parametrize(
    ("assign", "refused"),
    [
        ([], {2: BELOW, 3: BELOW, 5: BELOW, 6: BELOW, 7: NOT_GIVEN, 8: NOT_GIVEN}),
        ([assigning(where=LEADS_WITH_L)], {3: BELOW, 6: BELOW, 7: NOT_GIVEN}),
        ([assigning(scope="own")], {7: NOT_GIVEN, 8: NOT_GIVEN}),  # what one makes is one's own
        ([assigning(scope="all")], {}),
    ],
)
def test_a_trial_foresees_which_units_may_not_be_put_below_another(desk: Desk, assign: list[dict[str, Any]], refused: dict[int, str]) -> None:
    desk.company.make("department", {"code": "TOP", "name": "Уся компанія"}, {"code": "K9", "name": "Давній"}, {"code": "L9", "name": "Давній"})
    who = desk.company.person(desk.company.role("keeper", ALL_DEPARTMENTS, *assign))
    mapping = "match: [code]\ncolumns: {code: code, name: name, parent: parent}"
    trial = desk.load("department", UNITS, mapping, who=who, dry_run=True)
    assert {row: message for row, _, message in sentences(trial)} == refused
    # What the trial lets through is written to the last row; it refuses no row that would be.
    done = desk.load("department", UNITS, mapping, who=who, partial=True)
    assert {row: message for row, _, message in sentences(done)} == refused
    assert (done.created, done.updated) == (trial.created, trial.updated) == (5 - len(refused.keys() & {2, 3, 4, 5, 6}), 2 - len(refused.keys() & {7, 8}))
    assert ("L2", "L1") in desk.rows("department", "code", "parent") or 5 in refused


def test_a_unit_of_ones_own_may_be_put_below_another_by_whoever_may_give_his_own_away(desk: Desk) -> None:
    desk.company.make("department", {"code": "TOP", "name": "Уся компанія"})
    people = {"entity": "user", "actions": ["read"], "scope": "all", "fields": {"*": "read"}}
    who = desk.company.person(desk.company.role("keeper", ALL_DEPARTMENTS, assigning(scope="own"), people), code="U-K", email="keeper@check.example")
    desk.company.person(code="U-O", email="other@check.example")
    mapping = "match: [code]\ncolumns: {code: code, name: name, parent: parent, owner: owner}"
    trial = desk.load("department", "code,name,parent,owner\nD1,Моє,TOP,U-K\nD2,Чуже,TOP,U-O\n", mapping, who=who, dry_run=True)
    assert [(row, column) for row, column, _ in sentences(trial)] == [(3, "parent")]
    assert desk.load("department", "code,name,parent,owner\nD1,Моє,TOP,U-K\n", mapping, who=who).created == 1


def test_rows_that_only_resemble_records_wait_in_a_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.load("account", ACCOUNTS)
    content = "code,name,city\nB1,Roshen,Львів\nB2,Нова,Львів\nB3,Nova,Рівне\nA2,Nibulon,Херсон\n"
    tried = desk.load("account", content, review=True, dry_run=True)
    assert (tried.created, tried.updated, tried.skipped, tried.rest_file) == (2, 1, 1, None)

    def die(_run: Any) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(pace, "CHUNK", 2)
    with monkeypatch.context() as killing:
        killing.setattr(pace, "give_way", die)
        with pytest.raises(RuntimeError):
            desk.load("account", content, review=True, decided_by="review")
    done = desk.load("account", content, review=True, decided_by="review")
    assert (done.created, done.updated, done.skipped, done.exit_code) == (2, 1, 1, 0)
    assert desk.rows("account", "code", "city")[2:] == [("B2", "Львів"), ("B3", "Рівне")], "what it wrote before it was killed resembles nothing"
    assert done.rest_file is not None
    assert Path(done.rest_file).read_text("utf-8").splitlines() == ["code,name,city", "B1,Roshen,Львів"]
    assert done.as_dict()["rest_file"] == done.rest_file
    assert "rest_file" not in desk.load("account", content, partial=True).as_dict()
