"""Who is connected: what each wants to hear, and which of them own the backend."""

import logging
from collections.abc import Callable, Iterator
from typing import Final

from pybackend.core.leases import Leases

logger: Final = logging.getLogger(__name__)


class Client:
    """One connection, known by the identity that the ROUTER gave it. Forgotten when it can no longer be reached."""

    def __init__(self, identity: bytes, leases: Leases[bytes]) -> None:
        self.identity = identity
        self.label = ""
        self.events: set[str] = set()
        self.lagging = False
        """It did not take its events. It gets none until it says something, and sees by `seq` what it missed."""
        self._leases = leases

    def greet(self, label: str, lease_s: float | None) -> None:
        """`hello`. With a lease it is an owner, which is gone when it stays silent for so long."""
        self.label = label
        if lease_s is None:
            self._leases.end(self.identity)
        else:
            self._leases.grant(self.identity, lease_s)

    def subscribe(self, event: str) -> None:
        """`on`; `*` is everything."""
        self.events.add(event)

    def unsubscribe(self, event: str) -> None:
        """`off`; `*` is everything."""
        if event == "*":
            self.events.clear()
        self.events.discard(event)

    def wants(self, event: str) -> bool:
        """Whether an event is for it now."""
        return not self.lagging and ("*" in self.events or event in self.events)


class Clients:
    """All connections that have something to remember. `orphaned` is called when the last owner is gone."""

    def __init__(self, orphaned: Callable[[], None]) -> None:
        self._orphaned = orphaned
        self._leases: Leases[bytes] = Leases()
        self._known: dict[bytes, Client] = {}

    def of(self, identity: bytes) -> Client:
        """The client that has just spoken; its lease begins anew."""
        client = self._known.get(identity)
        if client is None:
            client = self._known[identity] = Client(identity, self._leases)
        client.lagging = False
        self._leases.renew(identity)
        return client

    def forget(self, identity: bytes) -> None:
        """It cannot be reached any more. An owner's lease goes on: it may come back by another connection."""
        self._known.pop(identity, None)

    def drop_idle(self, client: Client) -> None:
        """Nothing has to be remembered of a client that asked for nothing."""
        if not client.events and not client.label:
            self.forget(client.identity)

    def wanting(self, event: str) -> Iterator[Client]:
        """Those who want to hear of an event."""
        return (client for client in list(self._known.values()) if client.wants(event))

    def check_leases(self) -> float:
        """Sees off owners that stayed silent; returns the seconds until the next look."""
        for identity in self._leases.expired():
            known = self._known.get(identity)
            logger.warning("the owner %s has gone silent", known.label if known else "of a lost connection")
            self.forget(identity)
            if self._leases.next_end_s() is None:
                self._orphaned()
        return min(self._leases.next_end_s() or 0.25, 0.25)
