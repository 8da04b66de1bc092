"""onStatistics and onNetworkQuality, every two seconds while in a room."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

import psutil

from pybackend.core.frames import SAMPLE_RATE
from pybackend.core.quality import UNKNOWN, quality
from pybackend.core.tasks import Tasks
from pybackend.media import LinkStatistics, StreamStatistics

from .connections import Connections
from .remote import TYPE_OF

EVERY_S: Final = 2.0
_MB: Final = 1024 * 1024
_NOTHING: Final = LinkStatistics()
_NO_STREAM: Final = StreamStatistics()


class Statistics:
    """Measures one cloud's stay."""

    def __init__(
        self,
        emit: Callable[..., None],
        connections: Connections,
        users: Callable[[], Iterable[str]],
        signal_rtt_ms: Callable[[], float],
    ) -> None:
        self._emit = emit
        self._connections = connections
        self._users = users
        self._signal_rtt_ms = signal_rtt_ms
        self._tasks = Tasks("statistics")
        self._process = psutil.Process()

    def begin(self) -> None:
        """In the room."""
        self._process.cpu_percent()
        psutil.cpu_percent()
        self._tasks.spawn(self._run())

    def stop(self) -> None:
        """The room is being left."""
        self._tasks.stop()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            up = self._connections.uplink.statistics() if self._connections.uplink else _NOTHING
            down = self._connections.downlink.statistics() if self._connections.downlink else _NOTHING
            remote = [entry for user in self._users() for entry in self._remote(user, down)]
            rtt = up.rtt_ms or down.rtt_ms or self._signal_rtt_ms()
            self._emit("onNetworkQuality", *self._quality(up, rtt, remote))
            self._emit("onStatistics", self._statistics(up, down, rtt, remote))

    def _quality(
        self, up: LinkStatistics, rtt: float, remote: list[dict[str, Any]]
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        mine = {"userId": "", "quality": quality(100 * up.fraction_lost, rtt)}
        theirs = dict.fromkeys(self._users(), UNKNOWN)
        for entry in remote:
            loss = max(entry["audioPacketLoss"], entry["videoPacketLoss"])
            theirs[entry["userId"]] = max(theirs[entry["userId"]], quality(loss, rtt))
        return mine, [{"userId": user, "quality": grade} for user, grade in theirs.items()]

    def _remote(self, user: str, down: LinkStatistics) -> list[dict[str, Any]]:
        """TRTCRemoteStatistics, one per stream that is received."""
        audio, found = _NO_STREAM, []
        streams = {
            stream.kind: down.streams.get(mid, _NO_STREAM)
            for slots in (self._connections.audio_slots, self._connections.video_slots)
            for mid, stream in slots.items()
            if stream.user == user
        }
        audio = streams.pop("audio", audio)
        for kind, video in (streams or {"video": _NO_STREAM}).items():
            found.append(
                {
                    "userId": user,
                    "finalLoss": round(100 * max(audio.fraction_lost, video.fraction_lost)),
                    "width": video.width,
                    "height": video.height,
                    "frameRate": round(video.fps),
                    "videoBitrate": round(video.bitrate_kbps),
                    "audioSampleRate": SAMPLE_RATE if audio.packets else 0,
                    "audioBitrate": round(audio.bitrate_kbps),
                    "jitterBufferDelay": 0,
                    "audioTotalBlockTime": 0,
                    "audioBlockRate": 0,
                    "videoTotalBlockTime": 0,
                    "videoBlockRate": 0,
                    "streamType": int(TYPE_OF[kind]),
                    "audioPacketLoss": round(100 * audio.fraction_lost),
                    "videoPacketLoss": round(100 * video.fraction_lost),
                    "point2PointDelay": 0,
                    "remoteNetworkUplinkLoss": 0,
                    "remoteNetworkRTT": 0,
                }
            )
        return found

    def _statistics(
        self, up: LinkStatistics, down: LinkStatistics, rtt: float, remote: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """TRTCStatistics."""
        audio, video = up.streams.get("audio", _NO_STREAM), up.streams.get("video", _NO_STREAM)
        local = {
            "width": video.width,
            "height": video.height,
            "frameRate": round(video.fps),
            "videoBitrate": round(video.bitrate_kbps),
            "audioSampleRate": SAMPLE_RATE if audio.packets else 0,
            "audioBitrate": round(audio.bitrate_kbps),
            "streamType": 0,
        }
        memory = psutil.virtual_memory()
        return {
            "upLoss": round(100 * up.fraction_lost),
            "downLoss": round(100 * down.fraction_lost),
            "appCpu": round(self._process.cpu_percent() / (psutil.cpu_count() or 1)),
            "systemCpu": round(psutil.cpu_percent()),
            "rtt": round(rtt),
            "gatewayRtt": 0,
            "receivedBytes": up.received_bytes + down.received_bytes,
            "sentBytes": up.sent_bytes + down.sent_bytes,
            "localStatisticsArray": [local],
            "localStatisticsArraySize": 1,
            "remoteStatisticsArray": remote,
            "remoteStatisticsArraySize": len(remote),
            "appMemoryUsageInMB": round(self._process.memory_info().rss / _MB),
            "systemMemoryUsageInMB": round(memory.used / _MB),
            "systemMemoryInMB": round(memory.total / _MB),
        }
