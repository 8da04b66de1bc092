"""Packets to frames, in order; holes, and what is done about them. No clock, no network."""

import random
from itertools import pairwise

import pytest

from pybackend.media.reassembly import Packet, PictureReassembly, SoundReassembly, is_key_frame
from pybackend.media.repair import Repair

KEY = b"\x10\x00\x00\x9d\x01\x2a"
DELTA = b"\x11\x00\x00rest"


def stream(frames: list[bytes], start: int = 65_530, each: int = 2) -> list[Packet]:
    """Every frame in `each` packets; sequence numbers and time stamps wrap on the way."""
    packets: list[Packet] = []
    for index, frame in enumerate(frames):
        timestamp = (0xFFFFFFFF - 4_500 + index * 3_000) & 0xFFFFFFFF
        for part in range(each):
            data = frame if part == 0 else bytes([index % 256])
            packets.append(Packet((start + len(packets)) & 0xFFFF, timestamp, int(part == each - 1), data))
    return packets


class Frames:
    def __init__(self) -> None:
        self.got: list[tuple[bytes, int]] = []
        self.pictures = PictureReassembly(lambda frame, timestamp: self.got.append((frame, timestamp)))
        self.sounds = SoundReassembly(lambda frame, timestamp: self.got.append((frame, timestamp)))

    @property
    def indices(self) -> list[int]:
        return [frame[-1] for frame, _ in self.got]


def test_hands_on_a_frame_with_its_last_packet_and_unwraps_its_time() -> None:
    frames = Frames()
    packets = stream([KEY, DELTA, DELTA, DELTA])
    for number, packet in enumerate(packets):
        frames.pictures.add(packet)
        assert len(frames.got) == (number + 1) // 2
    times = [timestamp for _, timestamp in frames.got]
    assert [later - earlier for earlier, later in pairwise(times)] == [3_000] * 3
    assert frames.pictures.received == 8


def test_without_markers_the_next_frame_ends_the_last() -> None:
    frames = Frames()
    for packet in stream([KEY, DELTA, DELTA]):
        frames.pictures.add(packet._replace(marker=0))
    assert frames.indices == [0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_order_and_duplicates_do_not_matter(seed: int) -> None:
    frames, shuffle = Frames(), random.Random(seed)
    packets = stream([KEY, *[DELTA] * 30])
    head, rest = packets[:1], packets[1:]
    rest.sort(key=lambda packet: (packet.sequence - 65_530) % 65_536 + shuffle.uniform(0, 6))
    for packet in [*head, *rest]:
        frames.pictures.add(packet)
        frames.pictures.add(packet)
    assert frames.indices == list(range(31))
    assert frames.pictures.lost == 0


def test_begins_with_a_key_frame() -> None:
    frames = Frames()
    for packet in stream([DELTA, DELTA, KEY, DELTA])[1:]:
        assert frames.pictures.wants_key or frames.got
        frames.pictures.add(packet)
    assert frames.indices == [2, 3]
    assert not frames.pictures.wants_key


def test_a_hole_is_waited_for_and_all_comes_when_it_is_filled() -> None:
    frames = Frames()
    packets = stream([KEY, *[DELTA] * 5])
    for packet in [*packets[:3], *packets[4:]]:
        frames.pictures.add(packet)
    assert frames.indices == [0]
    assert frames.pictures.missing == [packets[3].sequence]
    assert frames.pictures.hole is not None
    frames.pictures.add(packets[3])
    assert frames.indices == [0, 1, 2, 3, 4, 5]
    assert frames.pictures.missing == []
    assert frames.pictures.hole is None


def test_skip_goes_on_at_the_next_key_frame() -> None:
    frames = Frames()
    packets = stream([KEY, DELTA, DELTA, DELTA, KEY, DELTA])
    for packet in [*packets[:3], *packets[4:7]]:
        frames.pictures.add(packet)
    frames.pictures.skip()
    assert frames.pictures.wants_key
    for packet in packets[7:]:
        frames.pictures.add(packet)
    assert frames.indices == [0, 4, 5]
    assert frames.pictures.lost == 1


def test_skip_finds_a_key_frame_that_is_there_already_behind_several_holes() -> None:
    frames = Frames()
    packets = stream([KEY, DELTA, DELTA, DELTA, KEY, DELTA])
    for packet in [*packets[:3], packets[4], *packets[6:]]:
        frames.pictures.add(packet)
    frames.pictures.skip()
    assert frames.indices == [0, 4, 5]
    assert not frames.pictures.wants_key


def test_another_stream_behind_the_same_slot_starts_anew() -> None:
    frames = Frames()
    for packet in [*stream([KEY, DELTA]), *stream([DELTA, KEY, DELTA], start=30_000)]:
        frames.pictures.add(packet)
    assert frames.indices == [0, 1, 1, 2]


def test_what_waits_behind_a_hole_is_bounded() -> None:
    frames = Frames()
    packets = stream([KEY, *[DELTA] * 1_000])
    del packets[3]
    for packet in packets:
        frames.pictures.add(packet)
    assert len(frames.pictures._waiting) <= 1_024
    assert frames.pictures.wants_key


def test_sound_waits_for_two_packets_and_not_longer() -> None:
    frames = Frames()
    packets = stream([bytes([9])] * 8, each=1)
    packets = [packet._replace(data=bytes([number])) for number, packet in enumerate(packets)]
    order = [0, 2, 1, 3, 5, 6, 7, 4]
    for number in order:
        frames.sounds.add(packets[number])
    assert frames.indices == [0, 1, 2, 3, 5, 6, 7]
    assert frames.sounds.lost == 1


@pytest.mark.parametrize(
    ("frame", "key"),
    [
        (KEY, True),
        (DELTA, False),
        (b"\x00\x00\x00\x01\x67sps\x00\x00\x00\x01\x65idr", True),
        (b"\x00\x00\x00\x01\x06sei\x00\x00\x01\x65idr", True),
        (b"\x00\x00\x00\x01\x41delta", False),
        (b"\x00", False),
    ],
)
def test_knows_key_frames(frame: bytes, key: bool) -> None:
    assert is_key_frame(frame) == key


class Sender:
    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.keys = 0

    async def request(self, missing: list[int]) -> None:
        self.asked.append(missing)

    async def request_key(self) -> None:
        self.keys += 1


async def test_repair_asks_every_100_ms_and_gives_up_after_400() -> None:
    frames, sender = Frames(), Sender()
    repair = Repair(frames.pictures, sender)
    packets = stream([KEY, DELTA, DELTA])
    for packet in [*packets[:3], *packets[4:]]:
        frames.pictures.add(packet)
    for tick in range(8):
        await repair.tick(1 + tick * 0.05)
    assert sender.asked == [[packets[3].sequence]] * 3
    assert sender.keys == 0
    for tick in range(8, 20):
        await repair.tick(1 + tick * 0.05)
    assert sender.keys == 1
    assert frames.pictures.hole is None


async def test_repair_does_not_ask_for_a_hundred_packets() -> None:
    frames, sender = Frames(), Sender()
    repair = Repair(frames.pictures, sender)
    packets = stream([KEY, *[DELTA] * 100])
    for packet in [*packets[:2], packets[-1]]:
        frames.pictures.add(packet)
    await repair.tick(1)
    assert sender.asked == []
    assert sender.keys == 1
