"""${message}"""

${imports if imports else ""}
import sqlalchemy as sa
from alembic import op

from crm.backoffice.types import KeptFile, KeyText, MoneyType, NumberSet, ScaledDecimal, UtcMoment

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}

__all__ = ["KeptFile", "KeyText", "MoneyType", "NumberSet", "ScaledDecimal", "UtcMoment"]


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
