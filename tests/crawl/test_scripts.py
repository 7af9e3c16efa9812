"""Scripts say nothing of their own: every sentence comes from a template, in the reader's language."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ASKED = re.compile(r"""\bword\(\s*['"](\w+)['"]""")
CHOSEN = re.compile(r"""\bword\(\s*[^'"()]*\?\s*['"](\w+)['"]\s*:\s*['"](\w+)['"]""")


def test_every_sentence_that_a_script_asks_for_is_written_by_a_template() -> None:
    written = set(re.findall(r'"(\w+)": _\(', "\n".join(p.read_text() for p in (ROOT / "templates").rglob("*.html"))))
    asked = set()
    for script in (ROOT / "static" / "js").glob("*.js"):
        text = script.read_text()
        asked |= set(ASKED.findall(text)) | {key for pair in CHOSEN.findall(text) for key in pair}
    assert len(asked) > 40
    assert asked <= written, asked - written


def test_no_script_holds_a_ukrainian_sentence() -> None:
    for script in (ROOT / "static" / "js").glob("*.js"):
        code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", script.read_text(), flags=re.S)
        assert not re.search("[\u0400-\u04ff]{2}", code), script.name


def test_scripts_show_no_english_sentence_of_their_own() -> None:
    shown = re.compile(r"""(?:textContent|innerText|title|placeholder|ariaLabel|alert\(|confirm\(|toast\()\s*=?\s*(['"`])([A-Z][a-z]+(?: [a-z]+)+[.!?]?)\1""")
    for script in (ROOT / "static" / "js").glob("*.js"):
        assert not shown.search(script.read_text()), script.name
