"""Rules going out: looked at, to all stores or some first, agreed to by a second person, back."""

import json
from dataclasses import dataclass, replace
from uuid import UUID

from cloud_broker.domain.rights import Right
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.drafts import Draft, DraftState, OrderKind, RuleOrder
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.twin import Person
from cloud_broker.services.published.catalogue import CataloguePublisher
from cloud_broker.services.rules.drafting import (
    EMPTY,
    check_right,
    content_of,
    found,
    open_draft,
    text_of,
    written,
)
from retail_core.errors import Fault
from retail_core.fleet.commands import alone_max, needs_second
from retail_core.pricing.comparing.differing import Differences, differences, differs_in
from retail_core.pricing.comparing.staging import Plain, Stage, staged
from retail_core.pricing.rules.bundle import RuleBundle, parse_bundle
from retail_core.pricing.rules.context import StoreContext
from retail_core.texts.faults import FaultCode

WHY_CHARS_MAX = 200
ORDERS_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class StoreLook:
    """What a store would notice: rules by id, and parts."""

    name: str
    region: str
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A publication before it is asked for; `drifted` when the draft began from an older version.

    `stores` are those that would notice anything, `alone` how many are one person's.
    """

    kind: OrderKind
    base: int
    version: int
    changes: Differences
    stores: tuple[StoreLook, ...]
    of: int
    alone: int
    needs_second: bool
    drifted: bool
    before: RuleBundle
    after: RuleBundle
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A publication as somebody asks for it, having seen version `seen` in force.

    With `stage` it begins in some stores or regions; `back_to` is a version to go back to, else a
    draft's edit goes out.
    """

    seen: int
    draft: UUID | None = None
    edit: int = 0
    stage: Stage | None = None
    back_to: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class RuleOffice:
    """Answers HQ's pages and API; what is published is signed by `publisher`, as ever."""

    units: Units
    clock: Clock
    ids: IdSource
    publisher: CataloguePublisher

    def look(self, tenant: UUID, asked: Asked) -> Look:
        """Say what a publication would change and where; nothing is written.

        Faults API_NOT_FOUND, P107, P120, RULES_NOT_STAGED.
        """
        with self.units.begin(tenant) as unit:
            return _look(unit, asked)

    def ask(self, who: Person, asked: Asked) -> RuleOrder:
        """Publish, or wait for a second person where many stores would notice.

        Faults API_SCOPE_MISSING, those of `look`, RULES_DRAFT_OVER, RULES_DRAFT_CHANGED,
        RULES_MOVED when something was published since, RULES_NOTHING_NEW.
        """
        check_right(who, Right.RULES_PUBLISH)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            draft = None
            if asked.draft is not None and not asked.back_to:
                draft = open_draft(unit, asked.draft, asked.edit)
            look = _look(unit, asked)
            if look.base != asked.seen:
                raise Fault(FaultCode.RULES_MOVED, newest=look.base)
            if not look.changes or (asked.stage is not None and not look.stores):
                raise Fault(FaultCode.RULES_NOTHING_NEW, newest=look.base)
            stage = asked.stage or Stage()
            order = RuleOrder(
                *(self.ids.uuid7(), look.kind, None if draft is None else draft.draft, asked.edit),
                *(tuple(sorted(stage.stores)), tuple(sorted(stage.regions)), look.base),
                len(look.stores),
                "waiting",
                who.login,
                asked.why.strip()[:WHY_CHARS_MAX],
                now_ms,
            )
            unit.drafts.add_order(order, look.text)
            said: dict[str, object] = {"kind": look.kind, "stores": order.reach, "why": order.why}
            _audit(unit, who, "rules.order", order, now_ms, said)
            if not look.needs_second:
                return self._publish(unit, who, order, look.text, now_ms)
            _set_draft(unit, draft, "waiting", who, now_ms)
        return order

    def agree(self, who: Person, order_id: UUID) -> RuleOrder:
        """Let a publication go out, as the second person.

        Faults API_SCOPE_MISSING, API_NOT_FOUND, COMMAND_OWN_SECOND, RULES_MOVED.
        """
        check_right(who, Right.RULES_PUBLISH)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            order, text = _waiting(unit, order_id)
            if order.author == who.login:
                raise Fault(FaultCode.COMMAND_OWN_SECOND)
            newest = newest_of(unit)
            if newest != order.base:
                raise Fault(FaultCode.RULES_MOVED, newest=newest)
            agreed = replace(order, second=who.login)
            _audit(unit, who, "rules.agree", order, now_ms, {})
            return self._publish(unit, who, agreed, text, now_ms)

    def drop(self, who: Person, order_id: UUID) -> None:
        """Take back a publication that waits; its draft can be changed again.

        Faults API_SCOPE_MISSING, API_NOT_FOUND.
        """
        check_right(who, Right.RULES_PUBLISH)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            order, _ = _waiting(unit, order_id)
            unit.drafts.decide(replace(order, state="dropped", decided_ms=now_ms))
            draft = None if order.draft is None else found(unit, order.draft, locked=True)
            _set_draft(unit, draft, "open", who, now_ms)
            _audit(unit, who, "rules.order_drop", order, now_ms, {})

    def _publish(
        self, unit: Unit, who: Person, order: RuleOrder, text: str, now_ms: int
    ) -> RuleOrder:
        version = self.publisher.publish_rules(unit, who.tenant_id, text.encode(), who=order.author)
        done = replace(order, state="published", version=version, decided_ms=now_ms)
        unit.drafts.decide(done)
        draft = None if order.draft is None else found(unit, order.draft, locked=True)
        _set_draft(unit, draft, "published" if order.kind == "all" else "open", who, now_ms)
        return done


def newest_of(unit: Unit) -> int:
    """Return the newest published version, 0 before the first."""
    newest = unit.catalogue.newest("bundle")
    return 0 if newest is None else newest.version


def _look(unit: Unit, asked: Asked) -> Look:
    base = newest_of(unit)
    held = (content_of(unit, base) if base else None) or EMPTY.encode()
    before = parse_bundle(held)
    text, drifted = _wanted(unit, asked, base)
    plain, draft = _plain(text), parse_bundle(text.encode())
    kind: OrderKind = "back" if asked.back_to else "all"
    if asked.stage is not None:
        kind = "stage"
        plain = staged((_plain(held.decode()), before), (plain, draft), asked.stage)
    version = 1 + max(base, unit.restores.highest("bundle"))
    if version <= base:
        raise Fault(FaultCode.RULES_MOVED, newest=base)
    made = written({**plain, "version": version})
    after = parse_bundle(made.encode())
    stores = [one for one in unit.masters.stores() if not one.closed]
    looks = tuple(
        StoreLook(one.name, one.region, notices)
        for one in stores
        if (notices := differs_in(before, after, StoreContext(store=one.name, region=one.region)))
    )
    return Look(
        *(kind, base, version, differences(before, draft), looks, len(stores)),
        *(alone_max(len(stores)), needs_second(len(looks), len(stores), dry=False)),
        drifted,
        before,
        draft,
        made,
    )


def _wanted(unit: Unit, asked: Asked, base: int) -> tuple[str, bool]:
    """Return the text that is to go out, and whether its draft began from an older version."""
    if asked.back_to:
        content = content_of(unit, asked.back_to)
        if content is None or asked.back_to == base:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"version {asked.back_to}")
        return content.decode(), False
    if asked.draft is None:
        raise Fault(FaultCode.API_NOT_FOUND, what="draft")
    draft = found(unit, asked.draft)
    # A stage of this very draft is what it goes on from; all else between was somebody else's.
    own = sum(
        order.version > draft.base and order.draft == draft.draft
        for order in unit.drafts.orders(ORDERS_LOOKED_AT)
    )
    return text_of(unit, draft.draft, asked.edit or draft.edit), base - draft.base > own


def _plain(text: str) -> Plain:
    plain: Plain = json.loads(text.removeprefix("\ufeff"))
    return plain


def _waiting(unit: Unit, order_id: UUID) -> tuple[RuleOrder, str]:
    held = unit.drafts.order(order_id)
    if held is None or held[0].state != "waiting":
        raise Fault(FaultCode.API_NOT_FOUND, what=f"publication {order_id}")
    return held


def _set_draft(
    unit: Unit, draft: Draft | None, state: DraftState, who: Person, now_ms: int
) -> None:
    if draft is not None:
        unit.drafts.save(replace(draft, state=state, changed_by=who.login, changed_ms=now_ms), None)


def _audit(
    unit: Unit, who: Person, action: str, order: RuleOrder, now_ms: int, said: dict[str, object]
) -> None:
    unit.hq.audit(AuditEntry(who.login, action, str(order.order), said), now_ms)
