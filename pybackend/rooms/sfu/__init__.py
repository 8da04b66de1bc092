"""The embedded SFU: forwards media between members in a process of its own, without decoding it.

Outside, there is `EmbeddedSfu`, a `rooms.media.MediaEngine`. Inside the child, from the bottom up: `srtp`, `dtls`, `stun`,
`rtp`, `rtcp`, `sdp` speak the protocols; `transport` is one peer's connection on the one socket of `endpoint`; `uplink` and
its `track`s take streams in, `downlink` and its `slot`s give them out; `router` says who receives whom. `control` is what
goes over the pipe, `__main__` the child, `process` the parent.
"""

from pybackend.rooms.sfu.process import EmbeddedSfu

__all__ = ["EmbeddedSfu"]
