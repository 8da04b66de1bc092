"""What both links have in common: one peer connection, its state, its end."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)

from . import seams
from .formats import LinkState, MediaConfig
from .statistics import LinkStatistics

logger = logging.getLogger(__name__)

_STATES: Final = {
    "new": LinkState.CONNECTING,
    "connecting": LinkState.CONNECTING,
    "connected": LinkState.CONNECTED,
    "failed": LinkState.FAILED,
    "closed": LinkState.FAILED,  # by the peer: our own close detaches first
}

_LAST_S: Final = 0.1  # what a step of the close gets when the steps before it took all the time
_CODECS: Final = {"audio": ("opus",), "video": ("VP8", "H264")}


class Link:
    """Lives on one loop. `on_state` is called there, once per change, and never after `close` has returned."""

    def __init__(self, config: MediaConfig, on_state: Callable[[LinkState], None]) -> None:
        seams.tighten_consent()
        self._config = config
        self._on_state = on_state
        self._state = LinkState.CONNECTING
        servers = [_ice_server(url) for url in config.ice_servers]
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._pc.on("connectionstatechange", self._changed)
        self._connecting = seams.Connecting(self._pc)
        self._deadline: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[bool] | None = None

    @property
    def state(self) -> LinkState:
        """What `on_state` was told last; CONNECTING in the beginning."""
        return self._state

    async def accept(self, answer: str) -> None:
        """Takes the SFU's answer to the last offer. Raises ValueError or aiortc's InvalidStateError if it does not fit."""
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        if self._state is LinkState.CONNECTING and self._deadline is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(self._config.connect_s, self._enter, LinkState.FAILED)

    async def close(self, deadline_s: float) -> bool:
        """Ends the connection, then its tracks and threads (P8). Idempotent, never raises.

        False if something overran, which is logged with where it hung.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(deadline_s))
        return await asyncio.shield(self._closing)

    async def _offer(self) -> str:
        if self._config.loopback and self._pc.iceGatheringState == "new":
            seams.use_loopback_only(self._pc.getTransceivers()[0])
        await self._pc.setLocalDescription()
        return str(self._pc.localDescription.sdp)

    async def _release(self) -> None:
        """Ends what the link owns beside the connection."""
        raise NotImplementedError

    async def _close(self, deadline_s: float) -> bool:
        self._pc.remove_listener("connectionstatechange", self._changed)
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline_s
        in_time = True
        for what, end in (
            ("connecting", self._connecting.cancel),
            ("the peer connection", self._pc.close),
            ("the tracks", self._release),
        ):
            in_time &= await _within(what, end(), max(_LAST_S, until - loop.time()))
        self._enter(LinkState.CLOSED)
        return in_time

    def _changed(self) -> None:
        self._enter(_STATES[self._pc.connectionState])

    def _enter(self, state: LinkState) -> None:
        final = self._state is LinkState.CLOSED or (self._state is LinkState.FAILED and state is not LinkState.CLOSED)
        if final or state is self._state:
            return
        self._state = state
        if self._deadline is not None:
            self._deadline.cancel()
        self._on_state(state)

    def _transport(self, **more: object) -> LinkStatistics:
        transceivers = self._pc.getTransceivers()
        counters = seams.transport_counters(transceivers[0]) if transceivers else {}
        return LinkStatistics(**counters, **more)  # type: ignore[arg-type]


def prefer(transceiver: RTCRtpTransceiver, first: str = "") -> None:
    """Leaves the codecs that the SFU forwards, `first` in front; no RTX, which aiortc drops with several m-lines."""
    known = RTCRtpSender.getCapabilities(transceiver.kind).codecs
    names = sorted(_CODECS[transceiver.kind], key=lambda name: name != first)
    transceiver.setCodecPreferences(
        [codec for name in names for codec in known if codec.mimeType.lower() == f"{transceiver.kind}/{name}".lower()]
    )


def _ice_server(url: str) -> RTCIceServer:
    """`turn:user:password@host` as aiortc wants it; STUN has no user."""
    scheme, _, rest = url.partition(":")
    credentials, at, host = rest.rpartition("@")
    if not at:
        return RTCIceServer(url)
    username, _, password = credentials.partition(":")
    return RTCIceServer(f"{scheme}:{host}", username, password)


async def _within(what: str, work: Awaitable[None], limit_s: float) -> bool:
    """Waits for `work`; after the limit says where it hangs, and lets go of it."""
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=limit_s)
    if not task.done():
        where = io.StringIO()
        if isinstance(task, asyncio.Task):
            task.print_stack(file=where)
        logger.error("%s did not close within %.1f s: %s", what, limit_s, where.getvalue())
        task.cancel()
        return False
    if error := task.exception():
        logger.error("%s did not close cleanly", what, exc_info=error)
        return False
    return True
