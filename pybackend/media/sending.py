"""A track that hands encoded packets to aiortc, and the thread that encodes them.

    a device's thread ──push──▶ mailbox ──▶ the encoder's thread ──▶ a few packets ──recv──▶ aiortc's sender, on the loop

aiortc packs packets that are encoded already as they are (`Encoder.pack`): none of its own encoders with their fixed bit rates,
none of its conversions, and no level computed in Python on the loop. Nothing is encoded before somebody receives.
"""

import asyncio
import logging
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet

from .mailbox import Mailbox
from .statistics import Meter, StreamStatistics

T = TypeVar("T")

logger = logging.getLogger(__name__)

Encoded = tuple["Packet[Any]", int]
"""A packet with the capture time of what it carries."""

_READY: Final = 10  # packets between encoder and sender; more means that the loop stands still


class SendingTrack(MediaStreamTrack, Generic[T]):
    """Made and closed on the loop; `push` comes from any thread; what has `_encode` in its name runs in the encoder's thread."""

    clock_rate: int
    on_first_sent: Callable[[], None] | None = None

    def __init__(self, kind: str, capacity: int) -> None:
        super().__init__()
        self.kind = kind
        self.sent_us = 0
        """Capture time of the packet that was sent last."""
        self.meter = Meter()
        self._mailbox: Mailbox[T] = Mailbox(capacity)
        self._runs_on = asyncio.get_running_loop()
        self._ready: deque[Encoded] = deque()
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()
        self._thread: threading.Thread | None = None
        self._announce = False
        self._sent: Encoded | None = None

    def push(self, item: T) -> None:
        """Queues what is to be sent; drops the oldest if the encoder is behind."""
        self._mailbox.put(item)

    async def recv(self) -> "Packet[Any]":
        """Called by aiortc's sender: for the first packet when connected, for the next when the last one is sent."""
        if self._thread is None:
            self._start()
        self._was_sent()
        while not self._ready:
            if self.readyState != "live":
                raise MediaStreamError
            self._changed.clear()
            await self._changed.wait()
        self._sent = self._ready.popleft()
        return self._sent[0]

    def stop(self) -> None:
        """Ends the encoder's thread, without waiting for it."""
        super().stop()
        self._mailbox.close()
        self._changed.set()

    async def ended(self) -> None:
        """Waits for the encoder's thread after `stop`."""
        if self._thread is not None:
            await self._ended.wait()
            self._thread.join()

    def request_key(self) -> None:
        """The receiving side cannot decode what follows (PLI); sound can always be decoded."""

    def estimate(self, bitrate_bps: int) -> None:
        """What the receiving side says it can take (REMB); sound takes too little to care."""

    @property
    @abstractmethod
    def statistics(self) -> StreamStatistics:
        """What was really sent."""

    @abstractmethod
    def _encode(self, item: T | None) -> Sequence[Encoded]:
        """Packets with their capture times; `item` is None after a nudge, or when `_encode_patience_s` passed."""

    def _encode_patience_s(self) -> float | None:
        return None

    def _drop(self, excess: int) -> None:
        """The loop stood still, and more packets are ready than are worth sending: drops the oldest."""
        for _ in range(excess):
            self._ready.popleft()

    def _arm(self) -> None:
        """A stream begins: its first packet is announced."""
        self._announce = True

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._encode_loop, name=f"encode-{self.kind}", daemon=True)
        self._thread.start()

    def _was_sent(self) -> None:
        if self._sent is None:
            return
        packet, self.sent_us = self._sent
        self._sent = None
        self.meter.add(packet.size)
        if self._announce:
            self._announce = False
            if self.on_first_sent is not None:
                self.on_first_sent()

    def _offer(self, packets: Sequence[Encoded]) -> None:
        self._ready.extend(packets)
        if len(self._ready) > _READY:
            self._drop(len(self._ready) - _READY)
        self._changed.set()

    def _encode_loop(self) -> None:
        while not self._mailbox.closed:
            item = self._mailbox.take(self._encode_patience_s())
            try:
                packets = self._encode(item)
            except Exception:  # a thread that ends here would end the stream without a word
                logger.exception("a piece of %s could not be encoded", self.kind)
                continue
            if packets:
                self._on_loop(self._offer, packets)
        self._on_loop(self._ended.set)

    def _on_loop(self, function: Callable[..., Any], *args: Any) -> None:
        if not self._runs_on.is_closed():
            self._runs_on.call_soon_threadsafe(function, *args)
