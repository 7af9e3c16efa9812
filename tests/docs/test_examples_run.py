"""The commands of the administrators' pages, run one after another as they stand there, with the files that the pages show."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from config import Settings
from crm.application import create_app
from crm.backoffice import records
from crm.backoffice.guard import system_session
from crm.backoffice.lowcode.apply import apply
from crm.backoffice.lowcode.document import from_raw
from crm.backoffice.lowcode.export import whole
from tests.docs.pages import ROOT, blocks

PAGES = ROOT / "docs" / "administrators"
LINE = re.compile(r'(?:echo "(?P<typed>[^"]*)" \| )?(?P<set>(?:[A-Z_]+=\S+ )*)\.venv/bin/flask (?P<words>.*?)(?: > (?P<out>\S+))?')
DIFFERENT = 3
DEALS = """opportunity_id,account,sales_agent,product,deal_stage,engage_date,close_date,close_value,note
OP-1,Полісся-Агро,Anna Kotsiuba,GTXPro,Won,2017-03-01,2017-05-11 00:00:00.000,1.5,a
OP-2,,Anna Kotsiuba,GTX Pro,Engaging,2017-04-02,,NULL,b
"""


class Desk:
    """A folder with installations, in which commands are typed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.apps, self.batch = folder, {}, ""
        self.app("")

    def app(self, instance: str) -> Flask:
        """The application of an `INSTANCE`; the usual one without."""
        if instance not in self.apps:
            place = self.folder / (Path(instance).name or "instance")
            place.mkdir(mode=0o700)
            self.apps[instance] = create_app(Settings(instance=place, database_url=f"sqlite:///{place / 'brama.db'}", secret_key="k" * 40, testing=True))
        made: Flask = self.apps[instance]
        return made

    def type(self, line: str) -> Result:
        """Run a line of a page; files lie in the folder whatever their path in the text, an import's number is that of the last import."""
        match = LINE.fullmatch(line)
        assert match, f"nobody knows how to run {line!r}"
        words = [self.here(word) for word in shlex.split(match["words"])]
        instance = dict(pair.split("=", 1) for pair in match["set"].split()).get("INSTANCE", "")
        done = self.app(instance).test_cli_runner().invoke(args=words, input=f"{match['typed']}\n" if match["typed"] else None)
        if words[:2] == ["data", "import"] and done.exit_code == 0:
            self.batch = json.loads(done.stdout)["batch"] or self.batch
        if match["out"]:
            (self.folder / match["out"]).write_bytes(done.stdout_bytes)
        return done

    def here(self, word: str) -> str:
        if re.fullmatch(r"[0-9a-f]{32}", word):
            return self.batch
        return str(self.folder / Path(word).name) if re.fullmatch(r"[\w/.-]+\.(yaml|csv|tar)", word) else word


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    for page, file in (("roles", "roles.yaml"), ("configuration", "service.yaml"), ("imports", "deals.yaml")):
        (tmp_path / file).write_text(blocks(PAGES / f"{page}.md", "yaml")[0].text)
    (tmp_path / "deals.csv").write_text(DEALS)
    yield made
    for app in made.apps.values():
        app.extensions["brama"].engine.dispose()


def lines(page: str) -> list[str]:
    """The commands of a page that belong to an installation that stands."""
    found = [line for block in blocks(PAGES / f"{page}.md", "sh") for line in block.text.splitlines()]
    return [line for line in found if ".venv/bin/flask" in line and " demo" not in line]


def make_records(app: Flask) -> None:
    """A deal 12 of Oksana's, an account, a product and a person that the examples name."""
    here = app.extensions["brama"]
    with system_session(here.engine, "test", here.refresh(), write=True) as session:
        user = session.table("user")
        oksana = session.scalar(user.table.select().with_only_columns(user.id).where(user["email"] == "oksana@company.example"))
        for number in range(1, 13):
            assert records.create(session, "deal", {"name": f"Угода {number}", "owner": oksana}) == number
        records.create(session, "account", {"name": "Полісся-Агро", "kind": here.catalog.picklists["account_kind"].by_key("customer").id})
        records.create(session, "product", {"name": "GTX Pro"})
        records.create(session, "contact", {"name": "Петренко Марія", "code": "C-17"})
        session.commit()


def grow_old(app: Flask) -> None:
    """The company as one that began before there were quotes: its roles name none."""
    here = app.extensions["brama"]
    with system_session(here.engine, "test", here.refresh(), write=True) as session:
        roles = {code: role for code, role in whole(session)["roles"].items() if code != "owner"}
        for role in roles.values():
            role["rules"] = [rule for rule in role["rules"] if rule["entity"] != "quote"]
        apply(session, from_raw({"roles": roles}, session.catalog))
        session.commit()


def test_every_command_of_the_pages_does_what_they_say(desk: Desk) -> None:
    ran = 0
    for page in ("first-company", "roles", "configuration", "imports", "operations"):
        if page == "roles":
            make_records(desk.app(""))
        if page == "operations":
            grow_old(desk.app(""))
        for line in lines(page):
            done = desk.type(line)
            assert done.exit_code == (DIFFERENT if " config plan " in line or " config additions" in line else 0), f"{page}: {line}\n{done.output}"
            ran += 1
            if line.endswith("--action update"):
                told = json.loads(done.stdout)
                assert told == next(json.loads(block.text) for block in blocks(PAGES / "roles.md", "json"))
            elif "data import" in line and "--dry-run" not in line:
                report = json.loads(done.stdout)
                assert (report["created"], report["failed"], report["related"]) == (2, 0, {"user": 1, "deal_line": 2, "stage_history": 3})
            elif " data undo " in line:
                assert json.loads(done.stdout)["undone"] > 2
    assert ran > 18
    assert (desk.folder / "accounts.xlsx").read_bytes().startswith(b"PK")
    assert "Угода 12" in (desk.folder / "deals.csv").read_text("utf-8")
    assert (desk.folder / "brama-new" / "brama.db").is_file()
