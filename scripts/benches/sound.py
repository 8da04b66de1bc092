"""From one microphone to the other speaker, and how far picture and sound are apart when they arrive.

The virtual microphone beeps at whole seconds, and the test card carries its clock. Alice is a backend of her own; Bob's engine
runs here, so that what his speaker plays can be looked at with its time.
"""

import asyncio
import statistics
from typing import Any

import numpy as np

from pybackend.core.clock import now_us
from pybackend.devices import Catalog, pattern
from pybackend.engine.backend import Backend as Engine
from pybackend.engine.backend import BackendConfig
from pybackend.testing.callers import Caller
from pybackend.testing.processes import Backend, RoomService

from . import Figure

SECONDS = 8
BEEP_HZ = 1320
LEAST_NOTICED_MS = 125.0
"""Sound that comes later than its picture by more than this is noticed (ITU-R BT.1359)."""

OPUS_FRAME_MS = 20.0


def _beeps(blocks: list[tuple[int, bytes]]) -> list[float]:
    """When beeps began to play, ms after a whole second."""
    if not blocks:
        return []
    samples = np.frombuffer(b"".join(block for _, block in blocks), "<i2").astype(np.float64)
    times = np.concatenate([time + np.arange(len(block) // 2) / 0.048 for time, block in blocks])
    wave = np.exp(-2j * np.pi * BEEP_HZ * np.arange(len(samples)) / 48_000)
    strength = np.abs(np.convolve(samples * wave, np.ones(96) / 96, "same"))
    loud = strength > strength.max() / 2
    starts = np.flatnonzero(loud[1:] & ~loud[:-1])
    kept = [start for index, start in enumerate(starts) if index == 0 or start - starts[index - 1] > 24_000]
    return [float(times[start] % 1_000_000) / 1000 for start in kept]


async def _bob(rooms: RoomService) -> tuple[list[float], list[float]]:
    """Delays of beeps and of pictures, ms."""
    engine = Engine(BackendConfig(rooms.signal), Catalog(virtual=True, camera_files=()))
    await engine.start()
    pictures: list[float] = []

    def look(picture: Any) -> None:
        stamp = pattern.read(picture)
        if stamp is not None:
            pictures.append((now_us() // 1000 - stamp.time_ms) % 2**32)

    engine.hub.subscribe((0, "alice", 0), look)
    params = {"sdkAppId": rooms.sdk_app_id, "userId": "bob", "userSig": rooms.user_sig("bob"), "roomId": 1}
    engine.call("startRemoteView", ["alice", True, 0])
    engine.call("enterRoom", {"params": params, "scene": 0})
    await asyncio.sleep(3)
    engine.registry.played.clear()
    pictures.clear()
    await asyncio.sleep(SECONDS)
    blocks = engine.registry.played.blocks()
    engine.call("exitRoom", None)
    await engine.stop()
    return _beeps(blocks), pictures


def measure() -> dict[str, Figure]:
    """Medians over some seconds of a call."""
    rooms = RoomService()
    alice = Caller.of("alice", rooms, Backend(rooms.signal, virtual_devices=True))
    try:
        alice.startLocalPreview(None)
        alice.startLocalAudio()
        alice.enter(1)
        beeps, pictures = asyncio.run(_bob(rooms))
    finally:
        alice.close()
        rooms.stop()
    sound, picture = statistics.median(beeps), statistics.median(pictures)
    return {
        "microphone to speaker": Figure(sound, "ms", OPUS_FRAME_MS, "one Opus frame"),
        "camera to viewer": Figure(picture, "ms", 1000 / 15, "one picture at 15 fps"),
        "sound after picture": Figure(sound - picture, "ms", LEAST_NOTICED_MS, "what is noticed (ITU-R BT.1359)"),
    }
