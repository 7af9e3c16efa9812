"""What is inferred from counts, beside SciPy, NumPy, scikit-learn and lifelines."""

import json
import subprocess
from collections import Counter
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from config import ROOT
from crm.backoffice.reports.estimates import Tally, brier, middle_interval, quantile, shrunk, surviving_half, wilson

NEAR: Any = pytest.approx
CHANCE = Random(20)
Stays = list[tuple[int, bool]]


def stays(chance: Random) -> Stays:
    """Durations, and whether each has ended."""
    ends = chance.choice((0.2, 0.6, 1))
    return [(chance.randint(0, 30), chance.random() < ends) for _ in range(chance.randint(1, 200))]


CASES: dict[str, list[Any]] = {
    "wilson": [
        (part, whole, certainty) for certainty in (0.5, 0.95, 0.999)
        for part, whole in ((0, 1), (1, 1), (0, 20), (20, 20), (7, 20), (4238, 6711), (1, 1_000_000))
    ],
    "surviving_half": [(stays(Random(seed)),) for seed in range(60)],
    "quantile": [([CHANCE.randint(-5, 60) for _ in range(number)], share) for number in (1, 2, 9, 10, 101) for share in (0, 0.25, 0.5, 0.9, 1)],
    "brier": [([(CHANCE.random(), CHANCE.random() < 0.4) for _ in range(500)],)],
}


def median_of(found: Stays) -> int | None:
    return half([days for days, ended in found if ended], [days for days, ended in found if not ended])


def half(finished: list[int], unfinished: list[int]) -> int | None:
    return surviving_half(Tally(Counter(finished)), Tally(Counter(unfinished)))


OURS: dict[str, Any] = {
    "wilson": wilson,
    "surviving_half": median_of,
    "quantile": lambda values, share: quantile(sorted(values), share),
    "brier": lambda pairs: brier((probability, came, 1) for probability, came in pairs),
}


def test_each_is_what_the_libraries_say() -> None:
    python = ROOT / ".reference" / "bin" / "python"
    if not python.exists():
        pytest.fail("The libraries that figures are compared with are not there: make .stamps/reference")
    script = Path(__file__).with_name("reference.py")
    done = subprocess.run([python, script], input=json.dumps(CASES), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    assert any(one is None for one in theirs["surviving_half"]) and len(set(theirs["surviving_half"])) > 10, "the cases are all alike"
    for name, cases in CASES.items():
        for case, said in zip(cases, theirs[name], strict=True):
            assert OURS[name](*case) == (said if said is None else NEAR(tuple(said) if isinstance(said, list) else said, rel=1e-9, abs=1e-12)), (name, case)


def test_of_nothing_nothing_is_inferred() -> None:
    assert wilson(0, 0) is None
    assert quantile([], 0.9) is None
    assert half([], []) is None
    assert brier([]) is None


def test_unfinished_stays_push_the_median_up_where_leaving_them_out_would_not() -> None:
    assert half([1] * 5 + [9] * 5, []) == 1
    assert half([1] * 5 + [9] * 5, [4]) == 9
    assert half([1] * 4, [2] * 6) is None


def step_by_step(found: Stays) -> int | None:
    """The same duration by duration in fractions."""
    left = Fraction(1)
    for at in sorted({days for days, _ in found}):
        left *= 1 - Fraction(sum(ended for days, ended in found if days == at), sum(days >= at for days, _ in found))
        if left <= Fraction(1, 2):
            return at
    return None


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=24))
def test_the_half_is_met_exactly_whatever_leaves_between(found: Stays) -> None:
    assert median_of(found) == step_by_step(found)


@given(st.lists(st.integers(-3, 9), max_size=30), st.sampled_from((0, 0.25, 0.5, 0.9, 1)))
def test_a_tally_is_the_numbers_in_their_order(numbers: list[int], share: float) -> None:
    tally = Tally(Counter(numbers))
    assert (list(tally), len(tally), tally[1:-1]) == (sorted(numbers), len(numbers), sorted(numbers)[1:-1])
    assert quantile(tally, share) == quantile(sorted(numbers), share)
    assert [tally.upto(edge) for edge in range(-4, 11)] == [sum(one <= edge for one in numbers) for edge in range(-4, 11)]


def test_the_median_of_a_sample_lies_between_two_of_its_values() -> None:
    # By tables of the binomial distribution with one half: of 6 the first and the last (1/32 outside), of 20 the 6th and the 15th, of 100 the 40th and 61st
    assert [middle_interval(range(1, number + 1)) for number in (0, 1, 5, 6, 20, 100)] == [None, None, None, (1, 6), (6, 15), (40, 61)]
    assert middle_interval([3] * 9) == (3, 3)
    assert middle_interval(range(1, 1002)) == (469, 533) and middle_interval(range(1, 1001)) == (469, 532)


def test_a_rate_of_few_is_drawn_to_the_usual_one() -> None:
    assert shrunk(0, 0, 0.4, 10) == 0.4
    assert shrunk(3, 4, 0.4, 10) == NEAR((3 + 4) / 14)
    assert abs(shrunk(7500, 10_000, 0.4, 10) - 0.75) < 0.001


def test_many_of_one_kind_count_as_often_as_they_came() -> None:
    assert brier([(0.5, True, 3), (0.5, False, 1)]) == 0.25
