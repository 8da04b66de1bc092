"""The one connection that receives: fixed slots, behind each of which the SFU may switch from one sender to another."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

from aiortc import MediaStreamTrack, RTCRtpTransceiver
from aiortc.mediastreams import MediaStreamError

from pybackend.core.frames import SAMPLE_RATE, Picture, Sound

from . import seams
from .audio_encoder import in_channels
from .formats import LinkState, MediaConfig
from .link import Link, prefer
from .repair import REPAIR_EVERY_S, Repair
from .scaling import picture_of
from .statistics import LinkStatistics, Meter, StreamStatistics
from .timeline import Timeline
from .video_encoder import VIDEO_CLOCK

logger = logging.getLogger(__name__)


class Downlink(Link):
    """Lives on one loop; `on_picture` and `on_sound` are called there, with the mid of the slot.

    Slots are only ever added. Every one is drained all the time, whether or not anybody wants what it carries: a track that
    nobody reads grows by 14 MB/s.

    Lip sync: a picture is handed on as soon as it is whole and decoded, sound as soon as it arrived. The playout holds sound back
    for its 40 to 60 ms, which is about what the longer way of a picture through its encoder takes.
    """

    def __init__(
        self,
        config: MediaConfig,
        *,
        on_state: Callable[[LinkState], None],
        on_picture: Callable[[str, Picture], None],
        on_sound: Callable[[str, Sound], None],
    ) -> None:
        super().__init__(config, on_state)
        self._on_picture = on_picture
        self._on_sound = on_sound
        self._slots: list[Slot] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._pc.on("track", self._drain)

    async def offer(self, audio_slots: int, video_slots: int) -> str:
        """The SDP for so many slots; those of earlier offers stay. More of them renew the offer of the same connection."""
        for kind, wanted in (("audio", audio_slots), ("video", video_slots)):
            for _ in range(wanted - len(self._of(kind))):
                transceiver = self._pc.addTransceiver(kind, "recvonly")
                prefer(transceiver)
                self._slots.append(_SLOTS[kind](transceiver, self._on_sound if kind == "audio" else self._on_picture))
        if not self._tasks:
            self._own(self._repair())
        return await self._offer()

    def slots(self, kind: str) -> list[str]:
        """The mids of the slots for "audio" or "video", in the order in which they were added. After the offer."""
        return [slot.mid for slot in self._of(kind)]

    def statistics(self) -> LinkStatistics:
        """`streams` by mid."""
        streams = {slot.mid: slot.statistics() for slot in self._slots}
        worst = max((stream.fraction_lost for stream in streams.values()), default=0.0)
        return self._transport(fraction_lost=worst, streams=streams)

    def stream(self, mid: str) -> StreamStatistics:
        """What one slot receives."""
        return next(slot.statistics() for slot in self._slots if slot.mid == mid)

    def _of(self, kind: str) -> "list[Slot]":
        return [slot for slot in self._slots if slot.kind == kind]

    def _own(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _drain(self, track: MediaStreamTrack) -> None:
        slot = next(slot for slot in self._slots if slot.track is track)
        self._own(slot.drain())

    async def _repair(self) -> None:
        while True:
            await asyncio.sleep(REPAIR_EVERY_S)
            now = asyncio.get_running_loop().time()
            for slot in self._slots:
                if slot.repair is not None:
                    await slot.repair.tick(now)

    async def _release(self) -> None:
        for slot in self._slots:
            slot.stop()
        for task in (tasks := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Slot(ABC):
    """One m-line of a downlink."""

    kind: str
    clock_rate: int

    def __init__(self, transceiver: RTCRtpTransceiver, deliver: Callable[[str, Any], None]) -> None:
        self._transceiver = transceiver
        self._deliver = deliver
        self._reception = seams.Reception(transceiver.receiver, self.kind)
        self._timeline = Timeline(self.clock_rate)
        self._frames = Meter()
        pictures = self._reception.pictures
        self.repair = Repair(pictures, self._reception) if pictures is not None else None

    @property
    def mid(self) -> str:
        """The SDP's name of the m-line; known after the offer."""
        return str(self._transceiver.mid)

    @property
    def track(self) -> MediaStreamTrack | None:
        """aiortc's; there after the answer."""
        return self._transceiver.receiver.track

    async def drain(self) -> None:
        """Hands on what is received until the track ends. What the receiver of a frame raises is logged, and ends nothing."""
        assert self.track is not None
        while True:
            try:
                frame = await self.track.recv()
            except MediaStreamError:
                return
            self._frames.add(0)
            try:
                self._deliver(self.mid, self._convert(frame, self._timeline.map(frame.pts or 0)))
            except Exception:
                logger.exception("what slot %s received was not wanted", self.mid)

    def stop(self) -> None:
        """Ends the decoder and the track."""
        self._reception.stop()
        if self.track is not None:
            self.track.stop()

    def statistics(self) -> StreamStatistics:
        """Sizes and rates of what arrived."""
        packets, meter = self._reception.packets, self._reception.meter
        width, height = self._size()
        return StreamStatistics(
            width,
            height,
            fps=self._frames.rates()[0],
            bitrate_kbps=meter.rates()[1] * 8 / 1000,
            frames=self._frames.count,
            packets=packets.received,
            bytes=meter.total,
            lost=packets.lost,
            fraction_lost=self._reception.fraction_lost(),
        )

    def _size(self) -> tuple[int, int]:
        return 0, 0

    @abstractmethod
    def _convert(self, frame: Any, time_us: int) -> Any:
        """A decoded frame as what the callback takes."""


class SoundSlot(Slot):
    """Opus, as mono."""

    kind = "audio"
    clock_rate = SAMPLE_RATE

    def _convert(self, frame: Any, time_us: int) -> Sound:
        rows = in_channels(memoryview(frame.planes[0])[: frame.samples * 4], 2, 1)
        return Sound(rows, 1, time_us)


class PictureSlot(Slot):
    """VP8 or H.264. A copy of a picture takes 0.03 ms at 640×360, so it is made on the loop."""

    kind = "video"
    clock_rate = VIDEO_CLOCK
    _last: Picture | None = None

    def _convert(self, frame: Any, time_us: int) -> Picture:
        self._last = picture_of(frame, time_us, self._frames.count)
        return self._last

    def _size(self) -> tuple[int, int]:
        return (self._last.width, self._last.height) if self._last is not None else (0, 0)


_SLOTS: Final[dict[str, type[Slot]]] = {"audio": SoundSlot, "video": PictureSlot}
