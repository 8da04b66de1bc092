"""Whatever order events arrive in, doubled, held, replayed: each is delivered once, in order."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pybackend.client.event import CloudEvent, Gap
from pybackend.client.sequence import HELD, Sequence


def events(*numbers: int) -> list[CloudEvent]:
    return [CloudEvent("onExitRoom", seq=number) for number in numbers]


@given(st.data())
def test_any_arrival_is_delivered_once_in_order(data: Any) -> None:
    total = data.draw(st.integers(1, 30))
    sequence, delivered = Sequence(), list[int]()
    arrivals = data.draw(st.lists(st.integers(1, total), max_size=60))
    for number in arrivals:
        delivered += [event.seq for event in sequence.offer(events(number)[0])]
        if sequence.holding and data.draw(st.booleans()):
            known = data.draw(st.integers(sequence.last + 1, total))
            ready, gap = sequence.replayed(events(*range(sequence.last + 1, known + 1)), complete=True)
            delivered += [event.seq for event in ready]
            assert gap is None
    ready, _ = sequence.replayed(events(*range(sequence.last + 1, total + 1)), complete=True)
    delivered += [event.seq for event in ready]
    assert delivered == list(range(1, total + 1))


def test_a_number_left_out_holds_what_follows() -> None:
    sequence = Sequence()
    sequence.restart(5)
    assert [sequence.offer(event) for event in events(5, 7, 6)] == [[], [], []]
    assert sequence.holding
    assert sequence.replayed(events(6), complete=True) == (events(6, 7), None)


def test_what_was_lost_during_a_replay_is_asked_for_again() -> None:
    sequence = Sequence()
    for event in events(3, 6):
        sequence.offer(event)
    assert sequence.replayed(events(1, 2, 3, 4), complete=True) == (events(1, 2, 3, 4), None)
    assert sequence.holding
    assert sequence.replayed(events(6, 7), complete=True) == (events(6, 7), None)
    assert not sequence.holding


def test_an_incomplete_replay_says_what_is_lost() -> None:
    sequence = Sequence()
    sequence.offer(events(9)[0])
    assert sequence.replayed(events(8), complete=False) == (events(8, 9), Gap(0, 8))
    assert sequence.replayed([], complete=False) == ([], Gap(9, 9))


def test_what_is_held_is_bounded_and_the_loss_is_told() -> None:
    sequence = Sequence()
    for event in events(*range(2, HELD + 5)):
        sequence.offer(event)
    ready, gap = sequence.replayed([], complete=True)
    assert len(ready) == HELD
    assert gap == Gap(0, 5)
    assert sequence.replayed([], complete=True) == ([], None)
