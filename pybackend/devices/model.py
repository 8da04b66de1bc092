"""The words of this room: kinds of devices, what is known of one, how one fails, how long things may take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class DeviceKind(StrEnum):
    """What a device is for."""

    CAMERA = "camera"
    MIC = "mic"
    SPEAKER = "speaker"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """One entry of a device list. `id` is stable across refreshes and restarts, never an index."""

    kind: DeviceKind
    id: str
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A device was plugged in (`added`) or pulled out."""

    info: DeviceInfo
    added: bool


class DeviceFailure(StrEnum):
    """Why a device cannot be used."""

    NOT_FOUND = "not-found"
    """There is no such device (any more)."""
    BUSY = "busy"
    """Another program, or a handle of ours that hangs in its driver, has it."""
    NOT_AUTHORIZED = "not-authorized"
    """The operating system refuses access."""
    START_FAILED = "start-failed"
    """It was opened but delivers nothing, or failed in a way of its own."""
    BAD_FORMAT = "bad-format"
    """It cannot do 48 kHz, or the file holds no picture."""
    UNAVAILABLE = "unavailable"
    """A library is missing; the hint says what to install."""
    LOST = "lost"
    """It worked and went away, and could not be reopened."""
    CLOSED = "closed"
    """Its owner closed it while it was still opening."""


class DeviceError(Exception):
    """A device cannot be opened, or was lost. `hint` is a sentence for the user: what is wrong, what to do."""

    def __init__(self, failure: DeviceFailure, kind: DeviceKind, device_id: str, hint: str) -> None:
        super().__init__(f"{kind} {device_id!r}: {failure}: {hint}")
        self.failure = failure
        self.kind = kind
        self.device_id = device_id
        self.hint = hint


@dataclass(frozen=True, slots=True)
class CameraFormat:
    """A wish; the camera delivers what it can."""

    width: int = 640
    height: int = 480
    fps: float = 15.0


@dataclass(frozen=True, slots=True)
class DeviceDeadlines:
    """Every limit on time in this room, in seconds."""

    camera_open_s: float = 20.0
    """From the order to the first picture; some drivers take that long to initialise."""
    audio_open_s: float = 5.0
    """From the order to the first block."""
    close_s: float = 2.0
    """From the wish to close to a device that is really free; also how long a new opening waits for an old handle."""
    busy_retry_s: float = 1.0
    """How long a busy device is tried again: another program may just be letting go of it."""
    camera_stall_s: float = 2.0
    """No picture for this long: the camera is reopened. A dark room makes cameras slow; reopening is slower still."""
    audio_stall_s: float = 0.5
    """No block for this long: the stream is reopened."""
    reopen_window_s: float = 10.0
    """A device that has to be reopened more than `reopen_limit` times within this is lost."""
    reopen_limit: int = 3

    def open_s(self, kind: DeviceKind) -> float:
        return self.camera_open_s if kind is DeviceKind.CAMERA else self.audio_open_s

    def stall_s(self, kind: DeviceKind) -> float:
        return self.camera_stall_s if kind is DeviceKind.CAMERA else self.audio_stall_s


@dataclass(frozen=True, slots=True, eq=False)
class Lease:
    """The right of `owner` to a device; given back by `Registry.close`. Compared by identity."""

    kind: DeviceKind
    device_id: str
    owner: str


@dataclass(frozen=True, slots=True)
class OpenDevice:
    """A device that is opening, open, or not yet really closed; `owners` are those who hold it or did so last."""

    kind: DeviceKind
    id: str
    owners: tuple[str, ...]
    open: bool = True
