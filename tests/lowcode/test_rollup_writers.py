"""Roll-ups are right whoever writes at once: sixteen writers over the rows of one record, on both databases."""

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from crm.backoffice import records
from tests.company import Company
from tests.lowcode.test_made import TENDER, held, put

WRITERS, EACH = 16, 4


def test_sixteen_writers_of_one_sum_lose_nothing(company: Company) -> None:
    put(company, TENDER)
    (firm, other) = company.make("account", {"name": "Фірма"}, {"name": "Інша"})

    def write(writer: int) -> float:
        longest = 0.0
        for turn in range(EACH):
            begun = time.monotonic()
            with company.system() as session:
                number = records.create(session, "tender", {"customer": firm, "budget": Decimal(writer + 1), "name": f"{writer}-{turn}"})
                session.commit()
            with company.system() as session:
                match turn:
                    case 0:
                        records.change(session, "tender", number, {"budget": Decimal(100)})
                    case 1:
                        records.change(session, "tender", number, {"customer": other})
                    case 2:
                        records.remove(session, "tender", number)
                session.commit()
            longest = max(longest, time.monotonic() - begun)
        return longest

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    own = sum(range(1, WRITERS + 1))
    assert held(company, "account", firm, "tenders_total", "tenders") == (Decimal(100 * WRITERS + own), 2 * WRITERS)
    assert held(company, "account", other, "tenders_total", "tenders") == (Decimal(own), WRITERS)
