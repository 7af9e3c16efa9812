"""Mean and median of counted values against the standard library."""

import statistics

from hypothesis import given, strategies

from crm.backoffice.reports.figures import mean, median


@given(strategies.lists(strategies.integers(-400, 4000), min_size=1, max_size=60))
def test_counted_values_have_the_mean_and_the_median_of_the_values(values: list[int]) -> None:
    counted = {v: values.count(v) for v in values}
    assert mean(counted) == sum(values) / len(values)
    assert median(counted) == statistics.median(values)


def test_of_nothing_there_is_neither() -> None:
    assert mean({}) is None
    assert median({}) is None
