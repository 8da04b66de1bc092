"""What calls of the client raise.

ClientError
 ├─ RpcError          the backend answered with an error
 ├─ RpcTimeout        it did not answer in time (also a TimeoutError)
 ├─ EventTimeout      an event that was waited for did not come (also a TimeoutError)
 └─ ConnectionLost    the connection broke or was closed while the call was under way (also a ConnectionError)
     ├─ AuthRefused   the backend does not take these credentials
     └─ BackendGone   the backend that this client started has ended
"""

from typing import Any


class ClientError(Exception):
    """Anything that the client raises by itself."""


class RpcError(ClientError):
    """The backend's error: a JSON-RPC code, a sentence, and data such as `{"field": …}`."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({code})" + (f": {data}" if data is not None else ""))
        self.code = code
        self.message = message
        self.data = data


class RpcTimeout(ClientError, TimeoutError):
    """No answer within the call's deadline. Whether the call took effect is unknown, unless it was never sent."""


class EventTimeout(ClientError, TimeoutError):
    """No matching event within the deadline; the message lists what came instead."""


class ConnectionLost(ClientError, ConnectionError):
    """Whether the call took effect is unknown."""


class AuthRefused(ConnectionLost):
    """Wrong mechanism, password or key."""


class BackendGone(ConnectionLost):
    """The message has the exit code and the last lines of the backend's log."""
