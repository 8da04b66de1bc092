"""One TRTCCloud: its managers, and what an entrance and an exit mean for each of them."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from pybackend.core.frames import Picture, Sound
from pybackend.core.session import State
from pybackend.core.tasks import Tasks
from pybackend.devices import DeviceKind, Levels
from pybackend.media import Uplink, encode_png_data_url
from pybackend.signal import (
    MediaReset,
    MemberEntered,
    MemberLeft,
    MessageArrived,
    RoomLink,
    RoomNotice,
    StreamsChanged,
)
from pybackend.spec.enums_generated import TXLiteAVWarning as Warn

from .audio import LocalAudio
from .choice import DeviceChoice
from .connections import NOTHING, Connections, Needs, Publishing
from .context import Context
from .entry import BadEntry, entry
from .messages import Messages
from .remote import MEDIA_OF, RemoteUsers
from .role import Role
from .session import Entry, RoomSession
from .slots import Stream
from .speaker import Speaker
from .statistics import Statistics
from .video import LocalVideo
from .volume import VolumeMeter

logger: Final = logging.getLogger(__name__)

SNAPSHOT_S: Final = 2.0
"""How long a snapshot waits for a picture."""

MakeLink = Callable[[dict[str, Any], Callable[[RoomNotice], None]], RoomLink]


class Cloud:
    """The managers of one instance. It decides nothing itself: it passes on."""

    def __init__(self, context: Context, levels: Levels, make_link: MakeLink) -> None:
        self.context = context
        self.levels = levels
        self.emit = context.emit
        self.destroyed = False
        self.said: set[str] = set()
        """Methods that are called for every frame and not built yet, as far as it was said since the room was entered."""
        self._tasks = Tasks("cloud")
        self._snapshots = Tasks("snapshots")
        self.choice = DeviceChoice(context.catalog, self._device_chosen)
        self.video = LocalVideo(context, self.choice.current_id, self._local_changed)
        self.audio = LocalAudio(context, levels, self.choice.current_id, self._local_changed)
        self.speaker = Speaker(context, levels, self.choice.current_id)
        self.remote = RemoteUsers(context, self._remote_changed)
        self.messages = Messages(context.emit)
        self.session = RoomSession(context.emit, self, make_link)
        self.role = Role(context.emit, self.session, self._local_changed)
        self.volume = VolumeMeter(context.emit, self._local_level, self._remote_levels)
        self.connections = Connections(
            context.media,
            Needs(
                self._publishing,
                self.remote.wanted_audio,
                self.remote.wanted_video,
                self.remote.picture,
                self._heard,
                self._uplink_changed,
                self._first_sent,
            ),
        )
        self.statistics = Statistics(
            context.emit, self.connections, lambda: list(self.remote.users()), self._signal_rtt_ms
        )

    # -- calls that concern several managers -------------------------------------------------------------------------

    def enter(self, params: dict[str, Any] | None, scene: float) -> None:
        """enterRoom."""
        self.said.clear()
        try:
            self.session.enter(entry(params, scene))
        except BadEntry as bad:
            self.session.say_enter_failed(bad.code, bad.text)

    def exit(self) -> None:
        """exitRoom."""
        self.session.exit()

    def destroy(self) -> None:
        """Leaves the room and closes every device; until it is revived, it answers no calls."""
        self.destroyed = True
        self.said.clear()
        self.volume.stop()
        self.session.exit(silent=True)

    def set_level(self, kind: DeviceKind, **change: Any) -> None:
        """Volume (0 to 100) or mute of the current device."""
        if "volume" in change:
            change["volume"] = int(change["volume"])
        self._tasks.spawn(self.levels.set(kind, self.choice.current_id(kind), **change))

    def snapshot(self, user: str, stream: float) -> None:
        """snapshotVideo."""
        self._snapshots.spawn(self._snapshot(user, int(stream) if stream in MEDIA_OF else 0))

    async def _snapshot(self, user: str, stream: int) -> None:
        """Answered in any case; at once, when the room is left meanwhile."""
        answer: tuple[Any, ...] = ("", 0, 0)
        try:
            async with asyncio.timeout(SNAPSHOT_S):
                while (picture := self._latest(user, stream)) is None:
                    await asyncio.sleep(0.02)
            answer = (await asyncio.to_thread(encode_png_data_url, picture), picture.width, picture.height)
        except TimeoutError:
            logger.info("there is no picture of %s to take a snapshot of", user or "the camera")
        finally:
            detail = {} if answer[0] else {"failure": "no-picture"}
            self.emit("onSnapshotComplete", user, stream, *answer, detail=detail)

    def _latest(self, user: str, stream: int) -> Picture | None:
        return self.remote.latest(user, stream) if user else self.video.preview.latest

    # -- what the managers tell each other ---------------------------------------------------------------------------

    def _publishing(self) -> Publishing:
        if not self.role.may_publish:
            return NOTHING
        return Publishing(
            self.video.format if self.video.sending else None,
            self.audio.format if self.audio.capturing else None,
            self.audio.muted,
        )

    def _local_changed(self) -> None:
        if self.session.state is State.IN and not self.role.may_publish and (self.video.sending or self.audio.sending):
            self.emit(
                "onWarning",
                int(Warn.WARNING_IGNORE_UPSTREAM_FOR_AUDIENCE),
                "audience: what is captured is not sent",
                {},
            )
        self.connections.update()

    def _remote_changed(self) -> None:
        if self.room_link is not None and self.remote.wanted_audio():
            self.speaker.need()
        self.connections.update()

    def _uplink_changed(self, uplink: Uplink | None) -> None:
        self.video.preview.sink = uplink.push_picture if uplink is not None else None
        self.audio.sink = uplink.push_sound if uplink is not None else None

    def _first_sent(self, medium: str) -> None:
        if medium == "video":
            self.emit("onSendFirstLocalVideoFrame", 0)
        else:
            self.emit("onSendFirstLocalAudioFrame")

    def _heard(self, stream: Stream, sound: Sound) -> None:
        if self.remote.sound(stream):
            self.speaker.hear(stream.user, sound)

    def _local_level(self) -> int | None:
        return (0 if self.audio.muted else self.audio.level) if self.audio.capturing else None

    def _remote_levels(self) -> dict[str, int]:
        levels = self.speaker.mixer.levels()
        return {user: levels[user] for user in self.remote.users() if user in levels}

    @property
    def room_link(self) -> RoomLink | None:
        """The way to the room service, while in a room; it may be broken at the moment."""
        return self.session.link if self.session.state in (State.IN, State.RECONNECTING) else None

    def _signal_rtt_ms(self) -> float:
        return self.session.link.rtt_ms if self.session.link is not None else 0.0

    def _device_chosen(self, kind: DeviceKind) -> None:
        users: dict[DeviceKind, Callable[[], None]] = {
            DeviceKind.CAMERA: self.video.renew,
            DeviceKind.MIC: self.audio.renew,
            DeviceKind.SPEAKER: self.speaker.renew,
        }
        users[kind]()

    def device_gone(self, kind: DeviceKind) -> None:
        """A device was unplugged or plugged in: whoever used it takes the one that is current now."""
        self._device_chosen(kind)

    # -- `session.Parts` ---------------------------------------------------------------------------------------------

    def stop_intake(self) -> None:
        self._snapshots.stop()
        self.connections.stop_intake()
        self.statistics.stop()
        self.video.hold()
        self.audio.hold()
        self.speaker.hold()

    async def close_media(self) -> bool:
        return await self.connections.end()

    async def close_devices(self) -> bool:
        return await self.context.registry.close_owner(self.context.owner)

    def entered(self, link: RoomLink, entry: Entry) -> None:
        self.role.entered(entry)
        self.connections.begin(link)
        self.statistics.begin()
        self._local_changed()

    def recovered(self, *, media_kept: bool) -> None:
        if media_kept:
            self.connections.update()
        else:
            self.connections.renew()

    def notice(self, notice: RoomNotice) -> None:
        match notice:
            case MemberEntered():
                self.remote.entered(notice.member)
            case MemberLeft():
                self.speaker.mixer.drop_user(notice.member.user)
                self.remote.left(notice.member, notice.reason)
            case StreamsChanged():
                self.remote.streams_changed(notice.member)
            case MessageArrived():
                self.messages.arrived(notice)
            case MediaReset():
                self.connections.renew()

    def left(self) -> None:
        self.messages.reset()
        self.remote.reset()
        self.video.resume()
        self.audio.resume()
        self.speaker.resume()

    # -- for diagnostics ---------------------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """As `diagnostics` shows it."""
        room = self.session.entry.room if self.session.entry is not None else None
        return {"id": self.context.cloud, "state": str(self.session.state), "room": room}

    async def close(self) -> None:
        """The backend ends."""
        await self.session.close()
        for tasks in (self._tasks, self._snapshots):
            await tasks.cancel()
        audio, video = self.audio, self.video
        for device in (video.preview.device, video.test.device, audio.mic, audio.test_mic, self.speaker.device):
            await device.close()
