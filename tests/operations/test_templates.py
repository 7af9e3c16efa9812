"""Templates compiled once a language say in each language what they say when nothing is compiled in."""

from flask import Flask, render_template, render_template_string
from flask_babel import force_locale
from markupsafe import Markup

PAGE = """{%- from "macros/ui.html" import icon -%}
{{ _("Save") }}|{{ _("Selected: %(num)s", num="%(num)s") }}|{{ _("Selected: %(num)s", num=count) }}|{{ icon("plus", "s") }}|{{ icon(name) }}|
{{- url_for("static", filename="js/main.js") }}|{{ {"save": _("Save"), "sign": "<"} | tojson }}|{% for word in (_("Save"), "<b>") %}{{ word }}{% endfor %}"""


def shown(app: Flask, language: str, **values: object) -> list[str]:
    with app.test_request_context("/"), force_locale(language):
        return render_template_string(PAGE, count=3, **{"name": "x", **values}).split("|")


def test_each_language_has_its_own_sentences(app: Flask) -> None:
    english, ukrainian = shown(app, "en"), shown(app, "uk")
    assert english[0] == "Save"
    assert ukrainian[0] == "Зберегти"
    assert ukrainian[1:3] == ["Вибрано: %(num)s", "Вибрано: 3"]
    assert shown(app, "en") == english


def test_constants_are_what_they_are_without_compiling(app: Flask) -> None:
    _, _, _, drawing, drawn, address, words, listed = shown(app, "en", name="plus")
    assert drawing == drawn.replace('class="b-i"', 'class="b-i b-i-s"')
    assert address.startswith("/static/v-") and address.endswith("/js/main.js")
    assert words == '{"save": "Save", "sign": "\\u003c"}'
    assert listed == "Save&lt;b&gt;"


def test_a_template_file_is_kept_for_each_language(app: Flask) -> None:
    pages = {}
    for language in ("uk", "en", "uk"):
        with app.test_request_context("/", headers={"Accept-Language": language}):
            pages[language] = render_template("admin/look.html")
    assert "Мова" in pages["uk"] and "Language" not in pages["uk"]
    assert "Language" in pages["en"] and "Мова" not in pages["en"]


def test_what_is_written_into_a_page_is_escaped_unless_it_is_markup(app: Flask) -> None:
    page = """{{ text }}|{{ markup }}|{{ number }}|{{ nothing }}|{% set kept %}{{ text }}{% endset %}{{ kept }}|{{ text ~ markup }}|{{ text | upper }}"""
    with app.test_request_context("/"):
        shown = render_template_string(page, text="<a href='x'>&\"", markup=Markup("<b>"), number=5, nothing=None).split("|")
    escaped = "&lt;a href=&#x27;x&#x27;&gt;&amp;&quot;"
    assert shown[:5] == [escaped, "<b>", "5", "None", escaped]
    assert "<a" not in shown[5] and "<b>" in shown[5] and shown[6].startswith("&lt;A")


def test_what_is_imported_and_no_longer_needed_is_not_looked_up(app: Flask) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        source = app.jinja_env.loader.get_source(app.jinja_env, "admin/look.html")[0]  # type: ignore[union-attr]
        compiled = app.jinja_env.compile(source, "admin/look.html", "admin/look.html", raw=True)
    assert "macros/ui.html" not in compiled and "icons.svg" in compiled
