"""Which driver serves which device id: a table from prefixes to drivers. Tests add prefixes of their own."""

from collections.abc import Mapping

from pybackend.devices import virtual
from pybackend.devices.cameras import Camera
from pybackend.devices.driver import Driver, Opener, Order
from pybackend.devices.file_camera import PREFIX, FileCamera
from pybackend.devices.model import DeviceFailure, DeviceKind
from pybackend.devices.portaudio import Host, SoundDevice
from pybackend.devices.tape import Tape


def standard(tape: Tape) -> Mapping[str, Opener]:
    """The longest prefix of an id counts; the empty one is for real devices."""
    host = Host()

    def real(order: Order) -> Driver:
        if order.kind is DeviceKind.SCREEN:
            raise order.error(DeviceFailure.NOT_FOUND, "Screens are not devices of this registry.")
        return Camera(order) if order.kind is DeviceKind.CAMERA else SoundDevice(order, host)

    return {
        "": real,
        PREFIX: FileCamera,
        virtual.CAMERA: virtual.TestCard,
        virtual.MIC: virtual.ToneMic,
        virtual.SPEAKER: lambda order: virtual.TapeSpeaker(order, tape),
    }
