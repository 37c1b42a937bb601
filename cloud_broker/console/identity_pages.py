"""Who is one person: the queue of pairs side by side, and a person with what says so."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from cloud_broker.console.said import Said
from cloud_broker.console.shell import Shell, Visit
from cloud_broker.console.texts import Texts, texts
from cloud_broker.domain.rights import Right, may
from cloud_broker.ports.evidence import Evidence, Look, Pair
from cloud_broker.services.goods.cells import safe_cell
from cloud_broker.services.insight.identity_desk import (
    Decision,
    IdentityDesk,
    Sheet,
    handle_of,
    text_of,
)
from retail_core.insight.persons.kinds import MEMBER, Handle
from retail_core.insight.persons.signs import FIELDS

PAGE = "/identity"
Why = Annotated[str, Form(max_length=200)]
Csrf = Annotated[str, Form()]
Name = Annotated[str, Form(max_length=300)]
Shown = Literal["open", "later"]
_SHORT = 8
_HEADS = ("pair", "likely", "state", "first", "second", "signs")


@dataclass(frozen=True, slots=True)
class SignRow:
    """A sign in words: for it above 0, against it below."""

    field: str
    level: str
    weight: float


@dataclass(frozen=True, slots=True)
class PairCard:
    """A pair as it stands on the page."""

    pair: Pair
    first: Look
    second: Look
    signs: tuple[SignRow, ...]

    @property
    def percent(self) -> str:
        """How likely it is; never a whole hundred."""
        return f"{min(99.9, self.pair.likely * 100):.1f} %"


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A row of evidence in words."""

    row: Evidence
    first: str
    second: str
    source: str
    refused: str


class IdentityPages:
    """Every act is a form that works without a script."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def register(self, router: APIRouter) -> None:
        """Add the routes."""
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(PAGE + ".csv", self.sheet, methods=["GET"])
        router.add_api_route(PAGE + "/search", self.search, methods=["POST"])
        router.add_api_route(PAGE + "/say", self.say, methods=["POST"])
        router.add_api_route(PAGE + "/blocks", self.block, methods=["POST"])
        router.add_api_route(PAGE + "/blocks/end", self.unblock, methods=["POST"])
        router.add_api_route(PAGE + "/links/{link_id}/end", self.unlink, methods=["POST"])
        one = PAGE + "/pairs/{candidate_id}/{decision}"
        router.add_api_route(one, self.decide, methods=["POST"])
        router.add_api_route(PAGE + "/{member_id}", self.person, methods=["GET"])

    # ---- what is seen ---------------------------------------------------------------------------

    def page(
        self,
        request: Request,
        show: Shown = "open",
        q: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        """Show what waits for a look."""
        visit = self._shell.visit(request)
        queue = self._desk.queue(visit.who.tenant_id)
        cards = [_card(one, queue.looks) for one in queue.pairs if one.state == show]
        word = q.strip().casefold()
        return self._shell.page(
            visit,
            "identity.html",
            cards=[one for one in cards if word in _words(one)],
            every=len(cards),
            later=sum(one.state == "later" for one in queue.pairs),
            show=show,
            q=q,
            runs=queue.runs,
            blocked=[(text_of(one.handle), one) for one in queue.blocked],
            asked=queue.asked,
            may_change=self._may(visit),
        )

    def sheet(self, request: Request) -> Response:
        """Give out the pairs that wait as a table."""
        visit = self._shell.visit(request)
        queue = self._desk.queue(visit.who.tenant_id)
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(_HEADS)
        for one in queue.pairs:
            signs = " ".join(f"{key}={weight:+.1f}" for key, weight in one.signs.items())
            ends = safe_cell(text_of(one.first)), safe_cell(text_of(one.second))
            writer.writerow((one.candidate_id, f"{one.likely:.4f}", one.state, *ends, signs))
        headers = {
            "Content-Disposition": 'attachment; filename="identity.csv"',
            "Cache-Control": "no-store",
        }
        return Response(
            "\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers
        )

    def person(self, request: Request, member_id: UUID) -> Response:
        """Show a person with what says so; Fault IDENTITY_PERSON."""
        visit = self._shell.visit(request)
        sheet = self._desk.sheet(visit.who.tenant_id, member_id)
        words = texts(visit.language)
        rows = [_row(one, sheet, words) for one in sheet.evidence]
        return self._shell.page(
            visit,
            "identity_person.html",
            sheet=sheet,
            member_id=member_id,
            standing=[one for one in rows if one.row.stands],
            gone=[one for one in rows if not one.row.stands],
            looks=[sheet.looks[one] for one in sheet.handles if one in sheet.looks],
            names=[(one.kind, _short(one, sheet.looks)) for one in sheet.handles],
            may_change=self._may(visit),
        )

    # ---- what is decided ------------------------------------------------------------------------

    def decide(
        self,
        request: Request,
        candidate_id: UUID,
        decision: Decision,
        why: Why = "",
        csrf: Csrf = "",
    ) -> Response:
        """Decide on a pair, or leave it for later."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            pair = self._desk.decide(visit.who, candidate_id, decision, why)
            return Said(texts(visit.language)(f"identity.done_{decision}", likely=pair.likely))

        return self._shell.told(visit, PAGE, act)

    def search(self, request: Request, csrf: Csrf = "") -> Response:
        """Ask for a search now."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._desk.search(visit.who)
            return Said(texts(visit.language)("identity.asked"))

        return self._shell.told(visit, PAGE, act)

    def say(
        self,
        request: Request,
        first: Name,
        second: Name,
        why: Why = "",
        apart: Annotated[str, Form()] = "",
        csrf: Csrf = "",
    ) -> Response:
        """Say that two names are, or are not, one person."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            ends = handle_of(first), handle_of(second)
            self._desk.say(visit.who, ends, why, apart=bool(apart))
            return Said(texts(visit.language)("identity.said"))

        return self._shell.told(visit, _back(first), act)

    def unlink(
        self,
        request: Request,
        link_id: UUID,
        person: Annotated[str, Form(max_length=64)] = "",
        why: Why = "",
        csrf: Csrf = "",
    ) -> Response:
        """Take evidence back."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._desk.unlink(visit.who, link_id, why)
            return Said(texts(visit.language)("identity.taken_back"))

        return self._shell.told(visit, _back(person), act)

    def block(self, request: Request, name: Name, why: Why = "", csrf: Csrf = "") -> Response:
        """Let a value name nobody."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._desk.block(visit.who, handle_of(name), why)
            return Said(texts(visit.language)("identity.blocked_done"))

        return self._shell.told(visit, PAGE, act)

    def unblock(self, request: Request, name: Name, why: Why = "", csrf: Csrf = "") -> Response:
        """Let a value name somebody again."""
        visit = self._shell.writing_visit(request, csrf)

        def act() -> Said:
            self._desk.unblock(visit.who, handle_of(name), why)
            return Said(texts(visit.language)("identity.unblocked_done"))

        return self._shell.told(visit, PAGE, act)

    @property
    def _desk(self) -> IdentityDesk:
        return self._shell.deps.identity

    def _may(self, visit: Visit) -> bool:
        return may(visit.who.role, Right.IDENTITY_CHANGE)


def _card(pair: Pair, looks: Mapping[Handle, Look]) -> PairCard:
    rows = [(*key.partition(".")[::2], weight) for key, weight in pair.signs.items()]
    signs = sorted(
        (SignRow(name, level, weight) for name, level, weight in rows),
        key=lambda one: FIELDS.index(one.field) if one.field in FIELDS else len(FIELDS),
    )
    first, second = (looks.get(end) or Look(end) for end in (pair.first, pair.second))
    return PairCard(pair, first, second, tuple(signs))


def _words(card: PairCard) -> str:
    parts = [text_of(card.pair.first), text_of(card.pair.second)]
    for look in (card.first, card.second):
        parts += [look.name, look.phone, look.source]
    return "\n".join(parts).casefold()


def _row(one: Evidence, sheet: Sheet, words: Texts) -> EvidenceRow:
    refused = sheet.refused.get(one.link.link_id, "")
    return EvidenceRow(
        one,
        _named(one.link.first, sheet.looks, words),
        _named(one.link.second, sheet.looks, words),
        _source(one.link.source, words),
        words.or_else(f"identity.why_{refused}", words("identity.why_limit", kind=refused))
        if refused
        else "",
    )


def _named(handle: Handle, looks: Mapping[Handle, Look], words: Texts) -> str:
    kind = words.or_else(f"identity.kind_{handle.kind}", handle.kind)
    return f"{kind} {_short(handle, looks)}"


def _short(handle: Handle, looks: Mapping[Handle, Look]) -> str:
    """Return what of a name is worth reading: hashes and ids by their beginning."""
    look = looks.get(handle)
    if look is not None and (look.name or look.phone):
        return f"{look.name} {look.phone}".strip()
    value = handle.value.rpartition(":")[2] or handle.value
    return value if len(value) <= 2 * _SHORT else value[:_SHORT] + "…"


def _source(source: str, words: Texts) -> str:
    kind, _, who = source.partition(":")
    return words.or_else(f"identity.source_{kind}", kind) + (f" {who[:36]}" if kind == "hq" else "")


def _back(name: str) -> str:
    """Return the person's page that a name is a member of; else the queue."""
    kind, colon, value = name.strip().partition(":")
    value = value if colon else kind
    try:
        member = UUID(value)
    except ValueError:
        return PAGE
    return f"{PAGE}/{member}" if not colon or kind == MEMBER else PAGE
