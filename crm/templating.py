"""Templates compiled once a language: what is the same on every page in one language is text in the compiled template, not work of each
request. Constant are the language, sentences (`_("Save")`), addresses of static files, the drawings of `macros/ui.html` with constant
arguments, and texts that a template imports; what it imports and no longer needs is not imported."""

import weakref
from collections.abc import MutableMapping
from html import escape as plain_escape
from typing import Any

from flask import Flask, has_request_context, url_for
from flask.templating import Environment
from flask_babel import get_locale, gettext
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

PARTS = "macros/ui.html"
DRAWINGS = frozenset({"icon", "mark"})  # macros whose outcome depends on their arguments alone
SENTENCES = frozenset({"_", "gettext"})


def init_app(app: Flask) -> None:
    """Before anything asks for the application's environment of templates."""
    app.jinja_environment = ByLanguage


def written(value: Any) -> str:
    """A value as it is written into a page: escaped unless it is markup. A plain string: markup that knows what it is costs more to make
    than the escaping, and a page writes hundreds."""
    if value.__class__ is str:
        return plain_escape(value)
    return value if value.__class__ is Markup else str(escape(value))


class _Writing(CodeGenerator):
    """Jinja's own compiler, with `written` in the place of its `escape`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.written(")


class ByLanguage(Environment):
    """Keeps a compiled template for each language in which it was asked for."""

    code_generator_class = _Writing
    written = staticmethod(written)

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> Template:
        loader, known = self.loader, self.cache
        if loader is None or known is None:
            return super()._load_template(name, globals)
        key: Any = (weakref.ref(loader), f"{_language()}:{name}")
        template = known.get(key)
        if template is not None and (not self.auto_reload or template.is_up_to_date):
            if globals:
                template.globals.update(globals)
            return template
        template = known[key] = loader.load(self, name, self.make_globals(globals))
        return template

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        if not _language():
            return parsed
        made: nodes.Template = _Constants(self, parsed, name).visit(parsed)
        _Imports({found.name for found in made.find_all(nodes.Name)}).visit(made)
        return made


def _language() -> str:
    locale = get_locale()
    return "" if locale is None else str(locale.language)


class _Constants(NodeTransformer):
    """Turns calls that mean the same on every page into their outcome."""

    def __init__(self, environment: Environment, template: nodes.Template, name: str | None) -> None:
        self.environment = environment
        self.escapes = environment.autoescape if isinstance(environment.autoescape, bool) else environment.autoescape(name)
        # A template that gives the name another meaning keeps it.
        self.language = None if any(n.name == "language" and n.ctx != "load" for n in template.find_all(nodes.Name)) else _language()
        self.drawings: set[str] = set()
        self.texts: dict[str, str] = {}
        for node in template.find_all(nodes.FromImport) if has_request_context() else ():
            if isinstance(node.template, nodes.Const) and not node.with_context:
                names = [given for given in node.names if isinstance(given, str)]
                self.drawings |= DRAWINGS.intersection(names) if node.template.value == PARTS else set()
                module = environment.get_template(node.template.value).module
                self.texts |= {given: text for given in names if isinstance(text := getattr(module, given, None), str)}

    def visit_Name(self, name: nodes.Name) -> nodes.Node:
        if name.ctx == "load" and name.name in self.texts:
            return _constant(name, self.texts[name.name])
        return _constant(name, self.language) if name.name == "language" and self.language else name

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        self.generic_visit(call)
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        given = _constant_arguments(call)
        if given is None:
            return call
        args, named = given
        if name in SENTENCES and len(args) == 1:
            sentence = gettext(args[0])
            # As Jinja has it: where values are escaped, a sentence of the catalogue is markup and values in it are escaped.
            return _constant(call, (Markup(sentence) if self.escapes else sentence) % named)  # noqa: S704
        if name in self.drawings:
            return _constant(call, getattr(self.environment.get_template(PARTS).module, name)(*args, **named))
        if name == "url_for" and args == ["static"] and named.keys() == {"filename"} and has_request_context():
            return _constant(call, url_for("static", **named))
        return call


class _Imports(NodeTransformer):
    """Drops what is imported and not `used`: a request looks up each template that it imports from."""

    def __init__(self, used: set[str]) -> None:
        self.used = used

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.FromImport | None:
        node.names = [given for given in node.names if (given if isinstance(given, str) else given[1]) in self.used]
        return node if node.names else None


def _constant_arguments(call: nodes.Call) -> tuple[list[Any], dict[str, Any]] | None:
    """Positional and named arguments when all are constants, else None."""
    if call.dyn_args is not None or call.dyn_kwargs is not None:
        return None
    args = [node.value for node in call.args if isinstance(node, nodes.Const)]
    named = {pair.key: pair.value.value for pair in call.kwargs if isinstance(pair.value, nodes.Const)}
    return (args, named) if len(args) == len(call.args) and len(named) == len(call.kwargs) else None


def _constant(node: nodes.Expr, value: str) -> nodes.Const:
    return nodes.Const(value, lineno=node.lineno, environment=node.environment)
