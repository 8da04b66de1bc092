"""A call to the backend and back, beside the same message through a bare ROUTER that echoes it."""

import multiprocessing
import statistics
import time
from typing import Any

import zmq

from pybackend.testing.processes import Backend

from . import Figure

ROUNDS = 10
CALLS = 300
REQUEST = b'{"jsonrpc":"2.0","id":1,"method":"getAudioCaptureVolume","params":{}}'


def _echo(pipe: Any) -> None:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        socket.linger = 0
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        pipe.send(f"tcp://127.0.0.1:{port}")
        while not pipe.poll(0):
            if socket.poll(100):
                socket.send_multipart(socket.recv_multipart())


def _round(socket: "zmq.Socket[bytes]") -> list[float]:
    took = []
    for _ in range(CALLS):
        started = time.perf_counter()
        socket.send(REQUEST)
        socket.recv()
        took.append((time.perf_counter() - started) * 1e6)
    return took


def _connected(context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str) -> "zmq.Socket[bytes]":
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(endpoint)
    return socket


def measure() -> dict[str, Figure]:
    """Medians of interleaved rounds, µs."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    echo = multiprocessing.get_context("spawn").Process(target=_echo, args=(theirs,), daemon=True)
    echo.start()
    backend = Backend("ws://127.0.0.1:9/signal", virtual_devices=True)
    try:
        with zmq.Context() as context:
            sockets = [_connected(context, endpoint) for endpoint in (backend.endpoint, ours.recv())]
            for socket in sockets:
                _round(socket)
            times: list[list[float]] = [[], []]
            for _ in range(ROUNDS):
                for socket, times_of in zip(sockets, times, strict=True):
                    times_of += _round(socket)
            for socket in sockets:
                socket.close()
    finally:
        ours.send(None)
        echo.join(2)
        backend.stop()
    call, bare = (statistics.median(times_of) for times_of in times)
    return {"rpc round trip": Figure(call, "µs", bare, "bare ZeroMQ echo")}
