"""The index of every report, by area, a line each: importing this module completes the registry of `crm.backoffice.reports`."""

import crm.backoffice.reports.any_entity
import crm.contacts.overdue_report
import crm.contacts.quality
import crm.contacts.reports
import crm.contacts.time_report
import crm.sales.channels_report
import crm.sales.competition.report
import crm.sales.forecast.accuracy_report
import crm.sales.forecast.calibration_report
import crm.sales.forecast.changes_report
import crm.sales.forecast.forecast_report
import crm.sales.forecast.months_report
import crm.sales.forecast.moved_report
import crm.sales.forecast.odds_report
import crm.sales.funnel.changes
import crm.sales.funnel.reasons
import crm.sales.funnel.report
import crm.sales.funnel.summary
import crm.sales.judgements.accuracy_report
import crm.sales.judgements.report
import crm.sales.overdue_report
import crm.sales.quality
import crm.sales.reports
import crm.sales.scorecard.report
import crm.sales.team.report
import crm.sales.touch_report
