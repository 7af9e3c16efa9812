"""The index of every report, by area, a line each: importing this module completes the registry of `crm.backoffice.reports`."""

import crm.backoffice.reports.any_entity
import crm.contacts.overdue_report
import crm.contacts.quality
import crm.contacts.reports
import crm.contacts.time_report
import crm.sales.calibration_report
import crm.sales.changes_report
import crm.sales.channels_report
import crm.sales.forecast.accuracy_report
import crm.sales.forecast.changes_report
import crm.sales.forecast.forecast_report
import crm.sales.forecast.report
import crm.sales.funnel_reasons
import crm.sales.funnel_report
import crm.sales.funnel_summary
import crm.sales.quality
import crm.sales.reports
import crm.sales.scorecard_report
import crm.sales.team.report
import crm.sales.touch_report
