"""Text with formatting: what is not ours goes, what is ours stays, and cleaning what is clean changes nothing."""

import re
import resource
from typing import Any

import pytest
from sqlalchemy import Engine

from crm.backoffice.fields.base import FieldError
from crm.backoffice.fields.rich_text import EXCERPT, cleaned_html, excerpt, plain
from tests.values.conftest import reader
from tests.values.test_databases import found
from tests.values.test_facets import field

# Each is known from the collections of what sanitizers have let through; none may leave an element or attribute that we do not have.
HOSTILE = (
    "<script>alert(1)</script><p>x",
    "<p onclick=alert(1)>x</p>",
    "<img src=x onerror=alert(1)><p>x",
    "<svg onload=alert(1)><p>x</p></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<p style='background:url(x)'>x</p>",
    "<b><iframe src=x></iframe>x</b>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'><p>x",
    "<p><object data=x></object>x</p>",
    "<form action=/x><button>x</button></form><p>x",
    "<p>x</p><base href=//evil>",
    "<p>x</p><meta http-equiv=refresh content=0>",
    "<pre><style><p title='</style><img src=x onerror=1>'>x",
    "<svg><p><style><g title='</style><img src=x onerror=alert(1)>'></g></style>x</p></svg>",
    "<p>x<!--><img src=x onerror=1>--></p>",
    "<noscript><p title='</noscript><img src=x>'>x",
    "<ul><li><input autofocus onfocus=1>x</li></ul>",
    "<a href='https://ok.example' target=_blank id=a name=b class=c>x</a>",
    "<p><template><script>1</script></template>x</p>",
)
ALLOWED = re.compile(
    r"</?(?:p|h2|h3|ul|ol|li|blockquote|pre|br|strong|b|em|i|u|s|code)>|</a>"
    r"|<a(?: href=\"[^\"]*\")? rel=\"noopener noreferrer nofollow\">"
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_but_our_elements_and_links_is_left(hostile: str) -> None:
    kept = field("rich_text").clean(hostile)
    if kept is None:
        return
    assert "<" not in ALLOWED.sub("", kept)
    assert all(re.match(r"(https?:|mailto:|tel:|/)", href) for href in re.findall(r'href="([^"]*)"', kept))
    assert cleaned_html(kept) == kept


def test_plain_text_becomes_paragraphs_and_marks_stay_what_they_are() -> None:
    spec, who = field("rich_text"), reader()
    assert spec.parse("Перший рядок\nйого кінець\n\nДругий: 3 < 5 & 7", who) == "<p>Перший рядок<br>його кінець</p><p>Другий: 3 &lt; 5 &amp; 7</p>"
    assert spec.parse("<div>а</div><div>б</div>", who) == "<p>а</p><p>б</p>"
    assert spec.parse("слово <b>друге</b><ul><li>пункт</li></ul>", who) == "<p>слово <b>друге</b></p><ul><li>пункт</li></ul>"
    assert spec.parse('<p><a href="/deal/5/">угода</a></p>', who) == '<p><a href="/deal/5/" rel="noopener noreferrer nofollow">угода</a></p>'
    assert spec.parse("<p><ul><li>а</li></ul></p>", who) == "<ul><li>а</li></ul>"
    assert spec.parse("<p>а</p><p><br></p><p>б</p>", who) == "<p>а</p><p><br></p><p>б</p>"
    assert spec.parse("<p> </p><ul><li></li></ul>", who) is None
    assert spec.formatter(who)("<h2>Тема</h2><p>а<br>б</p><ul><li>в</li></ul>") == "Тема\nа\nб\n• в"


def test_what_would_take_too_long_or_too_much_is_refused() -> None:
    spec = field("rich_text")
    nested, long = ("<b>" * 5_000 + "x", "<blockquote>" * 101 + "x"), ("<p>a</p>" * 20_000, "<p>" + "x" * 600_000)
    for large, why in ((nested[0], "nested"), (nested[1], "nested"), (long[0], "too long"), (long[1], "too long")):
        with pytest.raises(FieldError, match=why):
            spec.clean(large)
    assert spec.clean("<ul><li>" * 20 + "x") is not None
    for odd in ("<p>\x00</p>", "<p>\ud800</p>", "<p>a\x08</p>", "<p>&#8;</p>"):
        with pytest.raises(FieldError, match="control"):
            spec.clean(odd)


def test_a_list_shows_the_beginning_and_never_a_half_of_a_mark() -> None:
    long = "<p>" + "слово " * 400 + "</p>"
    assert plain(long).startswith(excerpt(long).strip())
    assert len(excerpt(long)) < EXCERPT
    for at in range(EXCERPT - 40, EXCERPT + 1):
        assert excerpt("x" * at + '<a href="https://a.example" rel="noopener">ж</a>').rstrip("ж") == "x" * at


def test_both_databases_find_its_words_and_not_its_marks(database: Engine, make_table: Any) -> None:
    spec = field("rich_text")
    values = ["<p>Ґава <b>сиві</b>ла</p>", "<ul><li>a &lt; b</li></ul>", None]
    table = make_table(spec, values)
    assert found(database, table, spec, "contains", "гава сивіла") == [values[0]]
    assert found(database, table, spec, "contains", "a < b") == [values[1]]
    assert found(database, table, spec, "contains", "<b>") == []
    assert found(database, table, spec, "contains", "strong") == []
    assert found(database, table, spec, "starts", "ґава") == [values[0]]


HIDDEN_DEPTH = (
    "<blockquote></z>" * 2000 + "x",  # an end that ends nothing
    "<p>x<!-->" + "<blockquote>" * 2000 + "x-->",  # a comment that has ended already
    "<p title='</z>" + "'></z><ul><li>" * 2000 + "x",
)


@pytest.mark.parametrize("html", HIDDEN_DEPTH)
def test_what_is_nested_too_deeply_is_refused_however_it_is_written(html: str) -> None:
    with pytest.raises(FieldError):
        field("rich_text").clean(html)


GROWING = (
    "<!--><p>" + "".join(f"<b x={n}>" for n in range(1000)) + "<p>x" * 1000,  # each paragraph opens all that is open once more
    "".join(f"<{tag}>" * 3 for tag in ("b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u")) + "<p>x" * 15_000,
    "<p>x</p>" * 101 + "&" * 400_000,
    "<p>x" * 40_000,
)


@pytest.mark.parametrize("html", GROWING)
def test_a_text_does_not_grow_while_it_is_cleaned(html: str) -> None:
    """What comes out is refused as too long or no longer than what may come in, in little memory."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FieldError):
        field("rich_text").clean(html)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < 150 * 1024, "kilobytes"
