"""Releases: what is on offer, how far each has gone out, ring by ring, and the buttons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from cloud_broker.console.command_pages import code_text
from cloud_broker.console.order_stream import OrderStream
from cloud_broker.console.render import fault_text
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import texts
from cloud_broker.ports.rollouts import RolloutBox, RolloutRow
from cloud_broker.services.fleet.releases import OPEN, ReleaseInfo, RolloutView
from cloud_broker.services.fleet.twin import MAY_STEER
from retail_core.errors import Fault
from retail_core.fleet.commands import WAVES_PERMILLE
from retail_core.fleet.rollout import BAD, PERMILLE, BoxStage, Policy
from retail_core.texts.faults import FaultCode

PAGE = "/releases"
WHY_CHARS_MAX = 200
_HOUR = 60
Csrf = Annotated[str, Form()]
Why = Annotated[str, Form(max_length=WHY_CHARS_MAX)]
DEFAULT = Policy()


class RollOutForm(BaseModel):
    """A release to be sent out, with the gates a person may set; the rest are the defaults.

    Times of day are `HH:MM` as a browser's field sends them; shares are in per cent.
    """

    number: int = Field(ge=1)
    sales: int = DEFAULT.sales
    well_minutes: int = DEFAULT.well_minutes
    rest_minutes: int = DEFAULT.rest_minutes
    failures_max: int = DEFAULT.failures_max
    trade_percent: int = DEFAULT.trade_permille * 100 // PERMILLE
    trial_hours: int = DEFAULT.trial_minutes // _HOUR
    window_from: str = Field("02:00", max_length=8)
    window_to: str = Field("05:00", max_length=8)
    each_ring: bool = False
    why: str = Field("", max_length=WHY_CHARS_MAX)
    csrf: str = ""

    def policy(self) -> Policy:
        """Return the gates; the desk judges them. Fault RELEASE_POLICY_WRONG for no time of day."""
        return Policy(
            sales=self.sales,
            well_minutes=self.well_minutes,
            rest_minutes=self.rest_minutes,
            failures_max=self.failures_max,
            trade_permille=self.trade_percent * PERMILLE // 100,
            approve=tuple(range(len(WAVES_PERMILLE))) if self.each_ring else DEFAULT.approve,
            window_from=_minute(self.window_from),
            window_to=_minute(self.window_to),
            trial_minutes=self.trial_hours * _HOUR,
        )


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring as it is drawn: its boxes, and how many have proved the release or cannot run it.

    A small chain leaves rings out; `place` counts those there are, from 1.
    """

    place: int
    boxes: tuple[RolloutBox, ...]
    proved: int
    bad: int
    is_open: bool


class ReleasePages:
    """The list and one rollout; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE, self.roll_out, methods=["POST"])
        router.add_api_route(PAGE + "/{rollout_id}", self.rollout, methods=["GET"])
        router.add_api_route(PAGE + "/{rollout_id}/stream", self.stream, methods=["GET"])
        router.add_api_route(PAGE + "/{rollout_id}/agree", self.agree, methods=["POST"])
        router.add_api_route(PAGE + "/{rollout_id}/{to}", self.steer, methods=["POST"])

    def page(self, request: Request) -> Response:
        """Show what is on offer, the form, and what went out."""
        visit = self._shell.visit(request)
        desk = self._shell.deps.fleet.releases
        rollouts = desk.overview(visit.who.tenant_id)
        no_shelf = ""
        try:
            offered = sorted(desk.shelf(), key=lambda one: -one.number)
        except Fault as fault:  # no folder is set, or nothing was begun: the page says what to do
            offered, no_shelf = [], fault_text(fault, visit.language)
        return self._shell.page(
            visit,
            "releases.html",
            offered=offered,
            no_shelf=no_shelf,
            rollouts=rollouts,
            went=(went := last_ways(rollouts)),
            suggested=suggested(offered, went),
            is_busy=any(one.going.state in OPEN for one in rollouts),
            default=DEFAULT,
            clock=clock,
            may_act=visit.who.role in MAY_STEER,
        )

    def roll_out(self, request: Request, form: Annotated[RollOutForm, Form()]) -> Response:
        """Send a release out and lead to its page."""
        visit = self._shell.writing_visit(request, form.csrf)
        where = [PAGE]

        def act() -> Said:
            desk = self._shell.deps.fleet.releases
            row = desk.roll_out(visit.who, form.number, form.policy(), form.why)
            where[0] = f"{PAGE}/{row.rollout_id}"
            return Said(texts(visit.language)("releases.waits"))

        answer = self._shell.told(visit, PAGE, act)
        answer.headers["Location"] = where[0]
        return answer

    def rollout(self, request: Request, rollout_id: UUID) -> Response:
        """Show a rollout ring by ring, box by box."""
        visit = self._shell.visit(request)
        return self._shell.page(visit, "release.html", **self._values(visit, rollout_id))

    async def stream(self, request: Request, rollout_id: UUID) -> Response:
        """Send a rollout's part of the page whenever it has changed."""
        visit = await run_in_threadpool(self._shell.visit, request)
        return StreamingResponse(
            OrderStream(self._shell, visit, lambda: self._part(visit, rollout_id)).messages(),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    def agree(self, request: Request, rollout_id: UUID, csrf: Csrf = "") -> Response:
        """Let a rollout begin, or its next ring open."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            was = self._shell.deps.fleet.releases.agree(visit.who, rollout_id)
            word = "resumed" if was == "person" else "agreed"
            return Said(texts(visit.language)("releases." + word))

        return self._shell.told(visit, f"{PAGE}/{rollout_id}", act)

    def steer(
        self,
        request: Request,
        rollout_id: UUID,
        to: Literal["paused", "stopped"],
        why: Why = "",
        csrf: Csrf = "",
    ) -> Response:
        """Pause a rollout, or stop it and take it back."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._shell.deps.fleet.releases.steer(visit.who, rollout_id, to, why)
            return Said(texts(visit.language)("release_act." + to))

        return self._shell.told(visit, f"{PAGE}/{rollout_id}", act)

    def _part(self, visit: Visit, rollout_id: UUID) -> str:
        return self._shell.part(visit, "release_part.html", **self._values(visit, rollout_id))

    def _values(self, visit: Visit, rollout_id: UUID) -> dict[str, object]:
        fleet, tenant = self._shell.deps.fleet, visit.who.tenant_id
        view = fleet.releases.show(tenant, rollout_id)
        stages = [one.stage for one in view.boxes]
        drawn = rings(view)
        return {
            "row": view.row,
            "view": view,
            "rings": drawn,
            "opened": sum(one.is_open for one in drawn),
            "counts": {one: stages.count(one) for one in BoxStage if one in stages},
            "book": fleet.places(tenant),
            "trail": fleet.releases.trail(tenant, rollout_id),
            "clock": clock,
            "code_text": lambda code: code_text(code, visit),
            "may_act": visit.who.role in MAY_STEER,
            "is_own": view.row.author == visit.who.login,
        }


def rings(view: RolloutView) -> tuple[Ring, ...]:
    """Return a rollout's rings in the order in which they open."""
    going = view.row.going
    made = []
    for place, number in enumerate(sorted({one.ring for one in view.boxes}), start=1):
        boxes = tuple(one for one in view.boxes if one.ring == number)
        proved = sum(one.stage is BoxStage.PROVED for one in boxes)
        bad = sum(one.stage in BAD for one in boxes)
        is_open = going.state != "waiting" and number <= going.ring
        made.append(Ring(place, boxes, proved, bad, is_open))
    return tuple(made)


def last_ways(rollouts: Iterable[RolloutRow]) -> dict[int, RolloutRow]:
    """Return the newest rollout of each release; `rollouts` begin with the newest."""
    found: dict[int, RolloutRow] = {}
    for one in rollouts:
        found.setdefault(one.number, one)
    return found


def suggested(offered: Iterable[ReleaseInfo], went: Mapping[int, RolloutRow]) -> int | None:
    """Return the newest release that has not gone out, None without one newer than what has.

    `offered` begin with the newest.
    """
    for one in offered:
        if one.number not in went:
            return one.number
        if went[one.number].going.state == "done":
            return None
    return None


def clock(minute: int) -> str:
    """Return a minute of the day as people write it."""
    return f"{minute // _HOUR:02d}:{minute % _HOUR:02d}"


def _minute(text: str) -> int:
    try:
        at = time.fromisoformat(text)
    except ValueError:
        raise Fault(FaultCode.RELEASE_POLICY_WRONG, what=f"window {text}") from None
    return at.hour * _HOUR + at.minute
