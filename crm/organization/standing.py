"""Where a person stands and which roles he holds on a day: what his rights are made of, one row a role (one without, when he holds none)."""

from datetime import UTC, datetime

from sqlalchemy import Date, and_, bindparam, exists, or_

from crm.backoffice.types import UtcMoment
from crm.organization.models import Membership, Role, User

OWNER = "owner"  # the code of the built-in role that may do everything
USER = User.__table__
_MEMBERSHIP, _ROLE = Membership.__table__, Role.__table__
EMERGENCY = User.metadata.tables["role__emergency"]  # which roles (target_id) the holders of a role (owner_id) may take in an emergency
_DAY = bindparam("day", type_=Date())
# Asked anew whenever a statement runs: what was taken in an emergency ends to the second, and needs no job for it.
_MOMENT = bindparam("moment", type_=UtcMoment(), callable_=lambda: datetime.now(UTC))
_HOLDS = and_(
    _MEMBERSHIP.c.user_id == USER.c.id, _MEMBERSHIP.c.deleted_at.is_(None), or_(_MEMBERSHIP.c.since.is_(None), _MEMBERSHIP.c.since <= _DAY),
    or_(_MEMBERSHIP.c.until.is_(None), _MEMBERSHIP.c.until >= _DAY), or_(_MEMBERSHIP.c.taken_until.is_(None), _MEMBERSHIP.c.taken_until > _MOMENT),
)
HELD = USER.outerjoin(_MEMBERSHIP, _HOLDS).outerjoin(_ROLE, and_(_ROLE.c.id == _MEMBERSHIP.c.role_id, _ROLE.c.deleted_at.is_(None)))
COLUMNS = (
    USER.c.department_id, USER.c.territory_id, USER.c.language, USER.c.time_zone, _ROLE.c.id.label("role_id"), _ROLE.c.code.label("role"), _ROLE.c.builtin,
    _ROLE.c.second_factor.label("asks_code"), _ROLE.c.name.label("role_name"), _ROLE.c.name_en.label("role_name_en"), _MEMBERSHIP.c.id.label("membership_id"),
    _MEMBERSHIP.c.taken_until, exists().where(EMERGENCY.c.owner_id == _ROLE.c.id).correlate(_ROLE).label("offers"),
)
ORDER = _ROLE.c.id
