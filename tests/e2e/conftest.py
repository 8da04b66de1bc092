"""What whole calls need: sound without hardware, a clip as a camera, the official server SDK."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pybackend.testing.callers import Caller
from pybackend.testing.processes import RoomService
from tests.devices.test_file_camera import make_clip
from tests.e2e.official import OfficialApi
from tests.sound import SoundServer, sound_server


@pytest.fixture(scope="session")
def speakers() -> Iterator[SoundServer]:
    """A PulseAudio with a microphone and a speaker that are no hardware."""
    with sound_server() as server:
        yield server


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """The test card as a film."""
    return make_clip(tmp_path / "clip.mp4")


@pytest.fixture
def official(trtc_rooms: RoomService, monkeypatch: pytest.MonkeyPatch) -> OfficialApi:
    """The official SDK, pointed at the room service."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    return OfficialApi(trtc_rooms)


@pytest.fixture
def real_caller(trtc_cloud: Callable[..., Caller], speakers: SoundServer, clip: Path) -> Callable[[str], Caller]:
    """A user with a film as camera and PulseAudio's microphone and speaker."""

    def make(user: str, **options: object) -> Caller:
        return trtc_cloud(
            user, **{"virtual_devices": False, "cameras": [clip], "environment": speakers.environment, **options}
        )

    return make
