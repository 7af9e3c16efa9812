"""How large a discount a person may give without anybody's yes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, or_, select

from crm.backoffice.guard import DataSession
from crm.organization.models import Membership
from crm.sales.models import ProductCategory
from crm.sales.quotes.models import DiscountLimit

LIMIT, MEMBERSHIP, CATEGORY = DiscountLimit.__table__, Membership.__table__, ProductCategory.__table__
ROUNDED = Decimal("0.0001")  # by so much an amount may be less than its discount says: amounts of lines are rounded


@dataclass(frozen=True)
class Limits:
    """The limits in force for one person: what the widest of his roles lets him give."""

    rows: Mapping[int | None, Mapping[int | None, Decimal]]  # category → role → at most
    above: Mapping[int, int | None]  # category → the one above it
    held: frozenset[int]  # his roles

    def of(self, category: int | None) -> Decimal | None:
        """The limit on products of a category; None where nothing is limited. The nearest category of which anything is said decides; in it
        the widest of the person's roles, else what holds for everybody."""
        for place in self._way(category):
            said = self.rows.get(place, {})
            own = [most for role, most in said.items() if role in self.held]
            if own or None in said:
                return max(own) if own else said[None]
        return None

    def _way(self, category: int | None) -> Iterable[int | None]:
        seen = set[int]()
        while category is not None and category not in seen:
            yield category
            seen.add(category)
            category = self.above.get(category)
        yield None

    def passed(self, base: Decimal, amount: Decimal, category: int | None) -> bool:
        """Whether what is asked for goods worth `base` is less than the limit allows."""
        most = self.of(category)
        return most is not None and base * (1 - most) - amount > ROUNDED


def limits(session: DataSession, person: int | None) -> Limits:
    """The limits of today for a person, whoever asks. Of nobody: what holds for everybody."""
    rows: dict[int | None, dict[int | None, Decimal]] = {}
    for category, role, most in session.kernel(select(LIMIT.c.category_id, LIMIT.c.role_id, LIMIT.c.most).where(LIMIT.c.deleted_at.is_(None))):
        rows.setdefault(category, {})[role] = most
    if not rows:
        return Limits({}, {}, frozenset())
    above = {row.id: row.parent_id for row in session.kernel(select(CATEGORY.c.id, CATEGORY.c.parent_id))} if set(rows) != {None} else {}
    return Limits(rows, above, _held(session, person) if person is not None else frozenset())


def _held(session: DataSession, person: int) -> frozenset[int]:
    """The roles that he holds today; one that he took in an emergency widens no limit."""
    today = session.catalog.reader().today
    holds = and_(
        MEMBERSHIP.c.user_id == person, MEMBERSHIP.c.deleted_at.is_(None), or_(MEMBERSHIP.c.since.is_(None), MEMBERSHIP.c.since <= today),
        or_(MEMBERSHIP.c.until.is_(None), MEMBERSHIP.c.until >= today), MEMBERSHIP.c.taken_until.is_(None),
    )
    return frozenset(session.kernel(select(MEMBERSHIP.c.role_id).where(holds)).scalars())
