"""Drafts of rules: begun from a version, saved edit by edit, told apart when two write at once."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from cloud_broker.domain.guessed_tags import refuse_guesses
from cloud_broker.domain.rights import Right, may
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.drafts import Draft, Edit, Published, RuleOrder
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.twin import Person
from retail_core import limits
from retail_core.errors import Fault
from retail_core.pricing.comparing.differing import GROUPS
from retail_core.pricing.rules.bundle import SIGNATURE_BYTES, RuleBundle, parse_bundle
from retail_core.pricing.wording.places import line_of
from retail_core.texts.faults import FaultCode

SHOWN = 50
NAME_CHARS_MAX = 80
EMPTY = '{\n  "version": 1,\n  "offers": []\n}\n'


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft's text as it was read: the bundle, or what is wrong and on which line."""

    bundle: RuleBundle | None
    fault: Fault | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class DraftOpen:
    """A draft with its newest text, who saved which edit, and what reading it came to."""

    draft: Draft
    text: str
    edits: tuple[Edit, ...]
    checked: Checked


@dataclass(frozen=True, slots=True)
class RulesOverview:
    """Versions, how many boxes sell by each, drafts and publications."""

    published: tuple[Published, ...]
    boxes: Mapping[int, int]
    drafts: tuple[Draft, ...]
    orders: tuple[RuleOrder, ...]


@dataclass(frozen=True, slots=True)
class Saving:
    """What somebody saves: a text, over the edit that was looked at, perhaps another name."""

    edit: int
    text: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class RuleSaving:
    """One rule of a draft: as it shall be, None to take it out; `rule_id` is its id so far."""

    edit: int
    group: str
    rule_id: str
    rule: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class DraftDesk:
    """Answers HQ's pages and API."""

    units: Units
    clock: Clock
    ids: IdSource

    def overview(self, tenant: UUID) -> RulesOverview:
        """Return what there is."""
        with self.units.begin(tenant) as unit:
            held = Counter(unit.drafts.held().values())
            return RulesOverview(
                unit.drafts.published(SHOWN),
                held,
                unit.drafts.drafts(SHOWN),
                unit.drafts.orders(SHOWN),
            )

    def version(self, tenant: UUID, version: int) -> tuple[Published, str]:
        """Return a published version and its JSON; Fault API_NOT_FOUND."""
        with self.units.begin(tenant) as unit:
            every = unit.drafts.published(version_span(unit, version))
            found = next((one for one in every if one.version == version), None)
            content = content_of(unit, version)
        if found is None or not content:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"version {version}")
        return found, content.decode()

    def boxes_with(self, tenant: UUID, version: int) -> frozenset[UUID]:
        """Return the boxes that sell by a version."""
        with self.units.begin(tenant) as unit:
            held = unit.drafts.held()
        return frozenset(device for device, one in held.items() if one == version)

    def begin(self, who: Person, name: str, version: int) -> Draft:
        """Begin a draft from a published version, 0 for an empty one.

        Faults API_SCOPE_MISSING, API_NOT_FOUND, RULES_FORM_WRONG.
        """
        check_right(who, Right.RULES_CHANGE)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            content = content_of(unit, version) if version else EMPTY.encode()
            if content is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"version {version}")
            by = who.login, now_ms
            draft = Draft(self.ids.uuid7(), _name(name), version, 1, "open", *by, *by)
            unit.drafts.add(draft, content.decode())
            _audit(unit, who, "rules.draft", draft, now_ms, {"base": version})
        return draft

    def open(self, tenant: UUID, draft_id: UUID, edit: int = 0) -> DraftOpen:
        """Return a draft, by default at its newest edit; Fault API_NOT_FOUND."""
        with self.units.begin(tenant) as unit:
            draft = found(unit, draft_id)
            text = text_of(unit, draft_id, edit or draft.edit)
            return DraftOpen(draft, text, unit.drafts.edits(draft_id, SHOWN), check(text))

    def save(self, who: Person, draft_id: UUID, saving: Saving) -> DraftOpen:
        """Save a text, right or not: nothing that was written is thrown away.

        Faults API_SCOPE_MISSING, API_NOT_FOUND, API_BODY_TOO_LARGE, RULES_FORM_WRONG,
        RULES_DRAFT_OVER, RULES_DRAFT_CHANGED when somebody saved meanwhile.
        """
        check_right(who, Right.RULES_CHANGE)
        if len(saving.text.encode()) > limits.BUNDLE_BYTES_MAX:
            raise Fault(FaultCode.API_BODY_TOO_LARGE, limit_bytes=limits.BUNDLE_BYTES_MAX)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            draft = open_draft(unit, draft_id, saving.edit)
            name = draft.name if saving.name is None else _name(saving.name)
            same = text_of(unit, draft_id, draft.edit) == saving.text
            if not (same and name == draft.name):
                draft = replace(
                    draft,
                    name=name,
                    edit=draft.edit + (not same),
                    changed_by=who.login,
                    changed_ms=now_ms,
                )
                unit.drafts.save(draft, None if same else saving.text)
                _audit(unit, who, "rules.save", draft, now_ms, {"edit": draft.edit})
        return self.open(who.tenant_id, draft_id)

    def save_rule(self, who: Person, draft_id: UUID, saving: RuleSaving) -> DraftOpen:
        """Put one rule into a draft, in the place of the one with its id, or take it out.

        A rule that is not valid is not taken: its form says why. Faults as for `save`, P107.
        """
        opened = self.open(who.tenant_id, draft_id, saving.edit)
        text = with_rule(opened.text, saving)
        if saving.rule is not None:
            checked = check(text)
            if checked.fault is not None and _is_about(checked.fault, saving.rule.get("id")):
                raise checked.fault
        return self.save(who, draft_id, Saving(saving.edit, text))

    def drop(self, who: Person, draft_id: UUID) -> None:
        """Lay a draft aside; its edits stay. Faults as for `save`."""
        check_right(who, Right.RULES_CHANGE)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            draft = open_draft(unit, draft_id)
            over = replace(draft, state="dropped", changed_by=who.login, changed_ms=now_ms)
            unit.drafts.save(over, None)
            _audit(unit, who, "rules.drop", draft, now_ms, {})


def check_right(who: Person, right: Right) -> None:
    """Let through who has a right; Fault API_SCOPE_MISSING."""
    if not may(who.role, right):
        raise Fault(FaultCode.API_SCOPE_MISSING, scope=right.value)


def check(text: str) -> Checked:
    """Read a draft's text."""
    try:
        bundle = parse_bundle(text.encode())
        refuse_guesses(bundle)
        return Checked(bundle)
    except Fault as fault:
        owner, field = (str(fault.fields.get(name, "")) for name in ("offer", "field"))
        return Checked(None, fault, line_of(text, owner, field, str(fault.fields.get("reason"))))


def with_rule(text: str, saving: RuleSaving) -> str:
    """Return a draft's text with one rule otherwise; Fault P107 for a text that is no JSON."""
    try:
        whole = json.loads(text)
        rules = [dict(one) for one in whole.get(saving.group, ())]
    except (ValueError, AttributeError, TypeError):
        fault = check(text).fault
        raise fault or Fault(FaultCode.API_BODY_INVALID, detail="JSON") from None
    at = next((at for at, one in enumerate(rules) if one.get("id") == saving.rule_id), None)
    if saving.rule is None:
        rules = [one for place, one in enumerate(rules) if place != at]
    elif at is None:
        rules.append(dict(saving.rule))
    else:
        rules[at] = dict(saving.rule)
    return written({**whole, saving.group: rules})


def written(plain: Mapping[str, Any]) -> str:
    """Return a bundle as people read it: a rule's parts on lines of their own."""
    return json.dumps(plain, ensure_ascii=False, indent=2) + "\n"


def found(unit: Unit, draft_id: UUID, *, locked: bool = False) -> Draft:
    """Return a draft; Fault API_NOT_FOUND."""
    draft = unit.drafts.draft(draft_id, locked=locked)
    if draft is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"draft {draft_id}")
    return draft


def open_draft(unit: Unit, draft_id: UUID, edit: int | None = None) -> Draft:
    """Return a draft, locked, that may still change and stands at the edit that was looked at.

    Faults API_NOT_FOUND, RULES_DRAFT_OVER, RULES_DRAFT_CHANGED.
    """
    draft = found(unit, draft_id, locked=True)
    if draft.state != "open":
        raise Fault(FaultCode.RULES_DRAFT_OVER)
    if edit is not None and edit != draft.edit:
        raise Fault(FaultCode.RULES_DRAFT_CHANGED, who=draft.changed_by, edit=draft.edit)
    return draft


def text_of(unit: Unit, draft_id: UUID, edit: int) -> str:
    """Return an edit's text; Fault API_NOT_FOUND."""
    held = unit.drafts.edit(draft_id, edit)
    if held is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"edit {edit}")
    return held.content


def content_of(unit: Unit, version: int) -> bytes | None:
    """Return a published version's JSON."""
    signed = unit.catalogue.content("bundle", version)
    return None if signed is None else signed[SIGNATURE_BYTES:]


def version_span(unit: Unit, version: int) -> int:
    """Return how many of the newest versions reach back to this one."""
    newest = unit.catalogue.newest("bundle")
    return max(1, (0 if newest is None else newest.version) - version + 1)


def group_of(rule_id: str, plain: Mapping[str, Any]) -> str | None:
    """Return in which of a bundle's lists a rule stands."""
    return next(
        (
            group
            for group in GROUPS
            if any(one.get("id") == rule_id for one in plain.get(group, ()))
        ),
        None,
    )


def _name(name: str) -> str:
    said = " ".join(name.split())
    if not 0 < len(said) <= NAME_CHARS_MAX:
        raise Fault(FaultCode.RULES_FORM_WRONG, field="name", reason=f"1–{NAME_CHARS_MAX}")
    return said


def _is_about(fault: Fault, rule_id: object) -> bool:
    return fault.fields.get("offer") == rule_id


def _audit(
    unit: Unit, who: Person, action: str, draft: Draft, now_ms: int, said: dict[str, object]
) -> None:
    unit.hq.audit(
        AuditEntry(who.login, action, str(draft.draft), {"name": draft.name} | said), now_ms
    )
