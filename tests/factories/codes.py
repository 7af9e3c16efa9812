"""Codes with right check digits."""

from stdnum import iban
from stdnum.ua import edrpou


def firm_code(number: int) -> str:
    """The `number`-th code of a firm."""
    body = f"{number % 10**7:07}"
    return body + edrpou.calc_check_digit(body)


def bank_account(number: int) -> str:
    """The `number`-th account of one bank, as IBAN."""
    rest = f"322313{number % 10**19:019}"
    return "UA" + iban.calc_check_digits("UA00" + rest) + rest
