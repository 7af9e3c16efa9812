"""The command line: `flask …`, one module a subject."""

from flask import Flask

from crm.cli import access, config, data, demo, describe, journal, operations, personal, rates, report, users

COMMANDS = (
    operations.init, operations.serve, operations.worker, operations.backup, operations.restore, operations.doctor,
    users.user, describe.describe, config.config, access.access, journal.journal, personal.personal, report.report, demo.demo, data.data,
    rates.rates,
)


def register(app: Flask) -> None:
    """Adds every command to the application's `flask` command."""
    for command in COMMANDS:
        app.cli.add_command(command)
