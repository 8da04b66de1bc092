"""The running server API, for every test of this folder."""

from tests.rooms.admin.caller import service

__all__ = ["service"]
