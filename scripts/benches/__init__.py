"""One module per benchmark. Each has `measure()`: figures by name, each beside a reference of the same run."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and what it is compared with. The ratio travels between machines, the value does not."""

    value: float
    unit: str
    reference: float
    compared_with: str

    @property
    def ratio(self) -> float:
        """Value over reference."""
        return self.value / self.reference if self.reference else float("inf")

    def to_json(self) -> dict[str, Any]:
        """As `bench.py --json` prints it."""
        return {**asdict(self), "ratio": round(self.ratio, 3)}
