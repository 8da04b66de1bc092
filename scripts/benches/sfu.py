"""What forwarding costs: microseconds of the SFU process's CPU per forwarded packet, 1 publisher to 8 and to 16.

The publisher sends VP8-shaped video (15 pictures a second of 7 packets) and Opus, prepared beforehand, at `SPEED` times its
natural pace; subscribers do the real handshakes and then only count. The reference, in the same run, is a bare Python
process that sends as many datagrams of the same sizes by plain `sendto`: the ratio holds across machines.
"""

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass

from pybackend.rooms.media import Source, StreamKind
from pybackend.rooms.sfu import EmbeddedSfu
from pybackend.rooms.sfu.process import Supervision
from tests.rooms.sfu.peer import DELTA_FRAME, KEY_FRAME, Peer, Room, room, running

from . import Figure

SPEED = 4
SECONDS = 8
PACKETS_PER_PICTURE = 7
VIDEO_BYTES, AUDIO_BYTES = 1000, 80

REFERENCE = """
import json, socket, sys, time
sizes, ports, pause = json.loads(sys.stdin.read())
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
packets = [bytes(size) for size in sizes]
began = time.process_time()
for packet in packets:
    for port in ports:
        out.sendto(packet, ("127.0.0.1", port))
    time.sleep(pause)
print((time.process_time() - began) / len(packets) / len(ports) * 1e6)
"""


@dataclass(frozen=True)
class Burst:
    """What is sent at one moment: video packets or one of sound."""

    at_s: float
    packets: list[bytes]


def schedule(publisher: Peer) -> list[Burst]:
    """`SECONDS` of media, in order of time."""
    pictures = [Burst(i / 15, picture(publisher, i)) for i in range(15 * SECONDS)]
    blocks = [
        Burst(i / 50, [publisher.protected(1, i, i * 960, bytes(AUDIO_BYTES), marker=False)])
        for i in range(50 * SECONDS)
    ]
    return sorted(pictures + blocks, key=lambda burst: burst.at_s)


def picture(publisher: Peer, number: int) -> list[bytes]:
    first = number * PACKETS_PER_PICTURE
    head = DELTA_FRAME if number else KEY_FRAME
    starts = [head] + [b"\0\0"] * (PACKETS_PER_PICTURE - 1)
    return [
        publisher.protected(
            0, first + i, number * 6000, start.ljust(VIDEO_BYTES, b"\0"), marker=i == PACKETS_PER_PICTURE - 1
        )
        for i, start in enumerate(starts)
    ]


async def play(publisher: Peer, bursts: list[Burst]) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for burst in bursts:
        await asyncio.sleep(max(0.0, began + burst.at_s / SPEED - loop.time()))
        for packet in burst.packets:
            publisher.transport.sendto(packet, publisher.address)


async def forward(here: Room, subscribers: int) -> tuple[float, float]:
    """CPU µs per forwarded packet, and of the reference."""
    publisher = await here.publisher("a", (StreamKind.VIDEO, StreamKind.AUDIO))
    slots: dict[int, Source | None] = {0: Source("a", StreamKind.VIDEO), 1: Source("a", StreamKind.AUDIO)}
    peers = [await here.subscriber(f"s{i}", ("video", "audio"), slots) for i in range(subscribers)]
    bursts = schedule(publisher)
    for peer in peers:
        peer.counting_only = True
    expected = sum(len(burst.packets) for burst in bursts) * subscribers
    before = await settled(here.sfu)
    await play(publisher, bursts)
    after = await settled(here.sfu)
    sent = after["packets_out"] - before["packets_out"]
    if sent != expected:
        raise RuntimeError(f"{expected - sent:.0f} of {expected} packets were not forwarded")
    sizes = [len(packet) for burst in bursts for packet in burst.packets]
    ports = [peer.transport.get_extra_info("sockname")[1] for peer in peers]
    return (after["cpu_seconds"] - before["cpu_seconds"]) / sent * 1e6, await reference(sizes, ports)


async def settled(sfu: EmbeddedSfu) -> dict[str, float]:
    """Counters that are at least one inquiry old."""
    await asyncio.sleep(0.5)
    return dict(sfu.statistics())


async def reference(sizes: list[int], ports: list[int]) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", REFERENCE, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    output, _ = await process.communicate(json.dumps([sizes, ports, 0.0005]).encode())
    return float(output)


async def _measured() -> dict[str, Figure]:
    figures = {}
    for subscribers in (8, 16):
        async with running(EmbeddedSfu("127.0.0.1", supervision=Supervision(inquire_s=0.2))) as sfu:
            with room(sfu) as here:
                value, plain = await forward(here, subscribers)
        figures[f"sfu 1 to {subscribers}"] = Figure(value, "µs", plain, "bare sendto of the same packets")
    return figures


def measure() -> dict[str, Figure]:
    """µs of CPU per forwarded packet; takes some 20 s."""
    return asyncio.run(_measured())
