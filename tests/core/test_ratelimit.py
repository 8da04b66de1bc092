"""The token bucket, on a clock of the test's own."""

from hypothesis import given
from hypothesis import strategies as st

from pybackend.core.ratelimit import RateLimit


class Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    limit = RateLimit(rate=20, burst=20, now=clock)
    assert [limit.take() for _ in range(21)] == [True] * 20 + [False]
    clock.s += 0.125
    assert [limit.take() for _ in range(3)] == [True, True, False]


def test_what_is_refused_costs_nothing() -> None:
    limit = RateLimit(rate=8192, burst=8192, now=Clock())
    assert not limit.take(9000)
    assert limit.take(8192)


def test_nothing_is_saved_beyond_the_burst() -> None:
    clock = Clock()
    limit = RateLimit(rate=30, burst=30, now=clock)
    clock.s += 3600
    assert [limit.take() for _ in range(31)].count(True) == 30


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(1, 10)), max_size=60))
def test_never_more_than_burst_and_rate_allow(steps: list[tuple[float, int]]) -> None:
    clock = Clock()
    limit, taken = RateLimit(rate=5, burst=10, now=clock), 0
    for pause, units in steps:
        clock.s += pause
        taken += units if limit.take(units) else 0
        assert taken <= 10 + 5 * (clock.s - 100) + 1e-6
