"""Reconnect delays, leases, quality: decisions that fit on a line."""

import pytest

from pybackend.core.leases import Leases
from pybackend.core.quality import quality
from pybackend.core.reconnect import Backoff


def test_the_first_attempts_come_at_exact_times() -> None:
    policy = Backoff(lambda: 0.77)
    assert [policy.delay(attempt) for attempt in range(5)] == [0.0, 0.3, 1.2, 2.7, 4.8]


def test_later_attempts_are_spread_around_five_seconds_for_ever() -> None:
    """P20: there is no last attempt."""
    for chance, delay in ((0.0, 4.0), (0.5, 5.0), (1.0, 6.0)):
        policy = Backoff(lambda chance=chance: chance)  # type: ignore[misc]
        assert policy.delay(5) == policy.delay(10_000) == pytest.approx(delay)
    assert 4.0 <= Backoff().delay(5) <= 6.0


class TestLeases:
    """On a clock that is set by hand."""

    @pytest.fixture(autouse=True)
    def _clock(self) -> None:
        self.now = 100.0
        self.leases: Leases[str] = Leases(lambda: self.now)

    def test_who_stays_silent_is_gone_once(self) -> None:
        self.leases.grant("a", 5)
        self.leases.grant("b", 7)
        self.now += 4.9
        assert self.leases.expired() == []
        assert self.leases.next_end_s() == pytest.approx(0.1)
        self.now += 0.1
        assert self.leases.expired() == ["a"]
        assert self.leases.expired() == []
        assert self.leases.next_end_s() == pytest.approx(2.0)

    def test_a_renewal_lasts_as_long_as_the_lease(self) -> None:
        self.leases.grant("a", 5)
        self.now += 4
        self.leases.renew("a")
        self.now += 4.9
        assert self.leases.expired() == []

    def test_who_has_none_cannot_renew_one(self) -> None:
        self.leases.renew("a")
        assert self.leases.next_end_s() is None
        self.leases.grant("a", 5)
        self.leases.end("a")
        self.leases.end("a")
        self.now += 10
        assert self.leases.expired() == []

    def test_a_lease_that_is_over_ends_in_no_time(self) -> None:
        self.leases.grant("a", 5)
        self.now += 9
        assert self.leases.next_end_s() == 0.0


@pytest.mark.parametrize(
    ("loss", "rtt", "grade"),
    [
        (0, 0, 1),
        (1, 100, 1),
        (1.01, 100, 2),
        (0, 101, 2),
        (8, 50, 3),
        (0, 400, 3),
        (15, 800, 4),
        (40, 1, 5),
        (0, 2001, 6),
        (100, 0, 6),
    ],
)
def test_the_worse_of_loss_and_delay_decides(loss: float, rtt: float, grade: int) -> None:
    assert quality(loss, rtt) == grade
