import itertools
from pathlib import Path

import pytest

from pybackend.core.session import TABLE, Effect, IllegalInput, Input, State, diagram, step
from scripts.generators import session as page

CELLS = list(itertools.product(State, Input))
CLIMB = (State.EXITING, (Effect.CLIMB,))


@pytest.mark.parametrize(("state", "given"), CELLS, ids="-".join)
def test_every_cell_is_defined_or_illegal(state: State, given: Input) -> None:
    if given in TABLE[state]:
        target, effects = step(state, given)
        assert target in State
        assert all(effect in Effect for effect in effects)
    else:
        with pytest.raises(IllegalInput, match=rf"^{given} in state {state}$"):
            step(state, given)


def test_no_edge_leads_from_a_removal_to_reconnecting() -> None:
    """P15: who was put out does not come back by itself, whatever happens afterwards but an enter."""
    reached, waiting = set(), [step(state, Input.REMOVED)[0] for state in State if Input.REMOVED in TABLE[state]]
    while waiting:
        state = waiting.pop()
        reached.add(state)
        onward = {target for given, (target, _) in TABLE[state].items() if given is not Input.ENTER}
        waiting += onward - reached
    assert reached == {State.EXITING, State.IDLE}


def test_a_room_is_left_through_the_ladder_alone() -> None:
    """P19: one terminal event per entered room, as only one cell says it, and only the ladder leads there."""
    saying = [(state, given) for state, given in CELLS if Effect.SAY_EXITED in TABLE[state].get(given, (state, ()))[1]]
    assert saying == [(State.EXITING, Input.RELEASED)]
    ways_in = {
        cell for row in TABLE.values() for cell in row.values() if cell[0] is State.EXITING and cell[1] == CLIMB[1]
    }
    assert ways_in == {CLIMB}
    for state, row in TABLE.items():
        for target, effects in row.values():
            assert (target is State.EXITING and state is not State.EXITING) == (Effect.CLIMB in effects)
    assert {target for state in (State.IN, State.RECONNECTING) for target, _ in TABLE[state].values()} == {
        State.IN,
        State.RECONNECTING,
        State.EXITING,
    }


def test_an_exit_while_entering_cancels_it() -> None:
    """P22: the late answer is defined, and says nothing."""
    state, effects = step(State.ENTERING, Input.EXIT)
    assert (state, effects) == CLIMB
    for late in (Input.ACCEPTED, Input.REFUSED):
        assert step(state, late) == (State.EXITING, ())


def test_an_enter_during_the_exit_begins_when_it_is_done() -> None:
    assert step(State.EXITING, Input.ENTER) == (State.EXITING, (Effect.QUEUE_ENTER,))
    assert step(State.EXITING, Input.RELEASED)[1] == (Effect.SAY_EXITED, Effect.START_QUEUED)
    assert step(State.EXITING, Input.EXIT) == (State.EXITING, (Effect.FORGET_QUEUED,))


def test_the_diagram_is_up_to_date_in_the_docs() -> None:
    for path, text in page.generate().items():
        assert Path(path).read_text("utf-8") == text
        assert diagram() in text
