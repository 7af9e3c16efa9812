"""Where a person stands and which roles he holds on a day: what his rights are made of, one row a role (one without, when he holds none)."""

from sqlalchemy import Date, and_, bindparam, or_

from crm.organization.models import Membership, Role, User

OWNER = "owner"  # the code of the built-in role that may do everything
USER = User.__table__
_MEMBERSHIP, _ROLE = Membership.__table__, Role.__table__
_DAY = bindparam("day", type_=Date())
_HOLDS = and_(
    _MEMBERSHIP.c.user_id == USER.c.id, _MEMBERSHIP.c.deleted_at.is_(None), or_(_MEMBERSHIP.c.since.is_(None), _MEMBERSHIP.c.since <= _DAY),
    or_(_MEMBERSHIP.c.until.is_(None), _MEMBERSHIP.c.until >= _DAY),
)
HELD = USER.outerjoin(_MEMBERSHIP, _HOLDS).outerjoin(_ROLE, and_(_ROLE.c.id == _MEMBERSHIP.c.role_id, _ROLE.c.deleted_at.is_(None)))
COLUMNS = (
    USER.c.department_id, USER.c.territory_id, USER.c.language, USER.c.time_zone, _ROLE.c.id.label("role_id"), _ROLE.c.code.label("role"), _ROLE.c.builtin,
    _ROLE.c.second_factor.label("asks_code"),
)
ORDER = _ROLE.c.id
