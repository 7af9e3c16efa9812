"""The index of every report, by area: importing this module completes the registry of `crm.backoffice.reports`."""

from crm.contacts import reports as contacts, time_report as contacts_time
from crm.sales import reports as sales

__all__ = ["contacts", "contacts_time", "sales"]
