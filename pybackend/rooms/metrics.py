"""/metrics in the Prometheus text format: rooms, members, what happened, and what the media engine counts."""

from collections import Counter
from collections.abc import Callable, Mapping

from aiohttp import web

from .journal import Happening, RoomNews

_PREFIX = "pybackend_rooms"


class Metrics:
    """Counters of happenings, and gauges that are read when asked."""

    def __init__(self, *gauges: Callable[[], Mapping[str, float]]) -> None:
        self._gauges = list(gauges)
        self._happenings: Counter[tuple[Happening, str]] = Counter()

    def gauge(self, read: Callable[[], Mapping[str, float]]) -> None:
        """Adds a source of numbers by name."""
        self._gauges.append(read)

    def count(self, news: RoomNews) -> None:
        """One more of its kind."""
        self._happenings[news.what, news.reason.name.lower() if news.reason is not None else ""] += 1

    def text(self) -> str:
        """The whole page."""
        lines = [f"# TYPE {_PREFIX}_happenings_total counter"]
        for (what, reason), count in sorted(self._happenings.items()):
            labels = f'what="{what}"' + (f',reason="{reason}"' if reason else "")
            lines.append(f"{_PREFIX}_happenings_total{{{labels}}} {count}")
        for read in self._gauges:
            for name, value in read().items():
                lines += [f"# TYPE {_PREFIX}_{name} gauge", f"{_PREFIX}_{name} {value:g}"]
        return "\n".join(lines) + "\n"

    async def handle(self, _: web.Request) -> web.Response:
        """The aiohttp handler."""
        return web.Response(text=self.text(), content_type="text/plain", charset="utf-8")
