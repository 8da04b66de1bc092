"""A scripted backend: a ROUTER that keeps the contract, and breaks it where a test says so."""

import threading
from collections.abc import Callable
from typing import Any

import orjson
import zmq
from zmq.auth.thread import ThreadAuthenticator

Answer = Callable[[dict[str, Any]], Any]


class Silence(Exception):
    """A method of the script that raises it is not answered."""


class Refusal(Exception):
    """A method of the script that raises it is answered with an error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.body = {"code": code, "message": message} | ({} if data is None else {"data": data})


class Peer:
    """Answers on a thread of its own. `script` maps methods to what answers them; others get null."""

    def __init__(self, endpoint: str = "tcp://127.0.0.1:*", password: str = "", seq: int = 0) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.frames: list[list[bytes]] = []
        self.seq = seq
        self.journal: list[dict[str, Any]] = []
        self.complete = True
        self.nothing: Answer = lambda _: None
        self.script: dict[str, Answer] = {
            "hello": lambda _: {"protocol": 1, "version": "0", "seq": self.seq, "clouds": [], "devices": []},
            "events.replay": lambda params: {
                "events": [event for event in self.journal if event["params"]["seq"] > params["since"]],
                "complete": self.complete,
            },
        }
        self._clients: set[bytes] = set()
        self._context = zmq.Context()
        self._authenticator: ThreadAuthenticator | None = None
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.linger = self._socket.sndhwm = 0
        if password:
            self._authenticator = ThreadAuthenticator(self._context)
            self._authenticator.start()
            self._authenticator.configure_plain(passwords={"pybackend": password})
            self._socket.plain_server = True
        self._socket.bind(endpoint)
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._inbox = self._context.socket(zmq.PULL)
        self._inbox.bind("inproc://orders")
        self._outbox = self._context.socket(zmq.PUSH)
        self._outbox.connect("inproc://orders")
        self._lock = threading.Lock()
        self._orders: list[Callable[[], None]] = []
        self._open = True
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def event(self, name: str, *args: Any, cloud: int = 0, seq: int | None = None, **detail: Any) -> dict[str, Any]:
        """Makes and remembers an event, without sending it."""
        self.seq = self.seq + 1 if seq is None else seq
        params = {"cloud": cloud, "seq": self.seq, "session": "s", "ts": 1, "args": list(args), "detail": detail}
        event = {"jsonrpc": "2.0", "method": name, "params": params}
        self.journal.append(event)
        return event

    def emit(self, name: str, *args: Any, cloud: int = 0, **detail: Any) -> None:
        """An event for everybody, now."""
        self.send(self.event(name, *args, cloud=cloud, **detail))

    def send(self, message: Any, *frames: bytes) -> None:
        """Anything to everybody, now."""
        first = message if isinstance(message, bytes) else orjson.dumps(message)
        self._order(lambda: [self._socket.send_multipart([client, first, *frames]) for client in self._clients])

    def asked(self, method: str) -> list[Any]:
        """The params of the calls of a method so far."""
        return [params for name, params in self.calls if name == method]

    def close(self) -> None:
        """Dies."""
        if self._open:
            self._order(lambda: setattr(self, "_open", False))
            self._thread.join()
            self._outbox.close()
            if self._authenticator is not None:
                self._authenticator.stop()
            self._context.term()

    def _order(self, work: Callable[[], Any]) -> None:
        self._orders.append(work)
        with self._lock:
            self._outbox.send(b"")

    def _serve(self) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._inbox, zmq.POLLIN)
        while self._open:
            ready = dict(poller.poll())
            if self._inbox in ready:
                self._inbox.recv()
                self._orders.pop(0)()
            elif self._socket in ready:
                self._take(self._socket.recv_multipart())
        self._socket.close()
        self._inbox.close()

    def _take(self, frames: list[bytes]) -> None:
        client, first, *rest = frames
        self._clients.add(client)
        self.frames.append(rest)
        message = orjson.loads(first)
        answers = [self._answer(one) for one in (message if isinstance(message, list) else [message])]
        answers = [answer for answer in answers if answer is not None]
        if answers:
            self._socket.send_multipart([client, orjson.dumps(answers if isinstance(message, list) else answers[0])])

    def _answer(self, call: dict[str, Any]) -> dict[str, Any] | None:
        self.calls.append((call["method"], call["params"]))
        head = {"jsonrpc": "2.0", "id": call["id"]}
        try:
            return head | {"result": self.script.get(call["method"], self.nothing)(call["params"])}
        except Silence:
            return None
        except Refusal as refusal:
            return head | {"error": refusal.body}

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
