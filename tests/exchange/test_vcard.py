"""Address books: what cards say becomes people with their companies and ways to be reached; broken ones are rows with a reason."""

import json
import tracemalloc
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.backoffice import lists, records
from crm.backoffice.exchange import kits
from crm.backoffice.exchange.export import export
from crm.backoffice.exchange.read_vcard import open_vcard
from crm.backoffice.exchange.report import Report
from crm.backoffice.guard import DataSession
from crm.errors import Forbidden, UnknownName
from crm.messages import render
from tests.exchange.conftest import Desk

VERSION_21 = """BEGIN:VCARD\r
VERSION:2.1\r
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=9A=D0=BE=D0=B2=D0=B0=D0=BB=D1=\r
=8C;=D0=86=D1=80=D0=B8=D0=BD=D0=B0;;;\r
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=86=D1=80=D0=B8=D0=BD=D0=B0 =D0=9A=D0=BE=D0=B2=D0=B0=D0=BB=D1=8C\r
TEL;CELL:+380671112233\r
TEL;WORK;PREF:+380441112233\r
EMAIL;INTERNET:iryna@roshen.example\r
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD\r
 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r
\r
END:VCARD\r
"""
VERSION_30 = """BEGIN:VCARD
VERSION:3.0
N:Мельник;Андрій;Іванович;;
FN:Андрій Мельник
ORG:Рошен;Закупівлі
TITLE:Директор\\, закупівлі
item1.EMAIL;TYPE=INTERNET,PREF:a@roshen.example
EMAIL;TYPE=HOME:andrii@home.example
ADR;TYPE=WORK:;;вул. Садова\\, 3;Київ;;01001;Україна
BDAY:1980-05-17
NOTE:Дзвонити
  зранку\\nабо ввечері
END:VCARD
"""
VERSION_40 = """BEGIN:VCARD
VERSION:4.0
N:Doe;Jane;;;
FN:Jane Doe
TEL;VALUE=uri;TYPE="voice,cell";PREF=1:tel:+44-20-7946-0018;ext=5
EMAIL:mailto:jane@doe.example
IMPP:telegram:janedoe
BDAY:--0412
END:VCARD
"""


def load(desk: Desk, content: str | bytes, **options: object) -> Report:
    path = desk.file(content, "people.vcf")
    kit = kits.find("contact", "vcard.contact")
    assert kit is not None
    fitted = kits.fitted(kit.mapping, open_vcard(path, encoding="auto").columns)
    return desk.load("contact", path, name="people.vcf", given=fitted, **options)


def test_cards_of_every_version_become_people(desk: Desk) -> None:
    done = load(desk, VERSION_21 + VERSION_30 + VERSION_40)
    assert [render(p.message, "en") for p in done.problems] == []
    assert (done.created, dict(done.related)) == (3, {"account": 1, "position": 1, "contact_point": 4})
    assert desk.rows("contact", "name", "last_name", "first_name", "middle_name", "phone", "email") == [
        ("Ірина Коваль", "Коваль", "Ірина", None, "+380441112233", "iryna@roshen.example"),
        ("Андрій Мельник", "Мельник", "Андрій", "Іванович", None, "a@roshen.example"),
        ("Jane Doe", "Doe", "Jane", None, "+442079460018", "jane@doe.example"),
    ]
    assert desk.rows("contact", "birth_date", "description") == [
        (None, None), (desk.rows("contact", "birth_date")[1][0], "Дзвонити зранку\nабо ввечері"), (None, None)]
    assert str(desk.rows("contact", "birth_date")[1][0]) == "1980-05-17"
    assert desk.rows("account", "name") == [("Рошен",)]
    assert desk.rows("position", "title") == [("Директор, закупівлі",)]
    assert sorted(value for (value,) in desk.rows("contact_point", "value")) == [
        "+380671112233", "andrii@home.example", "janedoe", "вул. Садова, 3, Київ, 01001, Україна"]


def test_a_second_card_of_a_company_finds_it(desk: Desk) -> None:
    load(desk, VERSION_30)
    assert dict(load(desk, VERSION_30.replace("Мельник", "Кравець").replace("a@", "k@")).related) == {"position": 1, "contact_point": 2}


@pytest.mark.parametrize(("broken", "why"), [
    ("BEGIN:VCARD\nFN:Half\n", "the file is cut off"), ("BEGIN:VCARD\nFN:A\nno colon here\nEND:VCARD\n", "no name and value"),
    ("BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\n", "another begins before END:VCARD"), ("BEGIN:VCARD\nEND:VCARD\nstray\n", "outside of any card"),
    ("BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=klingon:=D0\nEND:VCARD\n", "cannot be read as klingon"),
    ("BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=D0\nEND:VCARD\n", "cannot be read as UTF-8"),
])
def test_a_broken_card_is_a_row_with_its_reason(desk: Desk, broken: str, why: str) -> None:
    done = load(desk, VERSION_30 + broken, partial=True)
    assert any(why in render(p.message, "en") for p in done.problems), [render(p.message, "en") for p in done.problems]
    assert desk.rows("contact", "name")[0] == ("Андрій Мельник",)


def test_an_address_book_in_windows_1251_is_read(desk: Desk) -> None:
    load(desk, VERSION_30.encode("cp1251"))
    assert desk.rows("contact", "name") == [("Андрій Мельник",)]


def test_ten_thousand_cards_with_pictures_are_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "people.vcf"
    picture = "PHOTO;ENCODING=b;TYPE=JPEG:" + "A" * 70 + "\n" + (" " + "A" * 70 + "\n") * 40
    with path.open("w", encoding="utf-8") as file:
        for number in range(10_000):
            file.write(VERSION_30.replace("END:VCARD", f"TEL:+38067{number:07d}\n{picture}END:VCARD"))
    rows = open_vcard(path, encoding="utf-8").rows()
    assert sum(1 for _ in islice(rows, 9_500)) == 9_500
    tracemalloc.start()  # counting costs five times the reading; what the first ones left behind would show in no later one
    assert sum(1 for _ in rows) == 500
    assert tracemalloc.get_traced_memory()[1] < 512 * 1024
    tracemalloc.stop()


def test_people_go_out_as_cards_and_come_back_the_same(desk: Desk) -> None:
    load(desk, VERSION_21 + VERSION_30 + VERSION_40)
    before = desk.rows("contact", "code", "name", "last_name", "phone", "email", "birth_date", "description"), desk.rows("contact_point", "kind", "value")
    sent = desk.export("contact", "vcard")
    assert sent.count(b"BEGIN:VCARD") == 3
    assert max(len(line) for line in sent.split(b"\r\n")) <= 75
    again = load(desk, sent)
    assert (again.created, again.updated, again.unchanged, dict(again.related)) == (0, 0, 3, {})
    for code in desk.rows("contact", "code"):
        sent = sent.replace(f"X-BRAMA-CODE:{code[0]}\r\n".encode(), b"")
    assert (desk.rows("contact", "code", "name", "last_name", "phone", "email", "birth_date", "description"),
            desk.rows("contact_point", "kind", "value")) == before
    assert b"X-BRAMA-CODE" not in sent


ALL_OF_IT = ("Рошен", "Директор", "a@roshen.example", "andrii@home.example", "1980-05-17", "Дзвонити", "+380671112233", "+380441112233", "Садова")


def sent(desk: Desk, who: int, *fields: str, **asked: object) -> str:
    """What somebody gets as cards, its folded lines joined: of the whole list, or of the records that `asked` says."""
    with desk.open(who)(desk.company.catalog, True) as session:
        query = lists.parse_query(session, "contact", {"where": json.dumps(asked)} if asked else {})
        return b"".join(export(session, query, fields or None, "vcard")).decode().replace("\r\n ", "")


def people(desk: Desk) -> tuple[int, int]:
    """Two people of one company, the second one's owner is `reader`: his number and that of his person."""
    load(desk, VERSION_21.replace("END:VCARD", "ORG:Рошен\r\nEND:VCARD") + VERSION_30)
    company = desk.company
    reader = company.person(company.role("cards", *RULES))
    with company.system() as session:
        mine = next(number for number, name in _names(session) if "Мельник" in name)
        records.change(session, "contact", mine, {"owner": reader})
        session.commit()
    return reader, mine


def _names(session: DataSession) -> list[tuple[int, str]]:
    source = session.table("contact")
    return [(number, name) for number, name in session.execute(select(source.id, source["name"]).where(source.visible))]


RULES = (
    {"entity": "contact", "actions": ["read", "export"], "scope": "own",
     "fields": {"*": "read", "email": "masked", "phone": "hidden", "birth_date": "hidden", "description": "hidden"}},
    {"entity": "position", "actions": ["read", "export"], "scope": "all", "fields": {"*": "read", "title": "hidden"}},
    {"entity": "account", "actions": ["read", "export"], "scope": "all", "fields": {"*": "read", "name": "masked"}},
    {"entity": "contact_point", "actions": ["read", "export"], "scope": "all", "fields": {"*": "read", "value": "masked"}},
)


def test_cards_leave_out_what_their_reader_may_not_know(desk: Desk) -> None:
    reader, mine = people(desk)
    for card in (sent(desk, reader), sent(desk, reader, field="id", op="eq", value=mine)):
        assert card.count("BEGIN:VCARD") == 1
        assert "N:Мельник;Андрій;Іванович;;" in card
        assert [text for text in (*ALL_OF_IT, "Коваль", "Ірина", "•", "***") if text in card] == []
    for field in ("phone", "birth_date", "description"):
        with pytest.raises(UnknownName):
            sent(desk, reader, field)


def test_a_card_of_a_person_who_is_not_seen_is_none(desk: Desk) -> None:
    reader, mine = people(desk)
    with desk.company.system(write=False) as session:
        other = next(number for number, _ in _names(session) if number != mine)
    assert sent(desk, reader, field="id", op="eq", value=other) == sent(desk, reader, field="id", op="eq", value=999_999) == ""


def test_cards_hold_only_what_may_be_exported(desk: Desk) -> None:
    company = desk.company
    load(desk, VERSION_30)
    reads = [{"entity": entity, "actions": ["read"], "scope": "all", "fields": {"*": "read"}} for entity in ("position", "account", "contact_point")]
    whole = {"entity": "contact", "actions": ["read", "export"], "scope": "all", "fields": {"*": "read"}}
    card = sent(desk, company.person(company.role("own_cards", whole, *reads)))
    assert "a@roshen.example" in card
    assert [text for text in ("Рошен", "Директор", "andrii@home.example", "Садова") if text in card] == []
    with pytest.raises(Forbidden):
        sent(desk, company.person(company.role("no_cards", {**whole, "actions": ["read"]}, *reads)))


@pytest.mark.parametrize("charset", ["undefined", "idna", "utf-7", "unicode_escape", "punycode", "zlib", "no\tsuch", "x" * 5000, "\u0435"])
def test_an_alphabet_that_cards_do_not_use_breaks_its_card_alone(desk: Desk, charset: str) -> None:
    card = f"BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:+2AA-\\ud800xn--a\r\nEND:VCARD\r\n"
    rows = list(open_vcard(desk.file(card + VERSION_30, "people.vcf"), encoding="auto").rows())
    assert [row.problem is None for row in rows] == [False, True]


def test_old_cards_are_read_in_the_alphabets_they_name(desk: Desk) -> None:
    for charset, octets in (("windows-1251", "=C0=ED=ED=E0"), ("KOI8-U", "=E1=CE=CE=C1"), ("ISO-8859-2", "Anna"), ("us-ascii", "Anna")):
        card = f"BEGIN:VCARD\r\nFN;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:{octets}\r\nEND:VCARD\r\n"
        (row,) = open_vcard(desk.file(card, "people.vcf"), encoding="auto").rows()
        assert row.problem is None and row.cells[0] in ("Анна", "Anna")


@pytest.mark.parametrize("content", [
    "BEGIN:VCARD\n" + "A:b\n" * 150_000 + "END:VCARD\n", "BEGIN:VCARD\nNOTE:x\n" + " y\n" * 150_000 + "END:VCARD\n",
    "BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:x=\n" + "y=\n" * 150_000 + "y\nEND:VCARD\n",
    "BEGIN:VCARD\n" + ("NOTE:" + "z" * 130_000 + "\n") * 60 + "END:VCARD\n",
])
def test_a_card_without_an_end_of_lines_costs_a_row_and_little_memory(tmp_path: Path, content: str) -> None:
    path = tmp_path / "people.vcf"
    path.write_text(content + VERSION_30, "utf-8")
    tracemalloc.start()
    rows = list(open_vcard(path, encoding="auto").rows())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row.problem is None for row in rows] == [False, True]
    assert most < 30_000_000
