"""The job that looks at watched views, each in the name and with the present rights of whoever watches it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from crm.backoffice.jobs import Work, job
from crm.backoffice.views.models import ViewUse
from crm.backoffice.views.watching import look, watchers
from crm.rounds import Round

USE = ViewUse.__table__
ROUND = Round("watching", "watching", timedelta(seconds=60), "watched views", select(USE.c.user_id).where(USE.c.watched.is_not(None)), watchers, look)
ask, look_for = ROUND.ask, ROUND.look_for


@job(ROUND.job)
def look_at_all(work: Work) -> dict[str, Any]:
    """Everybody's views."""
    return ROUND.go(work)
