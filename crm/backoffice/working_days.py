"""How long ago something was in working days, as a period of conditions: `over_5_working_days`."""

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from crm.errors import FieldError
from crm.messages import m

if TYPE_CHECKING:
    from crm.backoffice.fields.base import Reader

MOST = 3660  # working days: a service time of ten years and more
_FORM = re.compile(r"over_([0-9]{1,4})_working_days")
_SPARSE = 40  # days of the calendar looked through for one working day, at most


def over(text: str) -> int | None:
    """How many working days a period of this kind names; None of another period."""
    form = _FORM.fullmatch(text)
    return int(form[1]) if form else None


def last_over(text: str, reader: "Reader") -> date | None:
    """The last day after which more than so many working days of the company have come, today among them; None of another period.

    Counted by the company's calendar and in its zone, whoever reads: a service time is the same for all. Raises FieldError.
    """
    days = over(text)
    if days is None:
        return None
    if not 1 <= days <= MOST or reader.catalog is None:
        raise FieldError(m("“%(text)s” counts from 1 to %(most)s working days.", text=text, most=MOST))
    company, special = reader.catalog.company, reader.catalog.special_days
    day, found = reader.catalog.reader().today, 0
    for _ in range(days * _SPARSE):
        found += company.working_time.on(day, company.zone, special) is not None
        if found > days:
            break
        day -= timedelta(days=1)
    return day - timedelta(days=1)
