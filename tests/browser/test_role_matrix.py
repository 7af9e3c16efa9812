"""The matrix of a role in a browser: several kinds of record changed, checked and saved as one."""

from playwright.sync_api import expect
from sqlalchemy import select

from crm.backoffice.catalog import load_catalog
from crm.organization.models import Role
from crm.rights.roles import read_role
from tests.browser.accessibility import check
from tests.browser.conftest import Desk
from tests.browser.firm import Firm


def test_several_kinds_are_checked_and_saved_together(desk: Desk, firm: Firm) -> None:
    with firm.system(write=False) as session:
        number = session.execute(select(Role.id).where(Role.code == "watcher")).scalar_one()
        before = read_role(session, number).rules
    page = desk()
    page.goto(f"/rights/role/{number}/")
    together = page.locator("[data-together]")
    for kind, label in (("deal", "Deals"), ("user", "Users")):
        expect(together).to_be_hidden()
        page.get_by_role("button", name=label, exact=True).click()
        page.locator(f"#part-{kind} select[name=scope-0]").select_option("own")
    expect(together).to_contain_text("Changed: Deals, Users")
    page.locator("#part-deal").get_by_role("button", name="Check and save…").click()  # of one, it is of all
    expect(together).to_contain_text("It is saved as one version of the configuration.")
    assert check(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.locator("#part-user select[name=scope-0]").select_option("department")
    expect(together.get_by_text("What will change for people")).to_be_hidden()  # what was rehearsed no longer stands there
    together.get_by_role("button", name="Check all and save…").click()
    version = load_catalog(firm.engine).version  # other tests publish in the browser, of which the firm's own catalog does not hear
    together.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".b-toast")).to_contain_text(f"version {version + 1}")
    with firm.system(write=False) as session:
        assert [rule["scope"] for rule in read_role(session, number).rules] == ["own", "department"]
    with page.expect_navigation():  # what is shown is read anew
        page.locator(".b-toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("row").filter(has=page.get_by_role("button", name="Deals", exact=True))).to_contain_text("all")
    with firm.system(write=False) as session:
        assert read_role(session, number).rules == before
