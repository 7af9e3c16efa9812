"""Ready packages on the screen: for the owner alone, shown in words, put in force, taken back."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import insert

from crm.backoffice.configuration import ConfigVersion
from crm.organization.founding import Terms, set_terms
from tests.builder.steps import hidden, plan, publish, text_of
from tests.kit_forms.house import Browser, House

SignIn = Callable[..., Browser]
HERE = "/configuration/ready-packages/"


def test_the_owner_puts_a_package_in_force_and_takes_it_back(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    assert HERE in olena.get("/configuration/").get_data(as_text=True)
    page = text_of(olena.get(HERE))
    assert "Wholesale" in page and "Services" in page and "in force" not in page
    words = text_of(plan(olena, f"{HERE}services"))
    for said in ("New kind of records: “Work orders”", "New role “Service engineer”", "New pipeline “Sales of services”", "New shared view “orders_open”"):
        assert said in words, said
    assert publish(olena, f"{HERE}services").status_code == 303
    version = house.catalog.version
    assert "in force" in text_of(olena.get(HERE)) and olena.get("/work_order/").status_code == 200
    assert "Нова роль «Сервісний інженер»" in text_of(browser("Olena", "uk").get("/configuration/all-versions/"))
    undo = f"/configuration/all-versions/{version}/undo"
    assert publish(olena, undo, agreed=True).status_code == 303
    assert olena.get("/work_order/").status_code == 404


def test_what_stands_otherwise_is_named_and_stays_unless_all_is_asked_for(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    publish(olena, f"{HERE}wholesale")
    names = {"label_uk": "Скарга", "label_en": "Complaint", "plural_uk": "Скарги", "plural_en": "Complaints", "icon": "shield", "area": "sales"}
    assert publish(olena, "/configuration/claim/names/", names).status_code == 303
    page = text_of(olena.get(HERE))
    assert "1 thing stands here otherwise than the package says" in page and "The kind of records “Claims” changes" in page
    only_missing = plan(olena, f"{HERE}wholesale")
    assert "Nothing would change." in text_of(only_missing)
    assert publish(olena, f"{HERE}wholesale", {"what": "all"}).status_code == 303
    assert house.catalog.entity("claim").label.en == "Claim"


def test_nobody_else_comes_to_packages_since_they_bring_roles(house: House, browser: SignIn) -> None:
    version = house.catalog.version
    for name in ("Andrii", "Sofiia"):
        person = browser(name)
        assert HERE not in person.get("/").get_data(as_text=True)
        assert person.get(HERE).status_code == 403 and plan(person, f"{HERE}wholesale").status_code == 403
        form = {"step": "publish", "version": str(version)}
        assert person.post(f"{HERE}wholesale", form).status_code == 403
    assert "/configuration/ready-packages/" not in browser("Andrii").get("/configuration/").get_data(as_text=True)
    assert browser("Olena").post(f"{HERE}no_such", {"step": "check"}).status_code == 404
    assert house.catalog.version == version


def test_a_package_is_put_in_force_over_a_newer_configuration_of_other_things(house: House, browser: SignIn) -> None:
    olena = browser("Olena")
    form = hidden(plan(olena, f"{HERE}services"))
    assert publish(olena, f"{HERE}wholesale").status_code == 303
    version = house.catalog.version
    assert olena.post(f"{HERE}services", form | {"step": "publish"}).status_code == 303
    assert house.catalog.version == version + 1


def test_the_terms_of_the_company_stand_among_the_versions(house: House, browser: SignIn) -> None:
    """Those of `flask init` too, and those that a version kept without a word of what they are."""
    with house.system() as session:
        assert set_terms(session, Terms(language="en"))
        session.execute(insert(ConfigVersion).values(at=datetime.now(UTC), changes=[{"kind": "company", "currency": "UAH"}], before={"file": {}, "made": []}))
        session.commit()
    words = text_of(browser("Olena").get("/configuration/all-versions/"))
    assert words.count("The terms of the company change: currency, time zone, language or working time") == 2
    assert browser("Andrii").get("/configuration/all-versions/").status_code == 200
    olena = browser("Olena")
    form = hidden(plan(olena, f"{HERE}services")) | {"version": "1"}
    assert olena.post(f"{HERE}services", form | {"step": "publish"}).status_code == 303, "they are about other things"
