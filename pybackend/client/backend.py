"""A backend of one's own: `pybackend serve` as a child process."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import zmq

from .options import Auth
from .program import Patience, Program

MODULE: Final = (sys.executable, "-m", "pybackend")
"""How `pybackend` is started: with the interpreter that runs now."""


class Backend(Program):
    """Ends when its stdin ends, and so with this process, whatever happens to it."""

    def __init__(
        self,
        rooms: str,
        *,
        virtual_devices: bool = False,
        cameras: Sequence[str | Path] = (),
        endpoint: str | None = None,
        arguments: Sequence[str] = (),
        command: Sequence[str] = MODULE,
        environment: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Starts it and waits until it is ready; raises StartFailed.

        `rooms` is the room service's URL. `cameras` are video files. `arguments` are further ones of `pybackend serve`.
        """
        words = [*command, "serve", "--rooms", rooms, "--parent-watch"]
        words += ["--virtual-devices"] if virtual_devices else []
        words += [word for camera in cameras for word in ("--camera", f"file:{camera}".replace("file:file:", "file:"))]
        words += ["--endpoint", endpoint] if endpoint else []
        public, secret = zmq.curve_keypair() if zmq.has("curve") else (b"", b"")
        first_line = json.dumps({"clientKeys": [public.decode()]} if _is_far(endpoint) else {})
        super().__init__([*words, *arguments], first_line=first_line, environment=environment, patience=patience)
        self.ready: dict[str, Any] = self.wait_ready()
        self.endpoint: str = self.ready["endpoint"]
        self.frames: str = self.ready.get("frames", "")
        self.auth = Auth.parse(self.ready.get("auth"), (public.decode(), secret.decode()))


def _is_far(endpoint: str | None) -> bool:
    """Whether the endpoint is one that takes CURVE."""
    return endpoint is not None and not endpoint.startswith(("ipc://", "tcp://127.0.0.1:"))
