"""Quiet hours: when nobody is written to."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `begins` until `ends`, over midnight where it begins later; equal: never quiet."""

    begins: time = time(20, 30)
    ends: time = time(9, 0)

    def holds(self, local: datetime) -> bool:
        """Tell whether it is quiet at a moment of the brand's own clock."""
        now = local.time()
        if self.begins <= self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends

    def until(self, local: datetime) -> datetime:
        """Return the first moment that is not quiet: now, or when the quiet hours end."""
        if not self.holds(local):
            return local
        end = datetime.combine(local.date(), self.ends, local.tzinfo)
        return end if end > local else end + timedelta(days=1)
