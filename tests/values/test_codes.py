"""Tax codes and bank accounts: what proves itself is kept, what is written wrong is refused with what is wrong about it."""

from typing import Any

import pytest
from sqlalchemy import Engine, select

from crm.backoffice.fields.base import FieldError
from tests.values.conftest import reader
from tests.values.test_databases import found, rows
from tests.values.test_facets import field

KNOWN = (  # as written, as kept
    ("32855961", "32855961"), (" 3285 5961 ", "32855961"), ("UA32855961", "32855961"), ("00032129", "00032129"), ("1759013776", "1759013776"),
    ("123456789012", "123456789012"), ("кн 123456", "КН123456"), ("123456789", "123456789"), ("pl 526-000-12-46", "PL5260001246"),
    ("EL094259216", "EL094259216"), ("US12-3456789", "US123456789"),
)
WRONG = ("32855962", "1759013770", "PL5260001247", "DE136695977")
UNKNOWN = ("12345", "1234567890123", "ZZ123456", "код", "UA", "3285596", "+380441234567")


@pytest.mark.parametrize(("written", "kept"), KNOWN)
def test_tax_codes_of_firms_people_and_other_countries_are_kept_without_spaces(written: str, kept: str) -> None:
    spec = field("tax_code")
    assert spec.parse(written, reader()) == spec.read(written, reader()) == kept


@pytest.mark.parametrize("written", WRONG)
def test_a_tax_code_whose_check_digit_does_not_fit_is_refused(written: str) -> None:
    with pytest.raises(FieldError, match="check digit"):
        field("tax_code").parse(written, reader())


@pytest.mark.parametrize("written", UNKNOWN)
def test_what_has_not_the_shape_of_a_tax_code_is_refused(written: str) -> None:
    with pytest.raises(FieldError, match="is no tax code"):
        field("tax_code").parse(written, reader())


def test_a_spreadsheet_that_dropped_the_zeros_of_a_code_gets_them_back_and_a_person_must_type_them() -> None:
    spec = field("tax_code")
    assert spec.read(32129, reader()) == spec.read("32129", reader()) == "00032129"
    with pytest.raises(FieldError, match="check digit"):
        spec.read("32128", reader())
    with pytest.raises(FieldError, match="is no tax code"):
        spec.parse("32129", reader())


def test_an_account_is_shown_in_fours_and_read_however_it_is_written() -> None:
    spec, kept = field("iban"), "UA213223130000026007233566001"
    shown = spec.formatter(reader())(kept)
    assert shown == "UA21 3223 1300 0002 6007 2335 6600 1"
    for written in (kept, shown, kept.lower(), f"IBAN: {shown}", "UA21-322313-0000026007233566001"):
        assert spec.parse(written, reader()) == kept
    assert spec.parse("GB82 WEST 1234 5698 7654 32", reader()) == "GB82WEST12345698765432"
    assert spec.export(kept, reader()) == kept


@pytest.mark.parametrize("written", ["UA223223130000026007233566001", "UA213223130000026007233566010", "DE8937040044053201300"])
def test_an_account_with_a_wrong_sign_is_refused(written: str) -> None:
    with pytest.raises(FieldError, match="is not a right IBAN"):
        field("iban").parse(written, reader())


@pytest.mark.parametrize("written", ["26007233566001", "XX21322313000002600723", "UA", "рахунок", "UA21٣223130000026007233566001"])
def test_what_is_no_account_number_is_refused(written: str) -> None:
    with pytest.raises(FieldError, match="IBAN"):
        field("iban").parse(written, reader())


def test_of_the_right_check_digits_but_another_length_an_account_is_refused() -> None:
    """GB has 22 signs: with two zeros more and digits that prove it, it is none."""
    with pytest.raises(FieldError, match="is not an IBAN"):
        field("iban").parse("GB16WEST1234569876543200", reader())


def test_both_databases_find_them_by_a_part_and_order_them(database: Engine, make_table: Any) -> None:
    spec = field("tax_code")
    table = make_table(spec, ["32855961", "1759013776", "PL5260001246", None])
    assert found(database, table, spec, "contains", "5961") == ["32855961"]
    assert found(database, table, spec, "contains", "pl526") == ["PL5260001246"]
    assert found(database, table, spec, "starts", "3285 59") == ["32855961"]
    assert found(database, table, spec, "eq", "UA 3285 5961") == ["32855961"]
    assert rows(database, select(table.c["it"]).where(table.c["it"].is_not(None)).order_by(table.c["it"])) == ["1759013776", "32855961", "PL5260001246"]
    account = field("iban")
    table = make_table(account, ["UA213223130000026007233566001", "GB82WEST12345698765432"])
    assert found(database, table, account, "contains", "3566 001") == ["UA213223130000026007233566001"]
    assert found(database, table, account, "starts", "gb82 west") == ["GB82WEST12345698765432"]
    assert found(database, table, account, "in", ["GB82 WEST 1234 5698 7654 32"]) == ["GB82WEST12345698765432"]
