"""Links and pictures of the documentation lead somewhere, every page is found from the README, and no picture lies about unused."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, is_ignored, links, name, pages

PICTURES = ROOT / "docs" / "screenshots"
OUTSIDE = ("http://", "https://", "mailto:")
APART = {"docs/plan.md"}  # the maintainers' own list of what is next


@pytest.mark.parametrize("page", pages(), ids=name)
def test_relative_links_and_pictures_resolve(page: Path) -> None:
    for picture, text, target in links(page):
        if target.startswith(OUTSIDE):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{name(page)}: {target}"
        assert found.is_relative_to(ROOT), f"{name(page)}: {target} leads out of the project"
        assert not is_ignored(found), f"{name(page)}: {target} is not kept in git"
        assert text, f"{name(page)}: {target} has no text"
        if picture:
            assert found.stat().st_size < 250_000, f"{name(page)}: {target} is too large"
        elif anchor:
            assert anchor in anchors(found), f"{name(page)}: {target}"


def test_every_page_is_found_from_the_readme() -> None:
    seen = {ROOT / "README.md"}
    left = list(seen)
    while left:
        page = left.pop()
        for _, _, target in links(page):
            found = (page.parent / target.partition("#")[0]).resolve()
            if not target.startswith(OUTSIDE) and found.suffix == ".md" and found not in seen:
                seen.add(found)
                left.append(found)
    fragments = set((ROOT / "changes").glob("*-*.md"))
    assert {name(page) for page in set(pages()) - seen - fragments} == APART & {name(page) for page in pages()}


def test_every_picture_is_used() -> None:
    used = {Path(target).name for page in pages() for picture, _, target in links(page) if picture}
    assert {path.name for path in PICTURES.iterdir()} == used


@pytest.mark.parametrize("page", pages(), ids=name)
def test_a_page_has_one_title_and_speaks_of_no_machine(page: Path) -> None:
    text = page.read_text("utf-8")
    if not re.fullmatch(r"(added|changed|fixed|removed|security)-.+\.md", page.name):
        assert text.startswith("# "), name(page)
    assert not re.search(r"/tmp/|/home/|/root/|/work/", text), name(page)
