"""A private PulseAudio for tests: two null sinks, one of which is heard by a microphone. Needs no hardware and no session.

`spk` is the speaker, its monitor what is heard in the room; what is played into `micsink` is what the microphone `mic` hears.
Programs get at it by `Sound.environment`; in the test's own process `Sound.entered()` sets it.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

AVAILABLE = all(shutil.which(program) for program in ("pulseaudio", "pactl", "parec", "paplay"))
_RATE = 48_000

_ALSA = """\
</usr/share/alsa/alsa.conf>
pcm.spk { type pulse device "spk" hint { show on description "Test speaker" } }
pcm.mic { type pulse device "mic" hint { show on description "Test microphone" } }
"""


@dataclass(frozen=True, slots=True)
class SoundServer:
    """A running one. `pactl` and the rest raise CalledProcessError when it refuses."""

    environment: Mapping[str, str]
    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """Those of a program that shall use it, all of them."""
        return {**os.environ, **self.environment}

    def pactl(self, *arguments: str) -> str:
        return subprocess.run(
            ["pactl", *arguments],
            env={**self.variables, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout

    def source_outputs(self, pid: int | None = None) -> list[int]:
        """Indices of the streams that record, of one process or of this one."""
        return self._streams("source-outputs", pid)

    def sink_inputs(self, pid: int | None = None) -> list[int]:
        """Indices of the streams that play, of one process or of this one."""
        return self._streams("sink-inputs", pid)

    def load(self, module: str, *arguments: str) -> int:
        """Loads a module; its index is for `unload`."""
        return int(self.pactl("load-module", module, *arguments))

    def unload(self, index: int) -> None:
        self.pactl("unload-module", str(index))

    @contextlib.contextmanager
    def heard(self, wav: Path, sink: str = "micsink") -> Iterator[None]:
        """Plays a wav into the microphone while the block runs; it ends with the wav or the block."""
        player = subprocess.Popen(["paplay", f"--device={sink}", str(wav)], env=self.variables)
        try:
            yield
        finally:
            player.kill()
            player.wait()

    def record(self, seconds: float, source: str = "spk.monitor") -> "np.ndarray[Any, np.dtype[np.int16]]":
        """What the speaker plays from now on, mono at 48 kHz."""
        recorder = subprocess.Popen(
            ["parec", f"--device={source}", "--format=s16le", f"--rate={_RATE}", "--channels=1", "--latency-msec=20"],
            env=self.variables, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert recorder.stdout
            return np.frombuffer(recorder.stdout.read(2 * int(seconds * _RATE)), "<i2")
        finally:
            recorder.kill()
            recorder.wait()
            if recorder.stdout:
                recorder.stdout.close()

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Sets the variables in this process, for libraries that are loaded into it."""
        before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)

    def _streams(self, what: str, pid: int | None) -> list[int]:
        wanted = f'application.process.id = "{pid or os.getpid()}"'
        blocks = re.split(r"^(?=[A-Z][a-z]+ [A-Z][a-z]+ #)", self.pactl("list", what), flags=re.MULTILINE)
        return [int(block.split("#", 1)[1].split()[0]) for block in blocks if wanted in block]


@contextlib.contextmanager
def sound_server() -> Iterator[SoundServer]:
    """Starts one in a fresh folder, and ends it. The folder's path is short: it holds a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="snd"))
    socket = folder / "s"
    (folder / "asound.conf").write_text(_ALSA)
    private = {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [
            "pulseaudio", "--system=false", "--daemonize=no", "-n", "--exit-idle-time=-1", "--use-pid-file=no",
            "-L", f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
            "-L", "module-null-sink sink_name=spk rate=48000 norewinds=1 sink_properties=device.description=Speaker",
            "-L", "module-null-sink sink_name=micsink rate=48000 norewinds=1",
            "-L", "module-remap-source master=micsink.monitor source_name=mic source_properties=device.description=Microphone",
        ],
        env={**os.environ, **private}, stderr=log, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    log.close()
    server = SoundServer({"PULSE_SERVER": f"unix:{socket}", "ALSA_CONFIG_PATH": str(folder / "asound.conf")}, folder)
    try:
        _wait_ready(server, process)
        server.pactl("set-default-sink", "spk")
        server.pactl("set-default-source", "mic")
        yield server
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sound() -> Iterator[SoundServer]:
    """One server per session, its variables set in this process too. Import it in a `conftest.py`."""
    if not AVAILABLE:
        pytest.skip("PulseAudio is not installed")
    with sound_server() as server, server.entered():
        yield server


def tone(path: Path, frequency: float = 440.0, seconds: float = 5.0, amplitude: float = 0.3) -> Path:
    """Writes a mono wav of a sine."""
    samples = amplitude * 32767 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * _RATE)) / _RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def pitch(samples: "np.ndarray[Any, np.dtype[np.int16]]", rate: int = _RATE) -> float:
    """The loudest frequency in Hz, 0 for silence."""
    if not len(samples) or not samples.any():
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 4 * len(samples)))
    return float(np.argmax(spectrum)) * rate / (4 * len(samples))


def _wait_ready(server: SoundServer, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            if "\tmic\t" in server.pactl("list", "short", "sources"):
                return
        except subprocess.CalledProcessError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("PulseAudio did not start:\n" + (server.folder / "log").read_text())
        time.sleep(0.05)
