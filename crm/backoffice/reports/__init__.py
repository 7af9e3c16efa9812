"""Reports: a function from parameters and a session to a table. Screen, chart, drill-down, files and command are derived from it."""

from crm.backoffice.reports.parameters import CommonParams, Dimension, Parameter, described, given, read
from crm.backoffice.reports.registry import Report, all_reports, find, report, run, shaped, understood
from crm.backoffice.reports.table import Chart, Column, Drill, Row, Series, Table, Unit

__all__ = [
    "Chart", "Column", "CommonParams", "Dimension", "Drill", "Parameter", "Report", "Row", "Series", "Table", "Unit", "all_reports", "described", "find",
    "given", "read", "report", "run", "shaped", "understood",
]
