"""Every place where aiortc 1.16 and aioice are held by names that they do not promise. `broken` finds out when they change.

All of it is done to one connection's own objects, except the consent interval, which aioice keeps per process.
"""

import asyncio
import logging
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

import aioice.ice
from aiortc import InvalidStateError, RTCPeerConnection, RTCRtpTransceiver
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpreceiver import NackGenerator
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)

from pybackend.core.clock import now_us

from .reassembly import Packet, PictureReassembly, SoundReassembly
from .statistics import Meter, StreamStatistics

logger: Final = logging.getLogger(__name__)

_NTP_EPOCH_S: Final = 2_208_988_800
_CANCEL_AGAIN_S: Final = 0.02
_KEY_AGAIN_S: Final = 0.3
_UNDECODED: Final = 30
"""Frames that may wait for a decoder: two seconds of pictures."""


def tighten_consent() -> None:
    """A peer that vanished is noticed after about 10 s in place of 31 (P47)."""
    aioice.ice.CONSENT_INTERVAL = 2
    aioice.ice.CONSENT_FAILURES = 4


def use_loopback_only(transceiver: RTCRtpTransceiver) -> None:
    """Lets the connection of this transceiver offer and use 127.0.0.1 alone, which aioice leaves out. Before gathering."""
    connection: Any = transceiver.sender.transport.transport.iceGatherer._connection
    gather = connection.get_component_candidates

    async def gather_loopback(component: int, addresses: list[str], timeout: int = 5) -> Any:
        return await gather(component=component, addresses=["127.0.0.1"], timeout=timeout)

    connection.get_component_candidates = gather_loopback


class Connecting:
    """The task in which a peer connection connects after each answer, which aiortc starts and forgets.

    A connection that is closed meanwhile would go on connecting: senders, decoder threads and consent checks would be started
    for nobody, and stay. So it is cancelled before the close.
    """

    def __init__(self, pc: RTCPeerConnection) -> None:
        held: Any = pc
        self._connect = held._RTCPeerConnection__connect
        self._tasks: set[asyncio.Task[Any]] = set()
        held._RTCPeerConnection__connect = self._run

    async def _run(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._connect()
        except InvalidStateError as error:  # the peer closed while we were connecting
            logger.info("connecting ended: %s", error)
        finally:
            self._tasks.discard(task)

    async def cancel(self) -> None:
        """Ends it, and waits until it has ended.

        Before Python 3.12 `asyncio.wait_for` may swallow a cancellation: once is not enough.
        """
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(set(self._tasks), timeout=_CANCEL_AGAIN_S)


def negotiated_codec(transceiver: RTCRtpTransceiver) -> str:
    """The codec that is sent: "VP8", "H264", "opus". After the answer."""
    return str(transceiver._codecs[0].name)


def transport_counters(transceiver: RTCRtpTransceiver) -> Mapping[str, int]:
    """Bytes and packets over the connection of this transceiver."""
    (stats,) = transceiver.sender.transport._get_stats().values()
    return {
        "sent_bytes": stats.bytesSent,
        "sent_packets": stats.packetsSent,
        "received_bytes": stats.bytesReceived,
        "received_packets": stats.packetsReceived,
    }


class Sent(Protocol):
    """What a sender's reports need to know of its track."""

    clock_rate: int
    sent_us: int


class SenderFeedback:
    """Hears what the receiving side reports to one sender, and corrects the sender's own reports.

    aiortc's sender reports tie the time stamp of the last packet to the time when it was *sent*, which hides how long it was
    under way inside of us. Corrected, they tie it to the time of capture, the same clock for sound and pictures: a receiver that
    follows the reports has both in step, however long either took to encode.
    """

    def __init__(
        self, sender: Any, track: Sent, *, on_key: Callable[[], None], on_estimate: Callable[[int], None]
    ) -> None:
        self.rtt_ms: float | None = None
        self.fraction_lost = 0.0
        self.lost = 0
        self.packets = 0
        """As of the last sender report, at most 1.5 s ago."""
        self._ssrc = sender._ssrc
        self._track = track
        self._on_key = on_key
        self._on_estimate = on_estimate
        handle, send = sender._handle_rtcp_packet, sender._send_rtcp

        async def handle_rtcp(packet: Any) -> None:
            self._heard(packet)
            await handle(packet)

        async def send_rtcp(packets: list[Any]) -> None:
            for packet in packets:
                if isinstance(packet, RtcpSrPacket) and packet.sender_info.packet_count:
                    self._correct(packet.sender_info)
            await send(packets)

        sender._handle_rtcp_packet, sender._send_rtcp = handle_rtcp, send_rtcp

    def complete(self, sent: StreamStatistics) -> StreamStatistics:
        """What was sent, with what was reported lost."""
        return replace(sent, packets=self.packets, lost=self.lost, fraction_lost=self.fraction_lost)

    def _heard(self, packet: Any) -> None:
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self._report(report)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            self._on_key()
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            try:
                bitrate, ssrcs = unpack_remb_fci(packet.fci)
            except ValueError:  # some other application's message
                return
            if self._ssrc in ssrcs:
                self._on_estimate(bitrate)

    def _report(self, report: Any) -> None:
        self.fraction_lost, self.lost = report.fraction_lost / 256, report.packets_lost
        if report.lsr:
            elapsed = ((_ntp(now_us()) >> 16) - report.lsr - report.dlsr) & 0xFFFFFFFF
            if elapsed < 60 << 16:  # otherwise the peer's clock jumped
                self.rtt_ms = elapsed / 65.536

    def _correct(self, info: Any) -> None:
        self.packets = info.packet_count
        now = now_us()
        since_capture = (now - self._track.sent_us) * self._track.clock_rate // 1_000_000
        info.ntp_timestamp = _ntp(now)
        info.rtp_timestamp = (info.rtp_timestamp + since_capture) & 0xFFFFFFFF


class Reception:
    """Takes the place of one receiver's jitter buffer; from there frames go on to aiortc's decoder thread, in order."""

    def __init__(self, receiver: Any, kind: str) -> None:
        self._receiver = receiver
        self.pictures = PictureReassembly(self._decode) if kind == "video" else None
        self.packets = self.pictures or SoundReassembly(self._decode)
        self.meter = Meter()
        self._ssrc = self._payload_type = 0
        self._asked_key_s = 0.0
        self._losses = Meter()
        self._losses.add(0)
        receiver._RTCRtpReceiver__jitter_buffer = self

    def add(self, packet: Any) -> tuple[bool, None]:
        """Called by aiortc for each packet; answers whether a key frame is to be asked for."""
        self._ssrc, self._payload_type = packet.ssrc, packet.payload_type
        self.meter.add(len(packet.payload))
        self.packets.add(Packet(packet.sequence_number, packet.timestamp, packet.marker, packet._data))
        if given_up := self.packets.lost - self._losses.total:
            self._losses.add(given_up)
        return self._key_is_due(), None

    def fraction_lost(self) -> float:
        """Of the packets of the last two seconds, 0..1."""
        lost = self._losses.rates()[1]
        return lost / (lost + self.meter.rates()[0]) if lost else 0.0

    async def request(self, missing: list[int]) -> None:
        """Asks the sender for packets once more (NACK)."""
        await self._receiver._send_rtcp_nack(self._ssrc, missing)

    async def request_key(self) -> None:
        """Asks for a key frame (PLI), unless that was done a moment ago. No packet that is missing is asked for any more."""
        self._receiver._RTCRtpReceiver__nack_generator.missing.clear()
        if self._key_is_due():
            await self._receiver._send_rtcp_pli(self._ssrc)

    def stop(self) -> None:
        """Ends the decoder's thread, also if the connection did not close: it would keep the process alive."""
        self._receiver._handle_disconnect()

    def _key_is_due(self) -> bool:
        now = time.monotonic()
        if self.pictures is None or not self.pictures.wants_key or now - self._asked_key_s < _KEY_AGAIN_S:
            return False
        self._asked_key_s = now
        return True

    def _decode(self, frame: bytes, timestamp: int) -> None:
        receiver = self._receiver
        undecoded: queue.Queue[Any] = receiver._RTCRtpReceiver__decoder_queue
        if receiver._RTCRtpReceiver__decoder_thread is None:
            return
        if undecoded.qsize() >= _UNDECODED:
            if self.pictures is not None:
                self.pictures.drop_until_key()
            return
        codec = receiver._RTCRtpReceiver__codecs[self._payload_type]
        undecoded.put((codec, JitterFrame(frame, timestamp)))


def _ntp(time_us: int) -> int:
    seconds, rest = divmod(time_us, 1_000_000)
    return (seconds + _NTP_EPOCH_S) << 32 | (rest << 32) // 1_000_000


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "sender": ("_ssrc", "_handle_rtcp_packet", "_send_rtcp"),
    "receiver": (
        "_send_rtcp_nack",
        "_send_rtcp_pli",
        "_handle_disconnect",
        "_RTCRtpReceiver__jitter_buffer",
        "_RTCRtpReceiver__nack_generator",
        "_RTCRtpReceiver__decoder_queue",
        "_RTCRtpReceiver__decoder_thread",
        "_RTCRtpReceiver__codecs",
    ),
    "transceiver": ("_codecs",),
    "pc": ("_RTCPeerConnection__connect",),
    "dtls": ("_get_stats",),
    "gatherer": ("_connection",),
    "connection": ("get_component_candidates",),
    "aioice.ice": ("CONSENT_INTERVAL", "CONSENT_FAILURES"),
}


def broken() -> list[str]:
    """The names that this module relies on and that are gone. Needs a running loop; opens nothing."""
    pc = RTCPeerConnection()
    transceiver = pc.addTransceiver("video")
    dtls = transceiver.sender.transport
    gatherer = dtls.transport.iceGatherer
    found = {
        "pc": pc,
        "sender": transceiver.sender,
        "receiver": transceiver.receiver,
        "transceiver": transceiver,
        "dtls": dtls,
        "gatherer": gatherer,
        "connection": getattr(gatherer, "_connection", None),
        "aioice.ice": aioice.ice,
    }
    lost = [f"{what}.{name}" for what, names in _NAMES.items() for name in names if not hasattr(found[what], name)]
    return lost if hasattr(NackGenerator(), "missing") else [*lost, "NackGenerator.missing"]
