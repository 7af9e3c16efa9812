"""What `make bench` compares answers alike: the product, the bare page and stock Flask-Admin over one filled database. Nothing is timed."""

import re
from itertools import chain
from pathlib import Path

import pytest

from benchmarks import interaction_pages, pages
from benchmarks.filling import Size, fill
from benchmarks.report import MOST_QUERIES
from crm.backoffice.database import make_engine


@pytest.mark.filterwarnings("ignore:Passing a session:DeprecationWarning")  # stock Flask-Admin as its documentation has it
def test_every_contender_answers_every_question_with_the_same_rows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'brama.db'}"
    engine = make_engine(url)
    fill(engine, Size(2000, 6000), 7, lambda _: None)  # as small as one tries it out
    engine.dispose()
    stage = pages.set_stage(url, tmp_path)
    shown = {}
    # Each compares the cells of the product with those of the formatted page, the timeline and the figures with those of bare SQL.
    for question in chain(pages.questions(stage), interaction_pages.questions(stage)):
        answers = {name: work() for name, work in question.contenders.items()}
        if question.listed:
            rows = {name: set(re.findall(r'data-id="(\d+)"', answer.text)) for name, answer in answers.items() if name != pages.STOCK}
            assert len(set(map(frozenset, rows.values()))) == 1, (question.name, rows)
            shown[question.name] = len(rows[pages.PRODUCT])
    assert shown.pop("search") > 0
    assert {"interactions", "interactions by medium", "interactions of a customer"} < set(shown)
    counted = interaction_pages.counted(stage)
    assert max(counted.values()) <= MOST_QUERIES, counted
    assert all(counted[long] <= counted[short] for short, long in interaction_pages.ALIKE), counted
    assert set(shown.values()) == {pages.PAGE}
    stage.close()
