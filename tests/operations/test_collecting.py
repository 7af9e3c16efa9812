"""The collector is slow while long work lasts, also when several overlap, and as before afterwards."""

import gc
from threading import Barrier, Thread

import pytest

from crm.backoffice.collecting import RARELY, rarely_collected


def test_it_is_slow_inside_and_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with rarely_collected():
        assert gc.get_threshold() == RARELY and gc.get_freeze_count() > 0
        with rarely_collected():
            assert gc.get_threshold() == RARELY
        assert gc.get_threshold() == RARELY
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_work_that_fails_leaves_it_as_before() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="no"), rarely_collected():
        raise ValueError("no")
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_works_that_overlap_in_several_threads() -> None:
    before, met = gc.get_threshold(), Barrier(4)
    seen: list[tuple[int, int, int]] = []

    def work() -> None:
        met.wait()
        for _ in range(50):
            with rarely_collected():
                seen.append(gc.get_threshold())

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {RARELY}
    assert gc.get_threshold() == before
