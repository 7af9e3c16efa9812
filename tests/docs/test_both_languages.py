"""The pages for users and administrators exist in both languages, say the same, and call things as the screens do."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import crm.models
import crm.reports
from crm.admin_views import reports
from crm.admin_views.kit import exporting, menu
from crm.backoffice.catalog import shape
from crm.backoffice.reports import all_reports, described
from tests.docs.pages import ROOT, blocks, headings, links, name

assert crm.models
assert crm.reports  # importing it completes the registry
USERS, ADMINISTRATORS = ROOT / "docs" / "users", ROOT / "docs" / "administrators"
FOLDERS = ((USERS / "en", USERS / "uk"), (ADMINISTRATORS, ADMINISTRATORS / "uk"))  # English, Ukrainian
PAGES = [(en / path.name, uk / path.name) for en, uk in FOLDERS for path in sorted(en.glob("*.md"))]
EVERY = [path for pair in PAGES for path in pair]
LINES = (r"^\| ", r"^\|---", r"^- ", r"^\d+\. ", r"\*\*[^*]+\*\*")  # rows, tables, entries, steps, words in bold
NAMES = frozenset({
    "IBAN", "PDF", "Pango", "Debian",
    "Brama", "CSV", "vCard", "EspoCRM", "HubSpot", "Creatio", "SuiteCRM", "XLSX", "JSONL", "JSON", "Schema", "YAML", "ISO",
    "HSTS", "Python", "git", "make", "npm", "tar",
    "kill", "Chromium", "Linux", "Flask", "Migrate",
    "SQLite", "PostgreSQL", "http", "https", "Ctrl", "SIGTERM", "stdout", "stderr", "CHANGELOG", "SECURITY", "EMAIL", "FILE", "VERSION", "BATCH",
})  # that are written so in every language
each_pair = pytest.mark.parametrize(("en", "uk"), PAGES, ids=[name(en) for en, _ in PAGES])
each_page = pytest.mark.parametrize("path", EVERY, ids=map(name, EVERY))


@cache
def words(language: str) -> frozenset[str]:
    """Everything that stands on a button, a heading or a field in `language`."""
    at = 0 if language == "uk" else 1
    found: set[str] = set()
    with (ROOT / "translations" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        for message in read_po(file):
            texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
            found.update(t for t in texts if t)
    found.update(form.upper() for form in exporting.OFFERED)
    labels = [area for _, area, _ in menu.AREAS] + [one.label for one in (*menu.PAGES, *menu.SHORTCUTS)] + list(reports.GROUPS.values())
    for entity in shape().entities.values():
        labels += [entity.label, entity.plural, *(s.label for s in entity.declared.sections), *(f.label for f in entity.fields.values())]
        labels += [r.label for r in entity.relations.values()]
    for report in all_reports():
        labels += [report.label, *(c.label for c in report.measures), *(p.label for p in described(report.params).values())]
    return frozenset(found | {label[at] for label in labels})


def test_both_languages_have_the_same_pages() -> None:
    for en, uk in FOLDERS:
        assert sorted(path.name for path in uk.glob("*.md")) == sorted(path.name for path in en.glob("*.md"))
    assert len(PAGES) >= 17


@each_pair
def test_a_page_says_the_same_in_both_languages(en: Path, uk: Path) -> None:
    assert [depth for depth, _ in headings(en)] == [depth for depth, _ in headings(uk)]
    assert targets(en, other=uk) == targets(uk, other=en)
    assert [(b.language, b.text) for b in blocks(en)] == [(b.language, b.text) for b in blocks(uk)]
    texts = en.read_text("utf-8"), uk.read_text("utf-8")
    for pattern in LINES:
        found = [len(re.findall(pattern, text, re.M)) for text in texts]
        assert found[0] == found[1], pattern
    if en.parent == ADMINISTRATORS:  # users read of numbers and dates as they type them
        assert named(texts[0]) == named(texts[1])


def targets(path: Path, other: Path) -> list[tuple[bool, str]]:
    """What a page shows and links to in order, without what is only its language: headings, and the folder or ending of the name."""
    found = []
    for picture, _, target in links(path):
        at = (path.parent / target.partition("#")[0]).resolve() if "://" not in target else None
        if at is not None and at not in (path, other):
            place = f"{at.relative_to(ROOT).as_posix()}/".replace("-en.png/", ".png/")
            found.append((picture, re.sub(r"/(en|uk)/", "/", place)))
    return found


def named(text: str) -> set[str]:
    """What stands in code among the sentences."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)))


@each_page
def test_bold_words_are_those_of_the_screens(path: Path) -> None:
    known = words("uk" if path.parent.name == "uk" else "en")
    bold = [one.removesuffix(".") for text in re.findall(r"\*\*([^*]+)\*\*", path.read_text("utf-8")) for one in text.split(" → ")]
    assert {text for text in bold if text not in known and f"{text}." not in known and not is_shape_of(text, known)} == set()


def is_shape_of(text: str, known: frozenset[str]) -> bool:
    """Whether a label with a place in it reads so: Create “…”."""
    return "…" in text and any(re.fullmatch(re.sub(r"%\\?\(\w+\\?\)s", "…", re.escape(one)), text) for one in known if "%(" in one)


@pytest.mark.parametrize("path", [uk for _, uk in PAGES], ids=name)
def test_the_ukrainian_page_is_ukrainian(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S)
    plain = re.sub(r"^#+ flask .*|\[In English\]\([^)]*\)|`[^`]*`|\[[\w.-]+\.md\]|\([^)]*\)|\*\*[^*]*\*\*", "", text, flags=re.M)
    assert set(re.findall(r"[A-Za-z]{2,}", plain)) - NAMES == set()
    assert not re.search("[ыэёъ]", text)
