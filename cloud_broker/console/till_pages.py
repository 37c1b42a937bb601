"""Unchanged tills at HQ: which may be written to, how far they agree, and where they do not."""

from fastapi import APIRouter, Request, Response

from cloud_broker.console.shell import Shell
from retail_core.wire.tills import TillDay

_FULL = 100
_BAR_PX = 28


class TillPages:
    """One page; it changes nothing, because bars and overrides are set beside the till."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route("/tills", self.page, methods=["GET"])

    def page(self, request: Request) -> Response:
        """Show every till, those that lost a permit first."""
        visit = self._shell.visit(request)
        tills, changes = self._shell.deps.tills.overview(visit.who.tenant_id)
        return self._shell.page(
            visit,
            "tills.html",
            tills=[(one, [(day, bar(day), share(day)) for day in one.trend]) for one in tills],
            changes=changes,
            day_words=day_words,
        )


def share(day: TillDay) -> int:
    """Return how many of a hundred receipts agreed."""
    return day.agreed * _FULL // day.seen if day.seen else 0


def bar(day: TillDay) -> int:
    """Return how high a day's bar is, in pixels; a day that hardly agreed still shows."""
    return max(2, day.agreed * _BAR_PX // day.seen) if day.seen else 0


def day_words(day: int) -> str:
    """Write a business day as 11-22; unknown days have none."""
    return f"{day // 100 % 100:02}-{day % 100:02}" if day else "?"
