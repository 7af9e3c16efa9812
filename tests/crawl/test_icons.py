"""The sprite holds the drawings that screens show, and no others. That each is there which a screen shows, the walk through the screens says."""

import re

from config import ROOT
from tests.crawl.crawler import ICONS


def test_every_drawing_of_the_sprite_is_named_by_some_screen() -> None:
    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "crm").rglob("*.py"), *(ROOT / "static" / "js").glob("*.js")]
    named = {name for source in sources for name in re.findall(r"""["'`]([a-z][a-z0-9-]*)["'`]""", source.read_text("utf-8"))}
    assert len(ICONS) > 50
    assert named >= ICONS, sorted(ICONS - named)


def test_every_drawing_that_scripts_and_descriptions_name_is_in_the_sprite() -> None:
    sources = [*(ROOT / "crm").rglob("*.py"), *(ROOT / "static" / "js").glob("*.js")]
    named = {name for source in sources for name in re.findall(r"""\bicon(?:\(|=|: str = |["']: )["']([a-z][a-z0-9-]*)["']""", source.read_text("utf-8"))}
    assert len(named) > 10
    assert named <= ICONS, sorted(named - ICONS)
