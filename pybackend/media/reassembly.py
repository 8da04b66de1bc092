"""Puts received RTP packets in order and frames together, in place of aiortc's jitter buffer.

aiortc's buffer waits about 5 s for a lost packet, keeps the delay that it ran up ever after, and hands a picture on only when
the next one begins. Here a picture is handed on with its last packet; a hole is waited for until `skip` is called, which
then goes on at the next key frame. Sound never waits for more than two packets: smoothing is the playout's work.

Pure: no clock, no I/O.
"""

from collections.abc import Callable
from typing import Final, NamedTuple


class Packet(NamedTuple):
    """What is used of an RTP packet; `data` is the payload without the codec's own header."""

    sequence: int
    timestamp: int
    marker: int
    data: bytes


Deliver = Callable[[bytes, int], None]
"""Takes a whole frame and its time stamp, which never wraps."""

_JUMP: Final = 3000  # a sequence number that is further away is another stream
_LARGEST: Final = 1024  # packets that wait behind a hole
_PATIENCE: Final = 2  # packets of sound that wait for a missing one


class Unwrapper:
    """Numbers of `bits` bits that wrap, as numbers that do not; small steps back are fine."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        if self._last is None:
            self._last = value
            return value
        step = (value - self._last) % self._size
        result = self._last + (step - self._size if step >= self._size // 2 else step)
        self._last = max(self._last, result)
        return result


class Reassembly:
    """What sound and pictures have in common: the order, and the count of what was lost."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._reset()
        self.received = 0
        self.lost = 0
        """Packets that were given up."""

    def _reset(self) -> None:
        self._unwrap = Unwrapper(16)
        self._timestamps = Unwrapper(32)
        self._next: int | None = None
        self._waiting: dict[int, Packet] = {}

    def add(self, packet: Packet) -> None:
        """Takes a packet as it arrives; late ones and duplicates are forgotten."""
        sequence = self._unwrap(packet.sequence)
        if self._next is not None and abs(sequence - self._next) > _JUMP:
            self._reset()
            sequence = self._unwrap(packet.sequence)
            self._restarted()
        if self._next is None:
            self._next = sequence
        self.received += 1
        if sequence < self._next or sequence in self._waiting:
            return
        self._waiting[sequence] = packet
        self._advance(self._next)

    def _restarted(self) -> None:
        """Another stream began behind the same m-line."""

    def _advance(self, start: int) -> None:
        raise NotImplementedError


class SoundReassembly(Reassembly):
    """One packet is one frame."""

    def _advance(self, start: int) -> None:
        if start not in self._waiting and len(self._waiting) > _PATIENCE:
            first = min(self._waiting)
            self.lost += first - start
            start = first
        while (packet := self._waiting.pop(start, None)) is not None:
            start += 1
            self._deliver(packet.data, self._timestamps(packet.timestamp))
        self._next = start


class PictureReassembly(Reassembly):
    """A frame is all packets of one time stamp. Until the first key frame, and after each `skip`, other frames are dropped."""

    def __init__(self, deliver: Deliver) -> None:
        super().__init__(deliver)
        self.wants_key = True
        """Frames are dropped until a key frame comes: somebody should ask for one."""

    @property
    def missing(self) -> list[int]:
        """The sequence numbers (16 bits) of the packets that others wait for."""
        if self._next is None or not self._waiting:
            return []
        return [number & 0xFFFF for number in range(self._next, max(self._waiting)) if number not in self._waiting]

    @property
    def hole(self) -> int | None:
        """Which packet is waited for, as long as one is; changes when another is."""
        if self._next is None:
            return None
        number = self._next
        while number in self._waiting:
            number += 1
        return number if number < max(self._waiting, default=0) else None

    def skip(self) -> None:
        """Gives up the packets that are missing, and every frame before the next key frame."""
        self.wants_key = True
        hole = self.hole
        while hole is not None and self.wants_key:
            after = hole
            while after not in self._waiting:
                after += 1
            self.lost += after - hole
            first = self._frame_start(after)
            for number in [number for number in self._waiting if number < first]:
                del self._waiting[number]
            self._next = first
            self._advance(first)
            hole = self.hole

    def drop_until_key(self) -> None:
        """Whoever decodes is too slow: nothing more until a key frame."""
        self.wants_key = True

    def _frame_start(self, number: int) -> int:
        """The first packet from `number` (which follows a hole) on that begins a frame for certain."""
        while (packet := self._waiting.get(number)) is not None:
            number += 1
            follower = self._waiting.get(number)
            if packet.marker or (follower is not None and follower.timestamp != packet.timestamp):
                break
        return number

    def _restarted(self) -> None:
        self.wants_key = True

    def _advance(self, start: int) -> None:
        while (end := self._frame_end(start)) is not None:
            packets = [self._waiting.pop(number) for number in range(start, end)]
            self._next = start = end
            timestamp = self._timestamps(packets[0].timestamp)
            frame = b"".join(packet.data for packet in packets)
            if frame and (not self.wants_key or is_key_frame(frame)):
                self.wants_key = False
                self._deliver(frame, timestamp)
        if len(self._waiting) > _LARGEST:
            self.skip()

    def _frame_end(self, start: int) -> int | None:
        """One past the last packet of the frame that begins at `start`, once it is whole."""
        first = self._waiting.get(start)
        packet, number = first, start
        while first is not None and packet is not None and packet.timestamp == first.timestamp:
            number += 1
            if packet.marker:
                return number
            packet = self._waiting.get(number)
        return number if first is not None and packet is not None else None


_VP8_START: Final = b"\x9d\x01\x2a"
_H264_START: Final = (
    b"\x00\x00\x00\x01"  # no VP8 frame begins like this: it would be a key frame without its start code
)
_H264_KEY: Final = {5, 7}  # picture that refers to no other; sequence parameters
_H264_SEARCHED: Final = 1024  # bytes; what may come before them is short


def is_key_frame(frame: bytes) -> bool:
    """Whether a VP8 frame or an H.264 access unit (with start codes) can be decoded without what came before."""
    if not frame.startswith(_H264_START):
        return frame[3:6] == _VP8_START and not frame[0] & 1
    return any(unit[0] & 0x1F in _H264_KEY for unit in frame[:_H264_SEARCHED].split(_H264_START[1:])[1:] if unit)
