"""Which clouds are in a room, as their events tell; needed when the backend dies and can tell no more."""

from .event import CloudEvent

BACKEND_LOST = "backend-lost"


class Presence:
    """Fed with every event that is delivered."""

    def __init__(self) -> None:
        self._rooms: dict[int, CloudEvent] = {}

    def observe(self, event: CloudEvent) -> None:
        """Takes note of entering and leaving."""
        if event.name == "onEnterRoom" and event.args and event.args[0] > 0:
            self._rooms[event.cloud] = event
        elif event.name == "onExitRoom":
            self._rooms.pop(event.cloud, None)

    def lost(self, seq: int, ts: int) -> list[CloudEvent]:
        """The backend is gone: the terminal event that it owes to every cloud that is in a room, numbered after `seq`."""
        events = [
            CloudEvent("onExitRoom", (1,), cloud, seq + number, entered.session, ts, {"cause": BACKEND_LOST})
            for number, (cloud, entered) in enumerate(self._rooms.items(), start=1)
        ]
        self._rooms.clear()
        return events
