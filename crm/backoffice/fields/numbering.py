"""Masks of numbers that the product gives: `T-{DEPARTMENT}-{YYYY}-{0000}`. What stands beside the digits says which counter runs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from crm.errors import FieldError
from crm.messages import m

LONGEST = 100  # characters of a mask
MOST_DIGITS = 12
NOWHERE = "0"  # the department of a record that has none
_TOKEN = re.compile(r"\{([^{}]*)\}")
_DIGITS = re.compile(r"0+")
_MADE: Mapping[str, Callable[[date, str], str]] = {
    "YYYY": lambda day, department: f"{day.year:04}", "YY": lambda day, department: f"{day.year % 100:02}",
    "MM": lambda day, department: f"{day.month:02}", "DEPARTMENT": lambda day, department: department or NOWHERE,
}
_LIKE = {"YYYY": re.compile("[0-9]{4}"), "YY": re.compile("[0-9]{2}"), "MM": re.compile("[0-9]{2}"), "DEPARTMENT": re.compile(".+")}


@dataclass(frozen=True)
class Mask:
    """A mask taken apart; `digits` is how many a number has at least."""

    before: str
    digits: int
    after: str

    @property
    def by_department(self) -> bool:
        return "{DEPARTMENT}" in self.before + self.after

    def scope(self, day: date, department: str) -> str:
        """What the tokens give beside the digits: records for which it is the same share a counter."""
        return "/".join(_MADE[name](day, department) for name in _TOKEN.findall(self.before + self.after))

    def text(self, day: date, department: str, number: int) -> str:
        """The number as it is kept and read."""
        before, after = (_TOKEN.sub(lambda token: _MADE[token[1]](day, department), part) for part in (self.before, self.after))
        return f"{before}{number:0{self.digits}}{after}"

    def around(self, scope: str) -> tuple[str, str] | None:
        """What stands before and after the digits of the counter that runs over `scope`; None for a scope that this mask does not give."""
        names, parts = _TOKEN.findall(self.before + self.after), scope.split("/") if scope else []
        more = len(parts) - len(names)
        if more > 0 and "DEPARTMENT" in names:  # a code may hold what parts the parts
            place = names.index("DEPARTMENT")
            parts[place : place + more + 1] = ["/".join(parts[place : place + more + 1])]
        if len(parts) != len(names) or not all(_LIKE[name].fullmatch(part) for name, part in zip(names, parts, strict=True)):
            return None
        given = dict(zip(names, parts, strict=True))
        before, after = (_TOKEN.sub(lambda token: given[token[1]], part) for part in (self.before, self.after))
        return before, after

    def text_in(self, scope: str, number: int) -> str | None:
        """A number of the counter that runs over `scope`; None for a scope that this mask does not give."""
        around = self.around(scope)
        return f"{around[0]}{number:0{self.digits}}{around[1]}" if around is not None else None


@lru_cache(maxsize=1024)
def read_mask(text: str) -> Mask:
    """Raises FieldError with what is wrong with a mask."""
    if len(text) > LONGEST or not text.isprintable():
        raise FieldError(m("a mask has at most %(count)s characters", count=LONGEST))
    names = _TOKEN.findall(text)
    if "{" in _TOKEN.sub("", text) or "}" in _TOKEN.sub("", text):
        raise FieldError(m("a brace of the mask has no partner"))
    runs = [name for name in names if _DIGITS.fullmatch(name)]
    unknown = next((name for name in names if name not in _MADE and name not in runs), None)
    if unknown is not None:
        raise FieldError(m("the mask knows no “%(token)s”; it knows {YYYY}, {YY}, {MM}, {DEPARTMENT} and {0000}", token=f"{{{unknown[:40]}}}"))
    if len(runs) != 1 or len(runs[0]) > MOST_DIGITS:
        raise FieldError(m("a mask has the digits of its number once, as {0000}, at most %(count)s of them", count=MOST_DIGITS))
    if len(set(names)) < len(names):
        raise FieldError(m("a part of the mask stands twice"))
    before, after = text.split(f"{{{runs[0]}}}")
    if not _apart(before.partition("{DEPARTMENT}")[2] if "{DEPARTMENT}" in before else after.partition("{DEPARTMENT}")[0], "{DEPARTMENT}" in text):
        raise FieldError(m("between the department and the digits stands something that is no digit, so that two departments never give the same number"))
    return Mask(before, len(runs[0]), after)


def _apart(between: str, departments: bool) -> bool:
    """Whether a code of a department cannot run into the digits."""
    return not departments or any(not sign.isdigit() for sign in _TOKEN.sub("", between))
