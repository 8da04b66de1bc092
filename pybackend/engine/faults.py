"""Failures as the SDK numbers them."""

from types import MappingProxyType
from typing import Final

from pybackend.devices import DeviceError, DeviceFailure, DeviceKind
from pybackend.spec.enums_generated import TXLiteAVError as Error

ENTER_REFUSED: Final = -3340
"""enterRoom while in a room. Not in the SDK's own table; it arrives as a bare number there as well."""

NOT_SUPPORTED_YET: Final = 9001
"""Warning: the method exists and does nothing yet. Ours, outside the bands that the SDK uses."""

_START: Final = MappingProxyType(
    {
        DeviceKind.CAMERA: Error.ERR_CAMERA_START_FAIL,
        DeviceKind.MIC: Error.ERR_MIC_START_FAIL,
        DeviceKind.SPEAKER: Error.ERR_SPEAKER_START_FAIL,
    }
)

_DEVICE: Final = MappingProxyType(
    {
        (DeviceKind.CAMERA, DeviceFailure.NOT_AUTHORIZED): Error.ERR_CAMERA_NOT_AUTHORIZED,
        (DeviceKind.CAMERA, DeviceFailure.BAD_FORMAT): Error.ERR_CAMERA_SET_PARAM_FAIL,
        (DeviceKind.CAMERA, DeviceFailure.BUSY): Error.ERR_CAMERA_OCCUPY,
        (DeviceKind.MIC, DeviceFailure.NOT_AUTHORIZED): Error.ERR_MIC_NOT_AUTHORIZED,
        (DeviceKind.MIC, DeviceFailure.BAD_FORMAT): Error.ERR_MIC_SET_PARAM_FAIL,
        (DeviceKind.MIC, DeviceFailure.BUSY): Error.ERR_MIC_OCCUPY,
        (DeviceKind.SPEAKER, DeviceFailure.BAD_FORMAT): Error.ERR_SPEAKER_SET_PARAM_FAIL,
    }
)


def device_code(error: DeviceError) -> int:
    """The SDK's number of a device's failure."""
    return int(_DEVICE.get((error.kind, error.failure), _START.get(error.kind, Error.ERR_CAMERA_START_FAIL)))
