"""An open, self-hosted stand-in for trtc-electron-sdk: devices and media in a process of their own, behind JSON-RPC."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("pybackend")
except PackageNotFoundError:  # run from a source tree that was not installed
    __version__ = "0.0.0"
