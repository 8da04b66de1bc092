"""The two peer connections of a stay: made when there is something to send or to receive, made anew when they fail.

One worker brings them to what is wanted, one step at a time: an uplink while there is something to publish, a downlink
while in the room, slots for what is wanted of others. Whatever changes meanwhile is seen by the next step.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pybackend.core.frames import Picture, Sound
from pybackend.core.jsonrpc import RemoteError
from pybackend.core.tasks import Tasks
from pybackend.media import AudioFormat, Downlink, LinkState, MediaConfig, Uplink, VideoFormat
from pybackend.signal import LinkDown, RoomLink
from pybackend.spec.protocol import Ask

from .slots import Slots, Stream

logger: Final = logging.getLogger(__name__)

FIRST_SLOTS: Final = 4
RETRY_S: Final = 1.0
MEDIA_CLOSE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Publishing:
    """What should be sent now. None: not even silence."""

    video: VideoFormat | None
    audio: AudioFormat | None
    muted: bool

    @property
    def anything(self) -> bool:
        """Whether an uplink is needed."""
        return self.video is not None or self.audio is not None

    def streams(self) -> dict[str, bool]:
        """What the others are told."""
        return {"audio": self.audio is not None and not self.muted, "video": self.video is not None, "sub": False}


NOTHING: Final = Publishing(None, None, muted=False)

_EXPECTED: Final = (LinkDown, RemoteError)


@dataclass(frozen=True, slots=True)
class Needs:
    """Where the worker learns what is wanted, and to whom it gives what arrives."""

    publishing: Callable[[], Publishing]
    audio: Callable[[], list[Stream]]
    video: Callable[[], list[Stream]]
    picture: Callable[[Stream, Picture], None]
    sound: Callable[[Stream, Sound], None]
    uplink_changed: Callable[[Uplink | None], None]
    first_sent: Callable[[str], None]
    """Called with `audio` or `video`, once per stay each."""


class Connections:
    """The media of one stay at a time."""

    def __init__(self, config: MediaConfig, needs: Needs) -> None:
        self._config = config
        self._needs = needs
        self._tasks = Tasks("peer connections")
        self._closing = Tasks("closing peer connections")
        self._changed = asyncio.Event()
        self._link: RoomLink | None = None
        self._told: dict[str, bool] = {}
        self._first: set[str] = set()
        self._unsaid: dict[str, Stream | None] = {}
        self.audio_slots = Slots()
        self.video_slots = Slots()
        self.uplink: Uplink | None = None
        self.downlink: Downlink | None = None

    # -- one stay ----------------------------------------------------------------------------------------------------

    def begin(self, link: RoomLink) -> None:
        """In the room: starts following what is wanted."""
        self._link = link
        self._told, self._first = {}, set()
        self._changed.set()
        self._tasks.spawn(self._work(link))

    def update(self) -> None:
        """Something of `Needs` changed."""
        if self._link is not None and self.uplink is not None:
            self._apply(self.uplink)
        self._changed.set()

    def renew(self) -> None:
        """The connections are gone at the other end: makes new ones."""
        self._discard()
        self._told = {}
        self._changed.set()

    def stop_intake(self) -> None:
        """Sends and takes nothing from now on."""
        self._link = None
        self._tasks.stop()
        self._needs.uplink_changed(None)

    async def end(self) -> bool:
        """The stay is over. True when everything is really closed."""
        self.stop_intake()
        await self._tasks.cancel()
        uplink, downlink = self.uplink, self.downlink
        self._forget()
        closed = await asyncio.gather(*(link.close(MEDIA_CLOSE_S) for link in (uplink, downlink) if link is not None))
        await self._closing.finished()
        return all(closed)

    def _forget(self) -> None:
        self.uplink = None
        self._drop_downlink()

    def _discard(self) -> None:
        for link in (self.uplink, self.downlink):
            if link is not None:
                self._closing.spawn(link.close(MEDIA_CLOSE_S))
        self._needs.uplink_changed(None)
        self._forget()

    # -- the worker --------------------------------------------------------------------------------------------------

    async def _work(self, link: RoomLink) -> None:
        while True:
            with_rest = self._rest_s()
            try:
                async with asyncio.timeout(with_rest):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            results = await asyncio.gather(self._send(link), self._receive(link), return_exceptions=True)
            failures = [result for result in results if isinstance(result, Exception)]
            for failure in failures:
                logger.warning("media: %s", failure, exc_info=None if isinstance(failure, _EXPECTED) else failure)
            if failures:
                await asyncio.sleep(RETRY_S)
                self._changed.set()

    def _rest_s(self) -> float | None:
        rests = [slots.rest_s for slots in (self.audio_slots, self.video_slots)]
        return min((rest for rest in rests if rest is not None), default=None)

    async def _send(self, link: RoomLink) -> None:
        publishing = self._needs.publishing()
        if publishing.anything and self.uplink is None:
            self.uplink = await self._open_uplink(link)
            self._apply(self.uplink)
            self._needs.uplink_changed(self.uplink)
        if (streams := publishing.streams()) != self._told:
            await link.ask(Ask.STREAMS, streams)
            self._told = streams

    async def _open_uplink(self, link: RoomLink) -> Uplink:
        uplink = Uplink(self._config, on_state=self._uplink_state)
        uplink.on_first_video = self._sent_first
        uplink.on_first_audio = lambda: self._sent_first("audio")
        self._apply(uplink)
        try:
            sdp, tracks = await uplink.offer()
            answer = await link.ask(Ask.PUBLISH, {"sdp": sdp, "tracks": tracks})
            await uplink.accept(answer["sdp"])
        except BaseException:
            self._closing.spawn(uplink.close(MEDIA_CLOSE_S))
            raise
        return uplink

    def _apply(self, uplink: Uplink) -> None:
        publishing = self._needs.publishing()
        uplink.set_video(publishing.video)
        uplink.set_audio(publishing.audio)
        uplink.mute_audio(publishing.muted)

    def _sent_first(self, medium: str) -> None:
        if medium not in self._first:
            self._first.add(medium)
            self._needs.first_sent(medium)

    async def _receive(self, link: RoomLink) -> None:
        audio, video = self._needs.audio(), self._needs.video()
        await self._provide(link, len(audio), len(video))
        self._unsaid |= self.audio_slots.assign(audio) | self.video_slots.assign(video)
        if changes := dict(self._unsaid):
            await link.ask(Ask.ASSIGN, {"slots": {mid: _as_json(stream) for mid, stream in changes.items()}})
            self._unsaid.clear()

    async def _provide(self, link: RoomLink, audio: int, video: int) -> None:
        """Sees to it that there are slots enough."""
        counts = max(FIRST_SLOTS, self.audio_slots.short(audio)), max(FIRST_SLOTS, self.video_slots.short(video))
        if counts == (len(self.audio_slots), len(self.video_slots)):
            return
        downlink = self.downlink or Downlink(
            self._config, on_state=self._downlink_state, on_picture=self._picture, on_sound=self._sound
        )
        try:
            answer = await link.ask(Ask.SUBSCRIBE, {"sdp": await downlink.offer(*counts)})
            await downlink.accept(answer["sdp"])
        except BaseException:
            self._drop_downlink()
            self._closing.spawn(downlink.close(MEDIA_CLOSE_S))
            raise
        self.downlink = downlink
        self.audio_slots.set_mids(downlink.slots("audio"))
        self.video_slots.set_mids(downlink.slots("video"))

    def _drop_downlink(self) -> None:
        self.downlink = None
        self.audio_slots, self.video_slots = Slots(), Slots()
        self._unsaid.clear()

    def _uplink_state(self, state: LinkState) -> None:
        if state is LinkState.FAILED and self._link is not None and self.uplink is not None:
            logger.warning("the uplink failed and is made anew")
            failed, self.uplink = self.uplink, None
            self._needs.uplink_changed(None)
            self._closing.spawn(failed.close(MEDIA_CLOSE_S))
            self._changed.set()

    def _downlink_state(self, state: LinkState) -> None:
        if state is LinkState.FAILED and self._link is not None and self.downlink is not None:
            logger.warning("the downlink failed and is made anew")
            failed = self.downlink
            self._drop_downlink()
            self._closing.spawn(failed.close(MEDIA_CLOSE_S))
            self._changed.set()

    def _picture(self, mid: str, picture: Picture) -> None:
        stream = self.video_slots.carried(mid)
        if stream is not None and self._link is not None:
            self._needs.picture(stream, picture)

    def _sound(self, mid: str, sound: Sound) -> None:
        stream = self.audio_slots.carried(mid)
        if stream is not None and self._link is not None:
            self._needs.sound(stream, sound)


def _as_json(stream: Stream | None) -> dict[str, Any] | None:
    return None if stream is None else {"user": stream.user, "stream": stream.kind}
