"""What `make bench` compares answers alike: the product, the bare page and stock Flask-Admin over one filled database. Nothing is timed."""

import re
from pathlib import Path

import pytest

from benchmarks import pages
from benchmarks.data import fill
from crm.backoffice.database import make_engine


@pytest.mark.filterwarnings("ignore:Passing a session:DeprecationWarning")  # stock Flask-Admin as its documentation has it
def test_every_contender_answers_every_question_with_the_same_rows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'brama.db'}"
    engine = make_engine(url)
    fill(engine, 2000, 7, lambda _: None)  # as small as one tries it out
    engine.dispose()
    stage = pages.set_stage(url, tmp_path)
    shown = {}
    for question in pages.questions(stage):  # each compares the cells of the product with those of the formatted page
        answers = {name: work() for name, work in question.contenders.items()}
        if question.listed:
            rows = {name: set(re.findall(r'data-id="(\d+)"', answer.text)) for name, answer in answers.items() if name != pages.STOCK}
            assert len(set(map(frozenset, rows.values()))) == 1, (question.name, rows)
            shown[question.name] = len(rows[pages.PRODUCT])
    assert shown.pop("search") > 0
    assert set(shown.values()) == {pages.PAGE}
    stage.close()
