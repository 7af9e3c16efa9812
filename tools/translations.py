"""Translations: `extract` collects every sentence into translations/*/LC_MESSAGES/messages.po, `check` says what is missing, `compile` writes .mo files.

Sentences are found under the names m, mn, _, _l, gettext, ngettext and BadSetting in Python, and in templates. A .mo file is made by
`make setup` and is not kept in git.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("uk", "en")
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "m": None, "mn": (1, 2), "_": None, "_l": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "BadSetting": None,
}
SKIPPED = {".venv", ".reference", "node_modules", ".git", "instance", "tests", "static", "tools"}
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def po_path(language: str) -> Path:
    return ROOT / "translations" / language / "LC_MESSAGES" / "messages.po"


def collected() -> Catalog:
    """Every sentence of the sources, with the places where it stands."""
    with open(ROOT / "babel.cfg") as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog(project="Brama CRM", charset="utf-8", creation_date=EPOCH)
    for path, line, message, comments, context in extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, directory_filter=lambda folder: Path(folder).name not in SKIPPED,
    ):
        if message:
            found.add(message, None, [(path, line)], auto_comments=comments, context=context)
    return found


def stored(language: str) -> Catalog:
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, project="Brama CRM", charset="utf-8")
    with open(path, "rb") as file:
        return read_po(file, locale=language, charset="utf-8")


def extract() -> None:
    template = collected()
    for language in LANGUAGES:
        kept = stored(language)
        kept.update(template, no_fuzzy_matching=True, update_header_comment=False)
        kept.obsolete.clear()
        kept.creation_date = kept.revision_date = EPOCH
        kept.fuzzy, kept.version, kept.header_comment = False, "", f"# Brama CRM, {language}."
        kept.last_translator = kept.language_team = kept.msgid_bugs_address = ""
        if language == "en":
            for message in kept:
                if message.id:
                    message.string = tuple(message.id) if isinstance(message.id, tuple | list) else message.id
        out = io.BytesIO()
        write_po(out, kept, width=160, omit_header=False, sort_by_file=False, sort_output=True, include_lineno=False)
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != out.getvalue():
            path.write_bytes(out.getvalue())
        print(f"{language}: {sum(1 for m in kept if m.id)} sentences, {sum(1 for m in kept if empty(m))} not translated")


def empty(message: Message) -> bool:
    if not message.id:
        return False
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return not all(strings)


def check() -> int:
    template = collected()
    wrong = 0
    for language in LANGUAGES:
        known = stored(language)
        for message in template:
            if not message.id:
                continue
            name = message.id[0] if isinstance(message.id, tuple | list) else message.id
            found = known.get(message.id, context=message.context)
            problem = (
                "is not in the catalog" if found is None else "has no translation" if empty(found) else "is marked fuzzy" if found.fuzzy
                else "; ".join(str(e) for e in found.check(known)) or None
            )
            if problem:
                wrong += 1
                place = f"{message.locations[0][0]}:{message.locations[0][1]}" if message.locations else "?"
                print(f"{language}: {name[:90]!r} ({place}) {problem}")
    if wrong:
        print(f"{wrong} sentences are not translated: tools/translations.py extract, then fill translations/uk/LC_MESSAGES/messages.po")
    return 1 if wrong else 0


def compile_all() -> None:
    for language in LANGUAGES:
        out = io.BytesIO()
        write_mo(out, stored(language))
        path = po_path(language).with_suffix(".mo")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(out.getvalue())


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["extract"]:
            extract()
        case ["check"]:
            sys.exit(check())
        case ["compile"]:
            compile_all()
        case _:
            sys.exit("usage: tools/translations.py extract|check|compile")
