"""The SFU's own process: `python -m pybackend.rooms.sfu --host H [--port N] [--advertise A]`, started by `process`.

Commands come in on stdin, answers go out on stdout, logging to stderr. End of file on stdin means that the parent is gone:
peers are told goodbye and the process ends; should the loop hang, a thread ends it all the same after `LAST_WORD_S`.
"""

import argparse
import asyncio
import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
from typing import Any, Final

import orjson

from pybackend.rooms.media import MediaError
from pybackend.rooms.sfu import control
from pybackend.rooms.sfu.endpoint import Endpoint
from pybackend.rooms.sfu.router import Router
from pybackend.rooms.sfu.transport import Timings

log = logging.getLogger("pybackend.sfu")

TICK_S: Final = 0.02
LAST_WORD_S: Final = 0.4
PENDING: Final = 64
"""Commands read but not yet carried out; then the pipe has to wait."""


class Child:
    """Carries out commands, one after the other, between packets."""

    def __init__(self, router: Router, endpoint: Endpoint) -> None:
        self._router = router
        self._endpoint = endpoint
        self._room = threading.Semaphore(PENDING)
        self._over = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        reader = threading.Thread(target=self._read, args=(loop,), name="stdin", daemon=True)
        self._endpoint.start(loop)
        _write(control.Ready(self._endpoint.host, self._endpoint.port))
        reader.start()
        ticking = asyncio.create_task(self._tick(), name="tick")
        await self._over.wait()
        ticking.cancel()
        self._router.close()
        self._endpoint.close(loop)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """The reading thread."""
        for line in sys.stdin.buffer:
            self._room.acquire()
            loop.call_soon_threadsafe(self._handle, line)
        loop.call_soon_threadsafe(self._over.set)
        threading.Event().wait(LAST_WORD_S)
        os._exit(1)

    def _handle(self, line: bytes) -> None:
        self._room.release()
        number, command = control.decode(line)
        try:
            _write({"id": number, "ok": self._do(command)})
        except MediaError as error:
            _write({"id": number, "error": error.reason})
        except Exception:
            log.exception("%s failed", type(command).__name__)
            _write({"id": number, "error": "gone"})

    def _do(self, command: control.Command) -> Any:
        router = self._router
        match command:
            case control.Publish(session, sdp, tracks):
                return router.publish(session, sdp, tracks)
            case control.Subscribe(session, sdp):
                return router.subscribe(session, sdp)
            case control.Assign(session, slots):
                return router.assign(session, slots)
            case control.Block(session, audio, video):
                return router.block(session, audio=audio, video=video)
            case control.Close(session):
                return router.close_session(session)
            case control.Inquire(""):
                endings = [router.endings.popleft() for _ in range(len(router.endings))]
                return {"counters": router.statistics(), "endings": endings}
            case control.Inquire(session):
                return router.session_statistics(session)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._router.tick()


def _write(value: Any) -> None:
    try:
        sys.stdout.buffer.write(orjson.dumps(value) + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        pass  # the parent is gone; stdin says so as well


def reachable_address(host: str) -> str:
    """What to tell peers when bound to `host`: the host, or for "all interfaces" the one that leads outside."""
    if not ipaddress.ip_address(host).is_unspecified:
        return host
    family, outside = (socket.AF_INET6, "2001:db8::1") if ":" in host else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((outside, 9))  # sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return "::1" if ":" in host else "127.0.0.1"


def main() -> None:
    parser = argparse.ArgumentParser(prog="pybackend.rooms.sfu")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--advertise")
    parser.add_argument("--consent", type=float, default=Timings().consent_s)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s sfu %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides when we end
    try:
        endpoint = Endpoint(options.host, options.port)
    except OSError as error:
        log.critical("cannot bind %s:%s: %s", options.host, options.port, error)
        raise SystemExit(control.CANNOT_BIND) from error
    address = options.advertise or reachable_address(endpoint.host)
    router = Router(endpoint, address, Timings(consent_s=options.consent))
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(Child(router, endpoint).run())
    sys.stdout.flush()
    os._exit(0)  # the reading thread may still hold stdin


if __name__ == "__main__":
    main()
