"""A relay between aiortc peers and the SFU that loses RTP packets in a fixed pattern, each way, and counts."""

import asyncio
import re
from collections.abc import Callable
from typing import Any


def is_rtp(data: bytes) -> bool:
    return len(data) > 12 and 127 < data[0] < 192 and not 192 <= data[1] <= 223


class Leg(asyncio.DatagramProtocol):
    """One socket of the relay."""

    def __init__(self, on_data: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._on_data = on_data

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._on_data(data, addr)


class Relay:
    """For one peer: `through(answer)` gives the answer that leads here. Every `lose`-th RTP packet of each way is lost."""

    def __init__(self, lose: int) -> None:
        self._lose = lose
        self._sfu: tuple[str, int] = ("", 0)
        self._peer: tuple[str, int] = ("", 0)
        self.passed = {"up": 0, "down": 0}
        self.lost = {"up": 0, "down": 0}

    async def through(self, answer: str) -> str:
        found = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", answer)
        assert found is not None
        self._sfu = (found[1], int(found[2]))
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(lambda: Leg(self._up), local_addr=("127.0.0.1", 0))
        self._back, _ = await loop.create_datagram_endpoint(lambda: Leg(self._down), local_addr=("127.0.0.1", 0))
        port = self._front.get_extra_info("sockname")[1]
        return answer.replace(f"{found[1]} {found[2]} typ host", f"127.0.0.1 {port} typ host")

    def close(self) -> None:
        self._front.close()
        self._back.close()

    def _up(self, data: bytes, peer: tuple[str, int]) -> None:
        self._peer = peer
        if self._passes(data, "up"):
            self._back.sendto(data, self._sfu)

    def _down(self, data: bytes, _: tuple[str, int]) -> None:
        if self._passes(data, "down"):
            self._front.sendto(data, self._peer)

    def _passes(self, data: bytes, way: str) -> bool:
        if not is_rtp(data):
            return True
        self.passed[way] += 1
        if self.passed[way] % self._lose:
            return True
        self.lost[way] += 1
        return False
