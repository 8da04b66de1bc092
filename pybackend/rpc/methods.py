"""The methods that a client may call: the surface's, and those for greeting, events and diagnostics."""

from typing import Any

from pybackend import __version__
from pybackend.engine.backend import Backend, NoSuchCloud
from pybackend.spec.control import CONTROL, PROTOCOL
from pybackend.spec.openrpc import openrpc
from pybackend.spec.params import binder
from pybackend.spec.surface import surface
from pybackend.spec.types import BadType

from .clients import Client
from .dispatch import NO_SUCH_CLOUD, WRONG_PROTOCOL, Function, RpcFailure, method


class Control:
    """The methods beside the surface; arguments come checked."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def hello(self, client: Client, label: str, protocol: float, owner: bool, lease_s: float) -> dict[str, Any]:
        if protocol != PROTOCOL:
            said = {"protocol": PROTOCOL, "version": __version__}
            raise RpcFailure(WRONG_PROTOCOL, f"protocol {protocol:g} is not spoken here", said)
        if lease_s <= 0:
            raise BadType("lease_s", "a positive number of seconds")
        client.greet(label, lease_s if owner else None)
        return {"protocol": PROTOCOL, "version": __version__, **self._backend.snapshot()}

    def on(self, client: Client, event: str) -> None:
        client.subscribe(_event(event))

    def off(self, client: Client, event: str) -> None:
        client.unsubscribe(_event(event))

    def replay(self, _: Client, since: float) -> dict[str, Any]:
        events, complete = self._backend.journal.since(int(since))
        return {"events": [event.notification() for event in events], "complete": complete}

    def ping(self, _: Client) -> str:
        return "pong"

    def diagnostics(self, _: Client) -> dict[str, Any]:
        return self._backend.diagnostics()

    def discover(self, _: Client) -> dict[str, Any]:
        return openrpc(__version__)


def _event(name: str) -> str:
    if name != "*" and name not in surface().events:
        raise BadType("event", 'the name of an event of the surface, or "*"')
    return name


def _bound(function: Any, name: str) -> Function:
    bind = binder(name)

    def call(client: Client, params: Any) -> Any:
        _, args = bind(params)
        return function(client, *args)

    return call


def _surface_method(backend: Backend, name: str) -> Function:
    def call(_: Client, params: Any) -> Any:
        try:
            return backend.call(name, params)
        except NoSuchCloud as error:
            raise RpcFailure(NO_SUCH_CLOUD, "The cloud is destroyed", {"field": "cloud"}) from error

    return call


def methods(backend: Backend) -> dict[str, Any]:
    """All of them by name, as `dispatch` takes them."""
    control = Control(backend)
    named = {
        "hello": control.hello,
        "on": control.on,
        "off": control.off,
        "events.replay": control.replay,
        "ping": control.ping,
        "diagnostics": control.diagnostics,
        "rpc.discover": control.discover,
    }
    functions = {name: _bound(named[name], name) for name in CONTROL}
    functions |= {name: _surface_method(backend, name) for name in surface().methods}
    return {name: method(function) for name, function in functions.items()}
