"""Orders to boxes: what one would reach, who agreed, how far it is, and the switch for all."""

import re
from collections.abc import Mapping
from string import Formatter
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from cloud_broker.console.order_stream import OrderStream
from cloud_broker.console.render import fault_text
from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit, local_path
from cloud_broker.console.texts import texts
from cloud_broker.ports.orders import CommandRow
from cloud_broker.services.fleet.commands import MAY_ORDER, OrderLook, Wish
from cloud_broker.services.fleet.places import PlaceBook, at_of
from cloud_broker.services.fleet.twin import MAY_STEER
from retail_core.errors import Fault
from retail_core.fleet.commands import KINDS, PARTS, CommandState
from retail_core.fleet.fixups import FIXUPS
from retail_core.texts.faults import FAULTS, FaultCode

PAGE = "/commands"
_UNTOLD = "\N{OBJECT REPLACEMENT CHARACTER}"
_AROUND_UNTOLD = re.compile(f"[ :\N{FULLWIDTH COLON}]*{_UNTOLD}")
TTL_MINUTES = (15, 60, 24 * 60, 7 * 24 * 60)
WHY_CHARS_MAX = 200
_MINUTE_MS = 60_000
Csrf = Annotated[str, Form()]
Why = Annotated[str, Form(max_length=WHY_CHARS_MAX)]
# In this order a bar is drawn: what is over, what is under way, what waits.
STATES = tuple(CommandState)


class WishForm(BaseModel):
    """An order as a form asks for it; `arg` is the one argument of the kinds that take one."""

    kind: str = Field(max_length=40)
    at: str = Field("chain", max_length=80)
    arg: str = Field("", max_length=40)
    minutes: int = Field(60, ge=1, le=TTL_MINUTES[-1])
    why: str = Field("", max_length=WHY_CHARS_MAX)
    dry: bool = False
    back: str = Field("", max_length=200)
    csrf: str = ""


class CommandPages:
    """The list, an order, and the buttons; every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE, self.give, methods=["POST"])
        router.add_api_route(PAGE + "/preview", self.preview, methods=["POST"])
        router.add_api_route(PAGE + "/halt", self.halt, methods=["POST"])
        router.add_api_route(PAGE + "/{order_id}", self.order, methods=["GET"])
        router.add_api_route(PAGE + "/{order_id}/stream", self.stream, methods=["GET"])
        archive = PAGE + "/{order_id}/{command_id}/diag.tar.gz"
        router.add_api_route(archive, self.archive, methods=["GET"])
        router.add_api_route(PAGE + "/{order_id}/agree", self.agree, methods=["POST"])
        router.add_api_route(PAGE + "/{order_id}/{to}", self.steer, methods=["POST"])

    def page(self, request: Request, at: str = "chain") -> Response:
        """Show the kill switch, the form and the last orders."""
        return self._shown(self._shell.visit(request), at, None, None)

    def preview(self, request: Request, form: Annotated[WishForm, Form()]) -> Response:
        """Show what an order would reach; nothing is given."""
        visit = self._shell.writing_visit(request, form.csrf)
        wish = self._wish(visit, form)
        look = self._shell.deps.fleet.orders.preview(visit.who, wish)
        return self._shown(visit, form.at, wish, look)

    def give(self, request: Request, form: Annotated[WishForm, Form()]) -> Response:
        """Give an order and lead to it, or back to the page it came from."""
        visit = self._shell.writing_visit(request, form.csrf)
        t, desk, back = texts(visit.language), self._shell.deps.fleet.orders, local_path(form.back)
        where = [back if form.back else PAGE]
        wish = self._wish(visit, form)

        def act() -> Said:
            order = desk.give(visit.who, wish)
            waits = order.goes.state == "waiting"
            if waits or not form.back:
                where[0] = f"{PAGE}/{order.order_id}"
            return Said(t("commands.waits" if waits else "commands.given"))

        answer = self._shell.told(visit, PAGE, act)
        answer.headers["Location"] = where[0]
        return answer

    def halt(
        self, request: Request, halted: Annotated[bool, Form()], why: Why = "", csrf: Csrf = ""
    ) -> Response:
        """Turn the kill switch."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._shell.deps.fleet.orders.halt(visit.who, halted=halted, why=why)
            t = texts(visit.language)
            return Said(t("commands.halted_now" if halted else "commands.halt_over"))

        return self._shell.told(visit, PAGE, act)

    def order(self, request: Request, order_id: UUID) -> Response:
        """Show an order box by box."""
        visit = self._shell.visit(request)
        return self._shell.page(visit, "command.html", **order_values(self._shell, visit, order_id))

    async def stream(self, request: Request, order_id: UUID) -> Response:
        """Send an order's part of the page whenever it has changed."""
        visit = await run_in_threadpool(self._shell.visit, request)
        return StreamingResponse(
            OrderStream(self._shell, visit, lambda: self._part(visit, order_id)).messages(),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    def archive(self, request: Request, order_id: UUID, command_id: UUID) -> Response:
        """Give out the diagnostics that a box handed in."""
        visit = self._shell.visit(request)
        content = self._shell.deps.fleet.archives.open(visit.who, order_id, command_id)
        named = {"Content-Disposition": f'attachment; filename="diag-{command_id}.tar.gz"'}
        return Response(content, media_type="application/gzip", headers=named)

    def agree(self, request: Request, order_id: UUID, csrf: Csrf = "") -> Response:
        """Let an order begin, as the second person."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._shell.deps.fleet.orders.agree(visit.who, order_id)
            return Said(texts(visit.language)("commands.agreed"))

        return self._shell.told(visit, f"{PAGE}/{order_id}", act)

    def steer(
        self,
        request: Request,
        order_id: UUID,
        to: Literal["paused", "running", "stopped"],
        csrf: Csrf = "",
    ) -> Response:
        """Pause an order, let it go on, or stop it."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._shell.deps.fleet.orders.steer(visit.who, order_id, to)
            return Said(texts(visit.language)("order_act." + to))

        return self._shell.told(visit, f"{PAGE}/{order_id}", act)

    def _part(self, visit: Visit, order_id: UUID) -> str:
        values = order_values(self._shell, visit, order_id)
        return self._shell.part(visit, "command_part.html", **values)

    def _wish(self, visit: Visit, form: WishForm) -> Wish:
        spot = self._shell.deps.fleet.places(visit.who.tenant_id).spot(form.at)
        args = dict.fromkeys(KINDS.get(form.kind, ()), form.arg)
        return Wish(form.kind, spot, args, form.minutes * _MINUTE_MS, form.why, form.dry)

    def _shown(self, visit: Visit, at: str, wish: Wish | None, look: OrderLook | None) -> Response:
        fleet, tenant = self._shell.deps.fleet, visit.who.tenant_id
        book = fleet.places(tenant)
        halt, orders = fleet.orders.overview(tenant)
        return self._shell.page(
            visit,
            "commands.html",
            halt=halt,
            orders=orders,
            at=at_of(book.spot(at)),
            book=book,
            places=_places(book),
            kinds=[kind for kind in KINDS if kind != "mend"],
            parts_of_box=PARTS,
            ttls=TTL_MINUTES,
            wish=wish,
            look=look,
            minutes=0 if wish is None else wish.ttl_ms // _MINUTE_MS,
            arg="" if wish is None else next(iter(wish.args.values()), ""),
            kind_text=lambda kind, args: kind_text(kind, args, visit),
            states=STATES,
            may_order=visit.who.role in MAY_ORDER,
            may_halt=visit.who.role in MAY_STEER,
        )


def order_values(shell: Shell, visit: Visit, order_id: UUID) -> dict[str, object]:
    """Return what an order's page shows, and its part that is sent again."""
    fleet, tenant = shell.deps.fleet, visit.who.tenant_id
    order, commands = fleet.orders.order(tenant, order_id)
    halt = fleet.orders.overview(tenant)[0]
    return {
        "order": order,
        "commands": commands,
        "waves": waves_of(commands),
        "wave": wave_now(order.goes.wave, commands),
        "counts": {
            state: count
            for state in STATES
            if (count := sum(one.state is state for one in commands))
        },
        "book": fleet.places(tenant),
        "halt": halt,
        "trail": fleet.orders.trail(tenant, order_id),
        "may_act": visit.who.role in MAY_STEER,
        "may_take": visit.who.role in MAY_ORDER,
        "may_agree": visit.who.role in MAY_STEER and order.author != visit.who.login,
        "kind_text": lambda kind, args: kind_text(kind, args, visit),
        "code_text": lambda code, **fields: code_text(code, visit, **fields),
    }


def kind_text(kind: str, args: Mapping[str, str], visit: Visit) -> str:
    """Return what a command does, in words."""
    t = texts(visit.language)
    if kind == "mend" and args.get("fixup") in FIXUPS:
        return FIXUPS[args["fixup"]].text(visit.language)
    said = t.or_else(f"command.{kind}", kind)
    part = args.get("part")
    return f"{said} · {t.or_else(f'part.{part}', part)}" if part else said


def code_text(code: str, visit: Visit, **fields: str) -> str:
    """Return a fault code in words, "" for one nobody knows; `fields` are what it is about."""
    known = next((one for one in FaultCode if one.value == code), None)
    if known is None:
        return ""
    # A box sends the code alone: what a text would name is left out of it, with the blank before.
    names = {name for _, name, _, _ in Formatter().parse(FAULTS[known].zh) if name}
    fault = Fault(known, **(dict.fromkeys(names, _UNTOLD) | fields))
    return _AROUND_UNTOLD.sub("", fault_text(fault, visit.language)).strip()


def waves_of(commands: tuple[CommandRow, ...]) -> list[tuple[int, tuple[CommandRow, ...]]]:
    """Return the waves that have boxes, counted from 1: of few boxes most waves have none."""
    numbers = sorted({one.wave for one in commands})
    return [
        (place, tuple(one for one in commands if one.wave == number))
        for place, number in enumerate(numbers, start=1)
    ]


def wave_now(wave: int, commands: tuple[CommandRow, ...]) -> int:
    """Return at which of them an order stands; between two it stands at the next."""
    numbers = sorted({one.wave for one in commands})
    return min(1 + sum(number < wave for number in numbers), max(1, len(numbers)))


def _places(book: PlaceBook) -> list[tuple[str, str]]:
    found = [(f"region:{place}", name) for place, name in book.regions.items()]
    with_boxes = {one.store for one in book.boxes}
    found += [
        (f"store:{place}", name)
        for place, name in sorted(book.stores.items(), key=lambda one: one[1])
        if place in with_boxes
    ]
    return found
