"""A small application on the real templates, scripts and styles, with the product's security policy: the frame is tested on it alone,
without a database, so that a test says what the browser does and nothing else."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, Response, flash, jsonify, redirect, render_template, request
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField, Form, SelectField, StringField, TextAreaField, validators
from wtforms.fields.choices import SelectChoice

from crm.admin_views.kit.menu import Area, Entry, Menu
from crm.headers import CONTENT_SECURITY_POLICY
from crm.languages import address_in

ROOT = Path(__file__).resolve().parents[2]
PICKER = {"data-lookup-url": "/account/lookup", "data-create-url": "/account/new/"}
COMPANIES = {1: "Polissia Agro", 2: "Bukovyna Milk", 3: "Dnipro Service"}


@dataclass
class Person:
    id: int
    name: str
    email: str = "oksana@demo.example"
    theme: str | None = None
    density: str | None = None
    is_authenticated: bool = True


@dataclass(frozen=True)
class Deal:
    id: int
    name: str
    amount: str


@dataclass
class State:
    """What the tests set and look at."""

    person: Person | None = field(default_factory=lambda: Person(7, "Oksana Melnyk"))
    posted: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class DealForm(Form):
    name = StringField("Name", [validators.InputRequired("Fill in the name.")])
    amount = StringField("Amount")
    account = SelectField("Company", choices=[SelectChoice("", "")], validate_choice=False, render_kw=PICKER)
    active = BooleanField("Active")
    note = TextAreaField("Notes")


DEALS = [Deal(40 + n, f"Cold room {n}", f"{n} 000") for n in range(1, 13)]
AREAS = [
    Area("contacts", "Contacts", "users", [Entry("Companies", "/account/", "building", "account", "/account/new/")]),
    Area("sales", "Sales", "coins", [Entry("Deals", "/deal/", "coins", "deal", "/deal/new/"), Entry("Products", "/product/", "box", "product")]),
]
LINE = {"url": "/deal/41/", "title": "Cold room 1", "note": "Polissia", "figure": "1 000", "when": "4 Dec"}
CARDS = [
    {"title": "My deals", "url": "/deal/", "count": "2", "rows": [LINE], "empty": "", "more": ""},
    {"title": "My next steps", "url": "/deal/", "count": "0", "rows": [], "empty": "No step is planned.", "more": ""},
]
TILES = [{"label": "Contacts", "tiles": [{"url": "/account/", "label": "Companies", "number": "412"}]}]
BOARD = {"all": {"panels": CARDS}, "panels": [
    *({"place": n, "title": card["title"], "width": 8, "kind": "today", "card": card} for n, card in enumerate(CARDS)),
    {"place": len(CARDS), "title": "How many there are", "width": 4, "kind": "numbers", "areas": TILES},
]}


def make_stage(state: State) -> Flask:
    app = Flask("stage", static_folder=str(ROOT / "static"), template_folder=str(ROOT / "templates"))
    app.secret_key = "stage"
    app.jinja_loader = ChoiceLoader([FileSystemLoader(Path(__file__).parent / "stage"), FileSystemLoader(ROOT / "templates")])  # type: ignore[assignment]  # as Flask documents it
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    CSRFProtect(app)

    @app.context_processor
    def context() -> dict[str, Any]:
        class Nobody:
            id = None
            is_authenticated = False

        return {"language": request.args.get("lang", "en"), "address_in": address_in, "menu": lambda: Menu(AREAS), "current_user": state.person or Nobody}

    @app.before_request
    def note_posts() -> None:
        if request.method == "POST":
            state.posted.append((request.path, request.form.to_dict()))

    @app.after_request
    def policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Cache-Control"] = "max-age=3600" if request.endpoint == "static" else "no-store"
        return response

    routes(app, state)
    return app


def routes(app: Flask, state: State) -> None:
    @app.get("/")
    def home() -> str:
        return render_template("admin/index.html", greeting="Good morning, Oksana", board=BOARD)

    @app.get("/views/starred")
    def starred() -> Response:
        return jsonify([])

    @app.get("/notices/unread")
    def unread() -> Response:
        return jsonify(unread=0)

    @app.get("/deal/")
    def deals() -> str:
        return render_template("list.html", deals=DEALS)

    @app.get("/deal/<int:number>/")
    def deal(number: int) -> str | Response:
        found = next((d for d in DEALS if d.id == number), None)
        if found is None or number == 43:
            return Response("There is no such record.", 404, mimetype="text/plain", headers=said("There is no such record.", "error"))
        return render_template("card.html", deal=found)

    @app.route("/deal/new/", methods=["GET", "POST"])
    def new() -> str | BaseResponse | tuple[str, int]:
        form = DealForm(request.form)
        if request.method == "GET":
            return render_template("form.html", form=form)
        if state.person is None:
            return redirect("/sign-in", 303)
        if not form.validate():
            return render_template("form.html", form=form), 422
        flash("Saved", "success undo=/undo/b1")
        return redirect("/deal/", 303)

    @app.route("/account/new/", methods=["GET", "POST"])
    def new_account() -> str | Response:
        if request.method == "GET":
            return render_template("quick.html")
        return Response("", 204, headers={"HX-Trigger": json.dumps({"created": {"id": 77, "text": request.form["name"]}})})

    @app.get("/account/lookup")
    def lookup() -> Response:
        asked = request.args["q"].lower()
        return jsonify([{"id": n, "text": name, "code": f"A-{n}"} for n, name in COMPANIES.items() if asked in name.lower()])

    @app.get("/search")
    def search() -> Response | tuple[Response, int]:
        if state.person is None:
            return jsonify({"message": "You are signed out."}), 401
        asked = request.args["q"].lower()
        return jsonify([{"entity": "deal", "label": "Deal", "text": d.name, "url": f"/deal/{d.id}/"} for d in DEALS if asked in d.name.lower()])

    @app.post("/undo/<batch>")
    def undo(batch: str) -> Response:
        return Response("", 204, headers=said(f"Taken back: {batch}", "success"))

    @app.post("/profile/look")
    @app.post("/sign-out-everywhere")
    @app.post("/sign-out")
    def taken() -> Response:
        return Response("", 204)

    @app.get("/product/")
    def products() -> str:
        return render_template("empty.html")

    @app.get("/sign-in")
    def sign_in() -> str:
        return render_template("sign_in.html")

    @app.get("/refused/<int:status>")
    def refused(status: int) -> tuple[str, int]:
        return render_template("error.html", status=status, code="csrf" if status == 400 else "x", message="A sentence.", fields={}), status


def said(text: str, kind: str) -> dict[str, str]:
    return {"HX-Trigger": json.dumps({"toast": {"text": text, "kind": kind}})}
