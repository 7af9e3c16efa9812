"""How the screen of imports says things: forms of dates, encodings, signs, kinds of outcome."""

from babel.numbers import format_decimal

from crm.languages import current_language
from crm.messages import Label, Message, m

LETTERS: dict[str, Label] = {
    "%d": Label("дд", "dd"), "%m": Label("мм", "mm"), "%Y": Label("рррр", "yyyy"), "%y": Label("рр", "yy"), "%H": Label("гг", "hh"), "%M": Label("хх", "mm"),
    "%S": Label("сс", "ss"), "%f": Label("мс", "fff"), "%b": Label("міс", "Mon"), "%B": Label("місяць", "Month"),
}
ENCODINGS: dict[str, Label] = {
    "utf-8": Label("UTF-8", "UTF-8"), "utf-8-sig": Label("UTF-8 з позначкою", "UTF-8 with a mark"), "utf-16": Label("UTF-16", "UTF-16"),
    "cp1251": Label("Windows-1251 (кирилиця)", "Windows-1251 (Cyrillic)"), "cp1252": Label("Windows-1252 (західна)", "Windows-1252 (Western)"),
    "koi8-u": Label("KOI8-U", "KOI8-U"), "cp866": Label("DOS (866)", "DOS (866)"), "iso-8859-1": Label("ISO-8859-1", "ISO-8859-1"),
    "iso-8859-5": Label("ISO-8859-5", "ISO-8859-5"),
}
SIGNS: dict[str, Message] = {",": m("comma"), ";": m("semicolon"), "\t": m("tab"), "|": m("vertical bar")}


def date_words(form: str, language: str) -> str:
    """`%d.%m.%Y` as a person reads it: дд.мм.рррр."""
    text = form
    for code, letters in LETTERS.items():
        text = text.replace(code, letters.text(language))
    return text


def size_words(size: int) -> Message:
    """A file's size, for who reads this page."""
    if size < 1024 * 1024:
        return m("%(num)s kB", num=max(1, round(size / 1024)))
    return m("%(num)s MB", num=format_decimal(round(size / 1024 / 1024, 1), locale=current_language()))
