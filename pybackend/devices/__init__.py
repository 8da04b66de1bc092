"""Cameras, microphones and speakers: which there are (`Catalog`), who holds which (`Registry`), how loud they are (`Levels`).

Importing this loads neither OpenCV nor PortAudio; `missing` says what real devices lack here.
"""

from pybackend.devices.catalog import Catalog
from pybackend.devices.driver import Driver, Line, Opener, Order
from pybackend.devices.levels import Level, Levels
from pybackend.devices.libraries import Missing, missing
from pybackend.devices.model import (
    CameraFormat,
    DeviceChange,
    DeviceDeadlines,
    DeviceError,
    DeviceFailure,
    DeviceInfo,
    DeviceKind,
    Lease,
    OpenDevice,
)
from pybackend.devices.registry import Registry
from pybackend.devices.tape import Tape

__all__ = [
    "CameraFormat",
    "Catalog",
    "DeviceChange",
    "DeviceDeadlines",
    "DeviceError",
    "DeviceFailure",
    "DeviceInfo",
    "DeviceKind",
    "Driver",
    "Lease",
    "Level",
    "Levels",
    "Line",
    "Missing",
    "OpenDevice",
    "Opener",
    "Order",
    "Registry",
    "Tape",
    "missing",
]
