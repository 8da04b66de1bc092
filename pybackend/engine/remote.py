"""The other members: who is there, what they send, what of it is wanted here, and what has arrived."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pybackend.core.frames import Picture
from pybackend.spec.enums_generated import TRTCRoleType
from pybackend.spec.enums_generated import TRTCVideoStreamType as StreamType
from pybackend.spec.exit import LeaveReason
from pybackend.spec.protocol import Member, Streams

from .context import Context
from .slots import Stream

AUTO_VIDEO_S: Final = 6.0
"""How long video flows by itself (setDefaultStreamRecvMode) without anybody asking to see it."""

MEDIA_OF: Final[dict[int, str]] = {
    StreamType.TRTCVideoStreamTypeBig: "video",
    StreamType.TRTCVideoStreamTypeSmall: "video",
    StreamType.TRTCVideoStreamTypeSub: "sub",
}
"""Where a stream type comes from. Nobody sends a small stream yet; who asks for it gets the big one."""

TYPE_OF: Final = {"video": StreamType.TRTCVideoStreamTypeBig, "sub": StreamType.TRTCVideoStreamTypeSub}

_EVENTS: Final = {"video": "onUserVideoAvailable", "audio": "onUserAudioAvailable", "sub": "onUserSubStreamAvailable"}


@dataclass(slots=True)
class View:
    """startRemoteView: a stream somebody wants to see. `shown`: its pictures are for viewers too."""

    shown: bool
    announced: bool = False


@dataclass(slots=True)
class Wishes:
    """What this application wants of one user; kept while the user is not there, forgotten when the room is left."""

    views: dict[str, View] = field(default_factory=dict)
    muted_video: set[str] = field(default_factory=set)
    audio: bool | None = None
    """None: as setDefaultStreamRecvMode says."""


@dataclass(slots=True)
class Remote:
    """A member that is there."""

    session: str
    role: int
    streams: Streams = field(default_factory=Streams)
    auto_video: bool = False
    heard: bool = False
    pictures: dict[str, Picture] = field(default_factory=dict)


class RemoteUsers:
    """Everybody else in the room. `changed` is called whenever `wanted_…` may have changed."""

    def __init__(self, context: Context, changed: Callable[[], None]) -> None:
        self._context = context
        self._changed = changed
        self._wishes: dict[str, Wishes] = {}
        self._present: dict[str, Remote] = {}
        self._all_audio_muted = False
        self._all_video_muted = False
        self.auto_audio = True
        self.auto_video = True

    # -- what the room service tells ---------------------------------------------------------------------------------

    def entered(self, member: Member) -> None:
        """onRemoteUserEnterRoom."""
        self._present[member.user] = Remote(member.session, member.role)
        self._context.emit("onRemoteUserEnterRoom", member.user)
        if member.role == TRTCRoleType.TRTCRoleAnchor:
            self._context.emit("onUserEnter", member.user)

    def left(self, member: Member, reason: LeaveReason) -> None:
        """onRemoteUserLeaveRoom, after what the user sent has become unavailable."""
        remote = self._present.get(member.user)
        if remote is None:
            return
        self._set_streams(member.user, remote, Streams())
        del self._present[member.user]
        self._wishes.pop(member.user, None)
        self._context.emit("onRemoteUserLeaveRoom", member.user, int(reason))
        if remote.role == TRTCRoleType.TRTCRoleAnchor:
            self._context.emit("onUserExit", member.user, int(reason))
        self._changed()

    def streams_changed(self, member: Member) -> None:
        """onUserVideoAvailable and its like."""
        if (remote := self._present.get(member.user)) is not None:
            self._set_streams(member.user, remote, member.streams)
            self._changed()

    def _set_streams(self, user: str, remote: Remote, streams: Streams) -> None:
        before, remote.streams = remote.streams, streams
        for media in ("video", "audio", "sub"):
            available = getattr(streams, media)
            if available == getattr(before, media):
                continue
            if media == "audio":
                remote.heard = False
            else:
                self._video_changed(user, remote, media, available)
            self._context.emit(_EVENTS[media], user, int(available))

    def _video_changed(self, user: str, remote: Remote, media: str, available: bool) -> None:
        if (view := self._wishes_of(user).views.get(media)) is not None:
            view.announced = False
        if not available:
            remote.pictures.pop(media, None)
            self._context.hub.drop(self._key(user, media))
        elif media == "video" and self.auto_video:
            remote.auto_video = True
            self._context.loop.call_later(AUTO_VIDEO_S, self._auto_over, user, remote.session)

    def _auto_over(self, user: str, session: str) -> None:
        remote = self._present.get(user)
        if remote is not None and remote.session == session and remote.auto_video:
            remote.auto_video = False
            self._changed()

    # -- what the application asks -----------------------------------------------------------------------------------

    def _wishes_of(self, user: str) -> Wishes:
        return self._wishes.setdefault(user, Wishes())

    def start_view(self, user: str, view: bool | None, stream: int | None) -> None:
        """startRemoteView; before the user is there, too."""
        media = MEDIA_OF.get(stream or 0, "video")
        views = self._wishes_of(user).views
        if media in views:
            self.show(user, view, stream)
        else:
            views[media] = View(bool(view))
        self._changed()

    def show(self, user: str, view: bool | None, stream: int | None) -> None:
        """updateRemoteView: whether the pictures are for viewers."""
        media = MEDIA_OF.get(stream or 0, "video")
        known = self._wishes_of(user).views.get(media)
        if known is not None:
            known.shown = bool(view)
            if not known.shown:
                self._context.hub.drop(self._key(user, media))

    def stop_view(self, user: str, stream: int | None) -> None:
        """stopRemoteView."""
        media = MEDIA_OF.get(stream or 0, "video")
        if user in self._wishes and self._wishes[user].views.pop(media, None) is not None:
            self._no_more(user, media)
            self._changed()

    def stop_all_views(self) -> None:
        """stopAllRemoteView."""
        for user, wishes in self._wishes.items():
            for media in list(wishes.views):
                del wishes.views[media]
                self._no_more(user, media)
        self._changed()

    def _no_more(self, user: str, media: str) -> None:
        if (remote := self._present.get(user)) is not None:
            remote.auto_video = False
            remote.pictures.pop(media, None)
        self._context.hub.drop(self._key(user, media))

    def mute_video(self, user: str, muted: bool, stream: int | None) -> None:
        """muteRemoteVideoStream: the last picture stays, no more arrive."""
        media = MEDIA_OF.get(stream or 0, "video")
        (set.add if muted else set.discard)(self._wishes_of(user).muted_video, media)
        self._changed()

    def mute_all_video(self, muted: bool) -> None:
        """muteAllRemoteVideoStreams, for those who come later as well."""
        self._all_video_muted = muted
        for wishes in self._wishes.values():
            wishes.muted_video.clear()
        self._changed()

    def mute_audio(self, user: str, muted: bool) -> None:
        """muteRemoteAudio; with `muted` false it also asks for sound that does not come by itself."""
        self._wishes_of(user).audio = not muted
        self._changed()

    def mute_all_audio(self, muted: bool) -> None:
        """muteAllRemoteAudio, for those who come later as well."""
        self._all_audio_muted = muted
        for wishes in self._wishes.values():
            wishes.audio = None
        self._changed()

    # -- what follows from both --------------------------------------------------------------------------------------

    def _wants_audio(self, user: str) -> bool:
        wish = self._wishes[user].audio if user in self._wishes else None
        return wish if wish is not None else self.auto_audio and not self._all_audio_muted

    def _wants_video(self, user: str, remote: Remote, media: str) -> bool:
        wishes = self._wishes.get(user, Wishes())
        if media in wishes.muted_video or self._all_video_muted:
            return False
        return media in wishes.views or (media == "video" and remote.auto_video)

    def wanted_audio(self) -> list[Stream]:
        """The sound that should arrive."""
        return [
            Stream(user, remote.session, "audio")
            for user, remote in self._present.items()
            if remote.streams.audio and self._wants_audio(user)
        ]

    def wanted_video(self) -> list[Stream]:
        """The pictures that should arrive."""
        return [
            Stream(user, remote.session, media)
            for user, remote in self._present.items()
            for media in TYPE_OF
            if getattr(remote.streams, media) and self._wants_video(user, remote, media)
        ]

    def users(self) -> Iterator[str]:
        """Who is there."""
        return iter(self._present)

    # -- what arrives ------------------------------------------------------------------------------------------------

    def _key(self, user: str, media: str) -> tuple[int, str, int]:
        return self._context.cloud, user, TYPE_OF[media]

    def picture(self, stream: Stream, picture: Picture) -> None:
        """A decoded picture."""
        remote = self._present.get(stream.user)
        if remote is None or remote.session != stream.session or not getattr(remote.streams, stream.kind):
            return
        remote.pictures[stream.kind] = picture
        view = self._wishes[stream.user].views.get(stream.kind) if stream.user in self._wishes else None
        if view is None:
            return
        if view.shown:
            self._context.hub.publish(self._key(stream.user, stream.kind), picture)
        if not view.announced:
            view.announced = True
            self._context.emit(
                "onFirstVideoFrame", stream.user, int(TYPE_OF[stream.kind]), picture.width, picture.height
            )

    def sound(self, stream: Stream) -> bool:
        """A piece of sound came; whether it is to be played."""
        remote = self._present.get(stream.user)
        if remote is None or remote.session != stream.session or not remote.streams.audio:
            return False
        if not remote.heard:
            remote.heard = True
            self._context.emit("onFirstAudioFrame", stream.user)
        return True

    def latest(self, user: str, stream: int) -> Picture | None:
        """The last picture of a stream."""
        remote = self._present.get(user)
        return remote.pictures.get(MEDIA_OF.get(stream, "video")) if remote is not None else None

    def reset(self) -> None:
        """The room is left: nobody is there, nothing is asked for."""
        for user, remote in self._present.items():
            for media in remote.pictures:
                self._context.hub.drop(self._key(user, media))
        self._present.clear()
        self._wishes.clear()
        self._all_audio_muted = self._all_video_muted = False
