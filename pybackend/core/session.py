"""The life of a room session as a table: (state, input) → (state, effects). Nothing here does anything.

Every cell is defined or explicitly illegal. An illegal input is a defect of the caller and raises; what can happen in
a race (a late answer, a second `exitRoom`, the network coming back during an exit) is defined, and mostly does nothing.

Two properties can be read off the table: every way out of a room goes through EXITING and its ladder, so that there is
one terminal event per entered room; and no edge leads from a removal back to RECONNECTING.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class State(StrEnum):
    """As `diagnostics` shows it."""

    IDLE = "idle"
    ENTERING = "entering"
    IN = "in"
    RECONNECTING = "reconnecting"
    EXITING = "exiting"


class Input(StrEnum):
    """What can happen to a session."""

    ENTER = "enter"
    """`enterRoom` with parameters that may be sent."""
    ACCEPTED = "accepted"
    """The room service let us in."""
    REFUSED = "refused"
    """It did not, or did not answer in time."""
    EXIT = "exit"
    """`exitRoom`, `destroy`, or the owner is gone."""
    REMOVED = "removed"
    """The room service put us out, for good."""
    LOST = "lost"
    """The connection to the room service broke."""
    RECOVERED = "recovered"
    """It is back, and so are we."""
    RELEASED = "released"
    """The exit ladder is at its top: every device is free."""


class Effect(StrEnum):
    """What has to be done, in the order given."""

    CONNECT = "connect"
    CLIMB = "climb the exit ladder"
    REFUSE_ENTER = "refuse the second enter"
    QUEUE_ENTER = "enter when the exit is done"
    FORGET_QUEUED = "forget a queued enter"
    START_QUEUED = "start a queued enter"
    SAY_ENTERED = "onEnterRoom(ms)"
    SAY_REFUSED = "onError, onEnterRoom(code)"
    SAY_EXITED = "onExitRoom(reason)"
    SAY_LOST = "onConnectionLost"
    SAY_RECOVERED = "onConnectionRecovery"


Cell = tuple[State, tuple[Effect, ...]]

_CLIMB: Final[Cell] = (State.EXITING, (Effect.CLIMB,))

TABLE: Final = MappingProxyType(
    {
        State.IDLE: {
            Input.ENTER: (State.ENTERING, (Effect.CONNECT,)),
            Input.EXIT: _CLIMB,
        },
        State.ENTERING: {
            Input.ENTER: (State.ENTERING, (Effect.REFUSE_ENTER,)),
            Input.ACCEPTED: (State.IN, (Effect.SAY_ENTERED,)),
            Input.REFUSED: (State.IDLE, (Effect.SAY_REFUSED,)),
            Input.EXIT: _CLIMB,
        },
        State.IN: {
            Input.ENTER: (State.IN, (Effect.REFUSE_ENTER,)),
            Input.EXIT: _CLIMB,
            Input.REMOVED: _CLIMB,
            Input.LOST: (State.RECONNECTING, (Effect.SAY_LOST,)),
        },
        State.RECONNECTING: {
            Input.ENTER: (State.RECONNECTING, (Effect.REFUSE_ENTER,)),
            Input.EXIT: _CLIMB,
            Input.REMOVED: _CLIMB,
            Input.RECOVERED: (State.IN, (Effect.SAY_RECOVERED,)),
        },
        State.EXITING: {
            Input.ENTER: (State.EXITING, (Effect.QUEUE_ENTER,)),
            Input.EXIT: (State.EXITING, (Effect.FORGET_QUEUED,)),
            Input.ACCEPTED: (State.EXITING, ()),
            Input.REFUSED: (State.EXITING, ()),
            Input.REMOVED: (State.EXITING, ()),
            Input.LOST: (State.EXITING, ()),
            Input.RECOVERED: (State.EXITING, ()),
            Input.RELEASED: (State.IDLE, (Effect.SAY_EXITED, Effect.START_QUEUED)),
        },
    }
)


class IllegalInput(Exception):
    """The input cannot happen in this state: a defect of ours, not of the application."""

    def __init__(self, state: State, given: Input) -> None:
        super().__init__(f"{given} in state {state}")


def step(state: State, given: Input) -> Cell:
    """The next state, and what to do."""
    try:
        return TABLE[state][given]
    except KeyError:
        raise IllegalInput(state, given) from None


def diagram() -> str:
    """The table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", "    [*] --> idle"]
    for state, row in TABLE.items():
        for given, (target, effects) in row.items():
            if target is not state:
                done = f": {given}" + (f" / {', '.join(effects)}" if effects else "")
                lines.append(f"    {state} --> {target}{done}")
    return "\n".join(lines) + "\n"
