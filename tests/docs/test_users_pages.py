"""The users' pages exist in both languages, say the same, and call things as the screens do."""

import re
from functools import cache

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
FOLDER = ROOT / "docs" / "users"
PAGES = sorted(path.name for path in (FOLDER / "en").glob("*.md"))


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
    labels = [area for _, area, _ in menu.AREAS] + [page.label for page in menu.PAGES] + list(reports.GROUPS.values())
    for entity in shape().entities.values():
        labels += [entity.label, entity.plural, *(s.label for s in entity.declared.sections), *(f.label for f in entity.fields.values())]
        labels += [r.label for r in entity.relations.values()]
    for report in all_reports():
        labels += [report.label, *(c.label for c in report.measures), *(p.label for p in described(report.params).values())]
    return frozenset(found | {label[at] for label in labels})


def test_both_languages_have_the_same_pages() -> None:
    assert sorted(path.name for path in (FOLDER / "uk").glob("*.md")) == PAGES
    assert len(PAGES) >= 8


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_the_same_in_both_languages(page: str) -> None:
    en, uk = FOLDER / "en" / page, FOLDER / "uk" / page
    assert [depth for depth, _ in headings(en)] == [depth for depth, _ in headings(uk)]
    shape_of = [[(picture, re.sub(r"-en(?=\.png)", "", re.sub(r"/(en|uk)/", "/", target))) for picture, _, target in links(path)] for path in (en, uk)]
    assert shape_of[0] == shape_of[1]
    assert [b.text for b in blocks(en)] == [b.text for b in blocks(uk)]
    for path in (en, uk):
        text = path.read_text("utf-8")
        counts = [len(re.findall(pattern, text, re.M)) for pattern in (r"^\| ", r"^- ", r"\*\*[^*]+\*\*")]
        assert counts == [len(re.findall(p, en.read_text("utf-8"), re.M)) for p in (r"^\| ", r"^- ", r"\*\*[^*]+\*\*")], name(path)


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize("page", PAGES)
def test_bold_words_are_those_of_the_screens(page: str, language: str) -> None:
    path = FOLDER / language / page
    known = words(language)
    bold = [text.removesuffix(".") for text in re.findall(r"\*\*([^*]+)\*\*", path.read_text("utf-8"))]
    assert {text for text in bold if text not in known and f"{text}." not in known and not is_shape_of(text, known)} == set(), name(path)


def is_shape_of(text: str, known: frozenset[str]) -> bool:
    """Whether a label with a place in it reads so: Create “…”."""
    return "…" in text and any(re.fullmatch(re.sub(r"%\\?\(\w+\\?\)s", "…", re.escape(one)), text) for one in known if "%(" in one)


@pytest.mark.parametrize("page", PAGES)
def test_the_ukrainian_page_is_ukrainian(page: str) -> None:
    text = (FOLDER / "uk" / page).read_text("utf-8")
    plain = re.sub(r"\[In English\]\([^)]*\)|`[^`]*`|\([^)]*\)|\bBrama\b|CSV|XLSX|JSONL|\*\*[^*]*\*\*", "", text)
    assert re.findall(r"[A-Za-z]{2,}", plain) == []
    assert not re.search("[ыэёъ]", text)
