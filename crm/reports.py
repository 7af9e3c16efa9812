"""The index of every report, by area: importing this module completes the registry of `crm.backoffice.reports`."""

from crm.backoffice.reports import any_entity
from crm.contacts import overdue_report as contacts_overdue, quality as contacts_quality, reports as contacts, time_report as contacts_time
from crm.sales import calibration_report as calibration, funnel_report as funnel, quality as sales_quality, reports as sales, touch_report as touches

__all__ = ["any_entity", "calibration", "contacts", "contacts_overdue", "contacts_quality", "contacts_time", "funnel", "sales", "sales_quality", "touches"]
