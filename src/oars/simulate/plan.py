"""What to simulate."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True)
class SimulationPlan:
    """How much to simulate, and for which days. The same plan gives the same bytes."""

    statements: int = 100_000
    learners: int | None = None
    """None: as many as the statements need; else exactly these, more or less busy."""
    courses: int = 4
    days: int = 120
    seed: int = 1
    end: date = date(2026, 6, 30)
    """The last day, included."""

    def __post_init__(self) -> None:
        """Refuse a plan that cannot be carried out."""
        for name in ("statements", "courses", "days"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.learners is not None and not 1 <= self.learners <= self.statements:
            raise ValueError("learners must be at least 1 and not more than statements")

    @property
    def window_start(self) -> datetime:
        """The first moment of the first day, UTC."""
        first = self.end - timedelta(days=self.days - 1)
        return datetime.combine(first, time(), tzinfo=UTC)
