"""Limits, pauses and lifetimes that the pages tell are those of the program."""

from pathlib import Path

import pytest

from crm.admin_views.kit import paste, selection, undoing
from crm.backoffice import database, job_queue, lists, outbox, pace, search
from crm.admin_views.imports import answers
from crm.backoffice.exchange import preview, profile, read_xlsx, table, uploads
from crm.organization import invitations, passwords, sign_in, throttle
from tests.docs.pages import ROOT

DOCS = ROOT / "docs"
WORDS = {3: "three", 5: "five", 7: "seven", 8: "eight", 10: "ten", 12: "twelve", 30: "thirty"}
ACCOUNT = throttle.ACCOUNT
TOLD = {
    "decisions/long-import-on-sqlite.md": (
        f"begins with {pace.CHUNK} rows", f"longer than {pace.LONG} s", f"under {pace.SHORT} s", f"between {pace.LEAST} and {pace.MOST}",
        f"pause of {pace.PAUSE} s", f"every {round(database.ASK_AGAIN * 1000)} ms",
    ),
    "developers/exchange.md": (
        f"with {pace.CHUNK} rows", f"than {pace.LONG} s", f"under {pace.SHORT} s ({pace.LEAST} to {pace.MOST})", f"pause of {pace.PAUSE} s",
        f"first {profile.ROWS:,} rows", f"up to {answers.AT_ONCE:,} rows at once", f"first {preview.ROWS} rows of each kind",
    ),
    "developers/jobs.md": (f"given up after {WORDS[job_queue.ATTEMPTS]} attempts", f"{WORDS[outbox.ATTEMPTS]} times at most"),
    "developers/lists.md": (f"exact up to {lists.EXACT:,}", f"At most {WORDS[search.MAX_WORDS]} words"),
    "administrators/imports.md": (
        f"{table.MAX_COLUMNS:,} columns, {table.MAX_ROWS:,} rows, {table.MAX_CELL:,} characters",
        f"{table.COMMAND_LINE_LIMIT // table.MEGABYTE} MB on the command line", f"{table.BROWSER_LIMIT // table.MEGABYTE} MB in the browser",
        f"more than {read_xlsx.MAX_UNPACKED // table.MEGABYTE} MB, or to {read_xlsx.MAX_RATIO} times",
        f"{WORDS[uploads.KEPT.days]} days after the last step",
    ),
    "security/asvs.md": (
        f"{WORDS[ACCOUNT.free].capitalize()} wrong passwords", f"pauses of {ACCOUNT.first} s, doubling up to {ACCOUNT.longest // 60} minutes",
        f"At least {passwords.SHORTEST} characters, at most {passwords.LONGEST:,}",
        f"({passwords.HASHER.time_cost} passes, {passwords.HASHER.memory_cost // 1024} MiB)",
        f"after {sign_in.IDLE.seconds // 3600} idle hours", f"after {sign_in.KEPT.days} days",
    ),
    "users/en/sign-in.md": (f"for {WORDS[invitations.LIFE['invitation'].days]} days", f"at least {WORDS[passwords.SHORTEST]} characters"),
    "users/en/files.md": (f"at most {table.BROWSER_LIMIT // table.MEGABYTE} MB", f"for {uploads.KEPT.days} days"),
    "users/uk/files.md": (f"щонайбільше {table.BROWSER_LIMIT // table.MEGABYTE} МБ", f"{uploads.KEPT.days} днів"),
    "users/en/editing.md": (
        f"At most {paste.MAX_ROWS} rows", f"At most {selection.LIMIT:,} at once", f"for {WORDS[undoing.TIME.seconds // 60]} minutes",
    ),
}


@pytest.mark.parametrize("page", TOLD)
def test_numbers_in_the_text_are_those_of_the_program(page: str) -> None:
    text = " ".join(Path(DOCS / page).read_text("utf-8").split())
    assert [sentence for sentence in TOLD[page] if sentence not in text] == []
