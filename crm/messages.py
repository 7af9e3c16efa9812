"""Words for people: labels declared in both languages, and sentences translated where they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from babel.support import Translations

Language = Literal["uk", "en"]
LANGUAGES: tuple[Language, ...] = ("uk", "en")
CATALOGS = Path(__file__).resolve().parent.parent / "translations"


class Label(NamedTuple):
    """The name of an entity, field, option or report in both languages of the product."""

    uk: str
    en: str

    @classmethod
    def of(cls, name: str, name_en: str | None) -> "Label":
        """The label of a record whose English name may be left out."""
        return cls(name, name_en or name)

    def text(self, language: str) -> str:
        """The label in `language`, the other one when it is empty."""
        return (self.en or self.uk) if language == "en" else (self.uk or self.en)

    def as_dict(self) -> dict[str, str]:
        return {"uk": self.uk, "en": self.en}


@dataclass(frozen=True)
class Message:
    """A sentence and what stands in it; it has no language until `render` gives it one."""

    id: str
    params: Mapping[str, Any] = field(default_factory=dict)
    plural: str = ""

    def __str__(self) -> str:
        return render(self, "en")


def m(text: str, /, **params: Any) -> Message:
    """A sentence in English with `%(name)s` places; the tool that collects translations looks for this name."""
    return Message(text, params)


def mn(singular: str, plural: str, num: int, /, **params: Any) -> Message:
    """A sentence that depends on the count `num` (also the place `%(num)s`)."""
    return Message(singular, {"num": num, **params}, plural)


@cache
def catalog(language: str) -> NullTranslations:
    """The compiled gettext catalog of `language`; English ids when there is none."""
    return cast(NullTranslations, Translations.load(str(CATALOGS), [language]))


def freeze(message: Message) -> dict[str, Any]:
    """A sentence as JSON, to be said later in the language of whoever reads it; `thaw` gives it back."""
    return {"id": message.id, "plural": message.plural, "params": {key: _frozen(value) for key, value in message.params.items()}}


def thaw(raw: Mapping[str, Any]) -> Message:
    """The inverse of `freeze`."""
    return Message(raw["id"], {key: _thawed(value) for key, value in raw["params"].items()}, raw["plural"])


def _frozen(value: Any) -> Any:
    if isinstance(value, Message):
        return {"message": freeze(value)}
    if isinstance(value, Label):
        return {"label": list(value)}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _thawed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return Label(*value["label"]) if "label" in value else thaw(value["message"])


def render(message: "Message | Label | str", language: str) -> str:
    """`message` in `language`; a message or label standing inside it is rendered too."""
    if isinstance(message, Label):
        return message.text(language)
    if isinstance(message, str):
        return message
    words = catalog(language)
    text = words.ngettext(message.id, message.plural, message.params["num"]) if message.plural else words.gettext(message.id)
    if not message.params:
        return text.replace("%%", "%")
    shown = {k: render(v, language) if isinstance(v, Message | Label) else v for k, v in message.params.items()}
    said = text % shown
    return said[:-1] if said.endswith("..") and not said.endswith("...") else said  # a sentence at the end of another brings its own full stop
