"""The server API: Tencent Cloud API 3.0 of service `trtc`, version 2019-07-22, as its official SDKs speak it.

`tc3` checks who calls, `fields` what the parameters are, `actions` is the table of what can be asked, `api` speaks HTTP.
"""

from .api import AdminPolicy, admin_routes
from .control import RoomControl

__all__ = ["AdminPolicy", "RoomControl", "admin_routes"]
