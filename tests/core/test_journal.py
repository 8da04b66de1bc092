import itertools

from hypothesis import given
from hypothesis import strategies as st

from pybackend.core import clock
from pybackend.core.journal import KEPT, Journal


def test_an_event_travels_with_everything() -> None:
    journal, before = Journal(), clock.now_ms()
    event = journal.record("onExitRoom", 2, "s1", (0,), {"cause": "leave"})
    assert before <= event.ts <= clock.now_ms()
    assert event.notification() == {
        "jsonrpc": "2.0",
        "method": "onExitRoom",
        "params": {
            "cloud": 2,
            "seq": 1,
            "session": "s1",
            "ts": event.ts,
            "args": [0],
            "detail": {"cause": "leave"},
        },
    }


def test_the_last_4096_are_kept_and_repeating_ones_push_nothing_out() -> None:
    journal = Journal()
    journal.record("onEnterRoom", 0, "s", (1,), {})
    for _ in range(2 * KEPT):
        journal.record("onStatistics", 0, "s", ({},), {})
    events, complete = journal.since(0)
    assert KEPT == 4096
    assert complete
    assert events[0].name == "onEnterRoom"
    assert len(events) == 1 + KEPT
    for _ in range(KEPT):
        journal.record("onRemoteUserEnterRoom", 0, "s", ("u",), {})
    events, complete = journal.since(0)
    assert not complete
    assert "onEnterRoom" not in {event.name for event in events}
    assert journal.since(1)[1]


@given(
    st.lists(st.sampled_from(["onError", "onWarning", "onStatistics", "onUserVoiceVolume"]), max_size=40),
    st.integers(1, 8),
    st.integers(0, 45),
)
def test_whatever_is_recorded_replay_is_in_order_and_honest(names: list[str], kept: int, since: int) -> None:
    journal = Journal(kept)
    for name in names:
        journal.record(name, 0, None, (), {})
    events, complete = journal.since(since)
    assert journal.seq == len(names)
    assert all(one.seq < other.seq for one, other in itertools.pairwise(events))
    assert all(event.seq > since for event in events)
    lasting = [seq for seq, name in enumerate(names, 1) if name in ("onError", "onWarning") and seq > since]
    found = [event.seq for event in events if event.name in ("onError", "onWarning")]
    assert found == lasting[-kept:]
    assert complete == (len(lasting) <= kept)
