"""The job that looks at alerts on kept reports, each in the name and with the present rights of whoever has set it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from crm.backoffice.jobs import Work, job
from crm.backoffice.kept_reports import alerts
from crm.rounds import Round

ROUND = Round("alerting", "report_alerts", timedelta(hours=1), "alerts", select(alerts.TABLE.c.id), alerts.people, alerts.look)
ask, look_for = ROUND.ask, ROUND.look_for


@job(ROUND.job)
def look_at_all(work: Work) -> dict[str, Any]:
    """Everybody's alerts."""
    return ROUND.go(work)
