"""`/configuration/ready-packages/`: ready packages of registers, roles and pipelines, each shown in words before it is put in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, render_template, request

from crm.admin_views.configuration.door import known_roles
from crm.admin_views.configuration.publishing import Answer, Errors, Subject, steps
from crm.admin_views.configuration.plan_words import sentence
from crm.admin_views.kit import context
from crm.admin_views.kit.answers import say
from crm.errors import Forbidden
from crm.messages import m
from crm.packages import KEYS, text_of
from crm.rights.configuring import compared, of_package

pages = Blueprint("configuration_packages", __name__, url_prefix="/configuration/ready-packages")
HOME = "/configuration/ready-packages/"


@dataclass(frozen=True)
class Line:
    """A package and how it compares with what is in force: `adds` changes would be made, `others` of what stands would become different."""

    key: str
    name: str
    about: str
    version: int
    adds: int
    others: list[str]


@pages.get("/")
def index() -> Answer:
    """The ready packages, for whoever is limited by nothing: they bring roles."""
    return _page({})


@pages.post("/<any(" + ",".join(KEYS) + "):key>")
def put_in_force(key: str) -> Answer:
    """Plan or publish a package; without “all” only what is not there yet."""
    _owner()
    subject = Subject(_line(key, {}).name, HOME, say(m("Ready packages")), HOME)
    return steps(of_package(text_of(key), whole=request.form.get("what") == "all"), partial(_page, at=key), subject)


def _page(errors: Errors, at: str = "") -> str:
    _owner()
    roles = known_roles()
    return render_template("admin/configuration/packages.html", lines=[_line(key, roles) for key in KEYS], errors=errors, at=at)


def _owner() -> None:
    if not context.access().unlimited:
        raise Forbidden()


def _line(key: str, roles: Mapping[str, str]) -> Line:
    catalog, language = context.catalog(), context.reader().language
    one = compared(context.runtime().engine, catalog, context.access().user_id, text_of(key))
    others = [sentence(change, one.after, catalog, language, roles) for change in one.others]
    return Line(key, one.package.label.text(language), one.package.about.text(language), one.package.version, one.adds, others)
