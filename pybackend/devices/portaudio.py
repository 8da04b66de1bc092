"""Real microphones and speakers, by PortAudio.

PortAudio lists its devices once, when it is initialised, and doing that again kills every running stream. So: the list that
apps see comes from a helper process (`probe`); a device is named by host API and name, never by its index; where PulseAudio or
PipeWire runs, new devices are opened through it without any of this; elsewhere, a device that PortAudio does not know yet makes
`Host` pause the running streams (about 0.2 s of silence, nobody loses a lease), initialise anew, and let them go on.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from pybackend.core import clock
from pybackend.core.frames import BLOCK_SAMPLES, SAMPLE_RATE, Sound
from pybackend.devices import libraries, platforms, pulse
from pybackend.devices.driver import Line, Order
from pybackend.devices.model import DeviceError, DeviceFailure, DeviceKind

_POLL_S: Final = 0.05
_RENEW_S: Final = 3.0
_FAILURES: Final[Mapping[int, DeviceFailure]] = {
    -9985: DeviceFailure.BUSY,  # device unavailable
    -9996: DeviceFailure.NOT_FOUND,
    -9994: DeviceFailure.BAD_FORMAT,  # sample format
    -9997: DeviceFailure.BAD_FORMAT,  # sample rate
    -9998: DeviceFailure.BAD_FORMAT,  # channels
}
_WORDS: Final[tuple[tuple[str, DeviceFailure], ...]] = (
    ("busy", DeviceFailure.BUSY),
    ("permission", DeviceFailure.NOT_AUTHORIZED),
    ("access denied", DeviceFailure.NOT_AUTHORIZED),
    ("no such", DeviceFailure.NOT_FOUND),
)
_HINTS: Final[Mapping[DeviceFailure, str]] = {
    DeviceFailure.BUSY: "Another program has this sound device to itself. Close it and try again.",
    DeviceFailure.NOT_FOUND: "The sound device is not plugged in.",
    DeviceFailure.BAD_FORMAT: "The sound device cannot do 48 kHz. Set it so in the system's sound settings.",
    DeviceFailure.NOT_AUTHORIZED: "Allow the program to use the microphone in the system's privacy settings.",
    DeviceFailure.START_FAILED: "The sound device does not start. Unplug it and plug it in again, or choose another one.",
}


def preferred_host() -> str | None:
    """The host API whose devices are listed; None for all of them. Elsewhere the same device would be listed four times."""
    return {"win32": "Windows WASAPI", "darwin": "Core Audio"}.get(sys.platform)


class Host:
    """PortAudio, of which a process has one: its calls one at a time, and new starts only while no stream runs."""

    def __init__(self) -> None:
        self._state = threading.Condition()
        self._calls = threading.Lock()
        self._streams = 0
        self._renewing = False

    @property
    def renewing(self) -> bool:
        """Streams that see this close, beat, and open again."""
        return self._renewing

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Around all that a stream does with PortAudio, from looking up its device to closing."""
        with self._state:
            self._state.wait_for(lambda: not self._renewing)
            self._streams += 1
        try:
            yield
        finally:
            with self._state:
                self._streams -= 1
                self._state.notify_all()

    def renew(self, module: Any) -> bool:
        """Initialises PortAudio anew, so that it lists what is plugged in now. False when a stream does not let go."""
        with self._state:
            if self._renewing:
                return self._state.wait_for(lambda: not self._renewing, _RENEW_S)
            self._renewing = True
            try:
                if not self._state.wait_for(lambda: self._streams == 0, _RENEW_S):
                    return False
                with self._calls:
                    module._terminate()
                    module._initialize()
                return True
            finally:
                self._renewing = False
                self._state.notify_all()

    @contextlib.contextmanager
    def streaming(self, stream_class: Any, name: tuple[str, str] | None, **options: Any) -> Iterator[Any]:
        """An open, started stream; `name` is the variable and the name of a PulseAudio device."""
        with self._calls, _variable(*(name or ("", ""))):
            stream = stream_class(**options)
        try:
            with self._calls:
                stream.start()
            yield stream
        finally:
            with self._calls:
                stream.close()  # not `stop`: that keeps the device


class SoundDevice:
    """What microphone and speaker have in common: finding the device, keeping its stream, closing it."""

    def __init__(self, order: Order, host: Host) -> None:
        self._order = order
        self._host = host
        self._input = order.kind is DeviceKind.MIC

    def run(self, line: Line) -> None:
        platforms.prepare_thread()
        try:
            module = libraries.sounddevice()
        except libraries.LibraryError as error:
            raise self._order.error(DeviceFailure.UNAVAILABLE, error.hint) from error
        renewed = False
        while not line.stopped.is_set():
            with self._host.entered():
                device = _find(module, self._order)
                if device is not None:
                    self._stream(module, device, line)
                    continue
            if renewed or not self._host.renew(module):
                raise self._order.error(DeviceFailure.NOT_FOUND, _HINTS[DeviceFailure.NOT_FOUND])
            renewed = True

    def _stream(self, module: Any, device: Mapping[str, Any], line: Line) -> None:
        """Until stopped, or until PortAudio is initialised anew."""
        on_input = self._input
        channels = 1 if on_input else min(2, device["max_output_channels"])
        options: dict[str, Any] = {
            "device": device["index"],
            "samplerate": SAMPLE_RATE,
            "blocksize": BLOCK_SAMPLES,
            "dtype": "int16",
            "channels": channels,
            "latency": "low",
            "callback": _listener(line) if on_input else _player(line, channels),
        }
        if module.query_hostapis(device["hostapi"])["name"] == "Windows WASAPI":
            options["extra_settings"] = module.WasapiSettings(auto_convert=True)
        try:
            with self._host.streaming(
                module.RawInputStream if on_input else module.RawOutputStream, _pulse_name(self._order), **options
            ) as stream:
                while not (line.stopped.wait(_POLL_S) or self._host.renewing):
                    if not stream.active:
                        raise self._order.error(DeviceFailure.LOST, "The sound device ended its stream.")
        except module.PortAudioError as error:
            raise _failure(self._order, error) from error
        if self._host.renewing and line.last_beat:
            line.beat()


def _listener(line: Line) -> Any:
    def heard(data: Any, frames: int, time_info: Any, status: Any) -> None:
        del status
        age_s = min(0.5, max(frames / SAMPLE_RATE, time_info.currentTime - time_info.inputBufferAdcTime))
        line.give(Sound(bytes(data), 1, clock.now_us() - int(age_s * 1e6)))

    return heard


def _player(line: Line, channels: int) -> Any:
    def wanted(out: Any, frames: int, time_info: Any, status: Any) -> None:
        del time_info, status
        block = line.take(frames)
        out[:] = block if channels == 1 else np.frombuffer(block, "<i2").repeat(channels).tobytes()

    return wanted


def _find(module: Any, order: Order) -> Mapping[str, Any] | None:
    """PortAudio's entry for a device id; that of ALSA's `pulse` for PulseAudio's."""
    host, _, name = order.device_id.partition(":")
    if host == pulse.HOST:
        try:
            if all(device.name != name for device in pulse.devices(order.kind)):
                return None
        except pulse.PulseError as error:
            raise order.error(
                DeviceFailure.NOT_FOUND, "Is PulseAudio or PipeWire running? It does not answer."
            ) from error
        host, name = "ALSA", "pulse"
    side = "max_input_channels" if order.kind is DeviceKind.MIC else "max_output_channels"
    for device in module.query_devices():
        if device[side] and device["name"] == name and module.query_hostapis(device["hostapi"])["name"] == host:
            return dict(device)
    return None


def _pulse_name(order: Order) -> tuple[str, str] | None:
    host, _, name = order.device_id.partition(":")
    return (pulse.VARIABLE[order.kind], name) if host == pulse.HOST else None


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    """Sets an environment variable for a moment; nothing if there is no name."""
    if not name:
        yield
        return
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _failure(order: Order, error: Any) -> DeviceError:
    text = str(error).lower()
    code = next((argument for argument in error.args if isinstance(argument, int)), 0)
    failure = _FAILURES.get(code) or next((kind for word, kind in _WORDS if word in text), DeviceFailure.START_FAILED)
    return order.error(failure, _HINTS[failure])
