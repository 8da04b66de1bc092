"""The one connection that publishes."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, cast

from pybackend.core.frames import Picture, Sound

from . import seams
from .audio_track import AudioTrack
from .formats import AudioFormat, LinkState, MediaConfig, VideoCodec, VideoFormat
from .link import Link, prefer
from .sending import SendingTrack
from .statistics import LinkStatistics
from .video_track import VideoTrack

AUDIO: Final = "audio"
VIDEO: Final = "video"


class Uplink(Link):
    """Fixed m-lines, all sendonly: audio, then one per name in `video` ("video"; where needed also "small" and "sub").

    Made, configured and closed on the loop; `push_picture` and `push_sound` come from any thread. `on_first_video` (with the
    stream's name) and `on_first_audio` are called on the loop, once each time that a format was set in place of None, when
    the first frame was really sent.
    """

    def __init__(
        self, config: MediaConfig, *, on_state: Callable[[LinkState], None], video: Sequence[str] = (VIDEO,)
    ) -> None:
        super().__init__(config, on_state)
        self.on_first_video: Callable[[str], None] | None = None
        self.on_first_audio: Callable[[], None] | None = None
        self._audio = AudioTrack()
        self._audio.on_first_sent = self._first_audio
        self._video = {name: VideoTrack() for name in video}
        self._codecs: dict[str, VideoCodec] = {}
        self._tracks: dict[str, SendingTrack[Any]] = {AUDIO: self._audio, **self._video}
        self._transceivers = {name: self._pc.addTransceiver(track, "sendonly") for name, track in self._tracks.items()}
        self._feedback = {name: self._listen(name) for name in self._tracks}
        for name, video_track in self._video.items():
            video_track.on_first_sent = partial(self._first_video, name)

    async def offer(self) -> tuple[str, dict[str, str]]:
        """The SDP, and what each mid carries. The codecs of the formats set so far come first."""
        for name, transceiver in self._transceivers.items():
            prefer(transceiver, self._codecs.get(name, ""))
        sdp = await self._offer()
        return sdp, {str(transceiver.mid): name for name, transceiver in self._transceivers.items()}

    async def accept(self, answer: str) -> None:
        """See `Link`. From here on the codecs are settled."""
        await super().accept(answer)
        for name, track in self._video.items():
            track.codec = cast("VideoCodec", seams.negotiated_codec(self._transceivers[name]))

    def push_picture(self, picture: Picture, stream: str = VIDEO) -> None:
        """Latest wins; thinned out to the format's rate, turned upright, cropped at the centre, scaled."""
        self._video[stream].push(picture)

    def push_sound(self, sound: Sound) -> None:
        """Any length and number of channels; 10 pieces wait at most, the oldest is dropped."""
        self._audio.push(sound)

    def set_video(self, video: VideoFormat | None, stream: str = VIDEO) -> None:
        """None sends nothing. Size, rate and bit rate are obeyed from the next picture on, the codec at the next offer."""
        if video is not None:
            self._codecs[stream] = video.codec
        self._video[stream].set_format(video)

    def set_audio(self, audio: AudioFormat | None) -> None:
        """None sends nothing."""
        self._audio.set_format(audio)

    def mute_audio(self, muted: bool) -> None:
        """Sends silence in place of what is pushed."""
        self._audio.muted = muted

    def statistics(self) -> LinkStatistics:
        """`streams` by name."""
        streams = {name: self._feedback[name].complete(track.statistics) for name, track in self._tracks.items()}
        heard = list(self._feedback.values())
        return self._transport(
            rtt_ms=next((feedback.rtt_ms for feedback in heard if feedback.rtt_ms is not None), None),
            fraction_lost=max(feedback.fraction_lost for feedback in heard),
            streams=streams,
        )

    def _listen(self, name: str) -> seams.SenderFeedback:
        track = self._tracks[name]
        sender = self._transceivers[name].sender
        return seams.SenderFeedback(sender, track, on_key=track.request_key, on_estimate=track.estimate)

    def _first_audio(self) -> None:
        if self.on_first_audio is not None:
            self.on_first_audio()

    def _first_video(self, stream: str) -> None:
        if self.on_first_video is not None:
            self.on_first_video(stream)

    async def _release(self) -> None:
        for track in self._tracks.values():
            track.stop()
        await asyncio.gather(*(track.ended() for track in self._tracks.values()))
