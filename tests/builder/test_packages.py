"""Ready packages on the screen: for the owner alone, shown in words, put in force, taken back."""

from collections.abc import Callable

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
    for said in ("New kind of records: “Work orders”", "New role “Service engineer”", "New pipeline “service_sales”", "New shared view “orders_open”"):
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
