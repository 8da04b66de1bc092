"""The pytest plugin. Found by itself where `pybackend` is installed; it costs nothing until a fixture is used.

* `trtc_rooms`: a room service. One process serves many tests; a test that stops it costs the next one a new process.
* `trtc_backend`: a backend with virtual devices, fresh for each test. `trtc_backends` makes more of them.
* `trtc_cloud`: `trtc_cloud("alice")` is a `TRTCCloud` in a backend of its own; `.enter(room=7)` enters.

What these programs logged during a test is shown when the test fails.
"""

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pybackend.client.program import Program

    from .callers import Caller
    from .processes import Backend, RoomService

_programs = pytest.StashKey[list[tuple[str, "Program", int]]]()


def watch(node: pytest.Item, name: str, program: "Program") -> None:
    """From now on the program's log belongs to this test: it is shown when the test fails."""
    node.stash.setdefault(_programs, []).append((name, program, program.log_lines))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds what the test's programs logged to the report of a failure."""
    report = yield
    if report.failed:
        for name, program, since in item.stash.get(_programs, []):
            if text := program.log(since):
                report.sections.append((f"log of {name} ({program.pid})", text))
    return report


class _Kept:
    """The room service that lives on between tests."""

    def __init__(self) -> None:
        self.service: RoomService | None = None

    def alive(self) -> "RoomService":
        from .processes import RoomService

        if self.service is None or not self.service.alive:
            self.service = RoomService()
        return self.service

    def stop(self) -> None:
        if self.service is not None:
            self.service.stop()


@pytest.fixture(scope="session")
def _trtc_kept_rooms() -> Iterator[_Kept]:
    kept = _Kept()
    yield kept
    kept.stop()


@pytest.fixture
def trtc_rooms(request: pytest.FixtureRequest, _trtc_kept_rooms: _Kept) -> "RoomService":
    """A running room service, maybe one that served other tests before: choose room numbers of your own."""
    service = _trtc_kept_rooms.alive()
    watch(request.node, "rooms", service)
    return service


@pytest.fixture
def trtc_backends(request: pytest.FixtureRequest, trtc_rooms: "RoomService") -> Iterator[Callable[..., "Backend"]]:
    """Makes backends with virtual devices; the arguments are those of `Backend`. All end with the test."""
    from .processes import Backend

    made: list[Backend] = []

    def make(rooms: str = trtc_rooms.signal, **options: Any) -> Backend:
        backend = Backend(rooms, **({"virtual_devices": True} | options))
        made.append(backend)
        watch(request.node, f"backend {len(made)}", backend)
        return backend

    yield make
    for backend in made:
        backend.stop()


@pytest.fixture
def trtc_backend(trtc_backends: Callable[..., "Backend"]) -> "Backend":
    """A backend with virtual devices."""
    return trtc_backends()


@pytest.fixture
def trtc_cloud(trtc_rooms: "RoomService", trtc_backends: Callable[..., "Backend"]) -> Iterator[Callable[..., "Caller"]]:
    """Makes users: `trtc_cloud("alice")`. Further arguments are those of `Backend`. All are gone after the test."""
    from .callers import Caller

    made: list[Caller] = []

    def make(user: str, **options: Any) -> Caller:
        caller = Caller.of(user, trtc_rooms, trtc_backends(**options))
        made.append(caller)
        return caller

    yield make
    for caller in made:
        caller.close()
