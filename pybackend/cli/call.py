"""`pybackend call`: one RPC from a shell."""

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any, Final

from pybackend.spec.control import CONTROL
from pybackend.spec.surface import surface

if TYPE_CHECKING:
    from pybackend.client import Auth

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = Any

DESCRIPTION: Final = """\
Calls one method of a running backend and prints its result as JSON.

Each ARG is one parameter, in order, as JSON: numbers, true, null, '"text"', '{"roomId": 7}'. A single ARG that is an
object is all the parameters by name, unless the method's first parameter is itself an object:

  pybackend call --endpoint E muteLocalVideo true 0
  pybackend call --endpoint E muteLocalVideo '{"mute": true, "streamType": 0}'
  pybackend call --endpoint E enterRoom '{"sdkAppId": 1, "userId": "a", "userSig": "…", "roomId": 7}' 0

Exit status: 0 the result is printed; 1 the call failed, the error is on stderr; 2 bad arguments."""

OBJECTS: Final = ("{", "Record<")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON (a text needs its quotes: '\"{text}\"')") from None


def _method(name: str) -> str:
    if name not in surface().methods and name not in CONTROL:
        raise argparse.ArgumentTypeError(f"there is no method {name}")
    return name


def _auth(path: str) -> "Auth":
    from pybackend.client import Auth

    try:
        with open(path, encoding="utf-8") as file:
            return Auth.parse(json.load(file))
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(f"{path}: {error}") from None


def add_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "call",
        help="call one method of a running backend",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--endpoint", required=True, help="the endpoint from the backend's ready line")
    parser.add_argument("--auth-file", type=_auth, metavar="F", help="a JSON file with the ready line's auth object")
    parser.add_argument("--cloud", type=int, default=0, metavar="N", help="the cloud to call (default: 0)")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="seconds to wait (default: 10)")
    parser.add_argument("method", type=_method, metavar="METHOD")
    parser.add_argument("args", type=_value, nargs="*", metavar="ARG")
    parser.set_defaults(run=run)


def params(method: str, args: list[Any], cloud: int = 0) -> dict[str, Any]:
    """The call's params by name; raises ValueError when there are too many."""
    described = surface().methods.get(method) or CONTROL[method]
    names = [param.name for param in described.params]
    first = described.params[0].type if described.params else ""
    takes_object = first.startswith(OBJECTS) or any(word in surface().classes for word in first.split(" | "))
    if len(args) == 1 and isinstance(args[0], dict) and not takes_object:
        by_name: dict[str, Any] = args[0]
    elif len(args) <= len(names):
        by_name = dict(zip(names, args, strict=False))
    else:
        raise ValueError(f"{method} takes at most {len(names)} parameters: {', '.join(names) or 'none'}")
    return by_name | {"cloud": cloud} if cloud else by_name


def run(args: argparse.Namespace) -> int:
    """Does what the parsed arguments ask; returns the exit code."""
    from pybackend.client import ClientError

    try:
        named = params(args.method, args.args, args.cloud)
    except ValueError as error:
        print(f"pybackend call: error: {error}", file=sys.stderr)
        return 2
    try:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            print(json.dumps(runner.run(_call(args, named)), default=_printable))
    except ClientError as error:
        print(f"{args.method}: {error}", file=sys.stderr)
        return 1
    return 0


def _printable(value: Any) -> str:
    """Binary values are printed as hexadecimal digits."""
    return bytes(value).hex()


async def _call(args: argparse.Namespace, named: dict[str, Any]) -> Any:
    from pybackend.client import Auth, Deadlines, Options
    from pybackend.client.connection import Connection

    options = Options("pybackend call", events=False, deadlines=Deadlines(args.timeout, args.timeout))
    connection = Connection(args.endpoint, args.auth_file or Auth(), options, _ignore, _ignore)
    try:
        await connection.open()
        return await connection.call(args.method, named)
    finally:
        await connection.close()


def _ignore(_: object) -> None:
    """A single call wants no events."""
