"""Drafts, publications and works as JSON for programs."""

from typing import Any

import msgspec

from cloud_broker.domain.rule_work import findings, tallies
from cloud_broker.ports.drafts import Draft, Published, RuleJob, RuleOrder
from cloud_broker.services.rules.drafting import DraftOpen
from cloud_broker.services.rules.publishing import Look
from retail_core.pricing.linting.words import finding_words

Said = dict[str, Any]


def published_said(one: Published) -> Said:
    """Return a version."""
    return {
        "version": one.version,
        "sha256": one.sha256.hex(),
        "by": one.made_by,
        "at_ms": one.made_ms,
    }


def draft_said(one: Draft) -> Said:
    """Return a draft without its text."""
    return {
        "draft": str(one.draft),
        "name": one.name,
        "base": one.base,
        "edit": one.edit,
        "state": one.state,
        "made_by": one.made_by,
        "made_ms": one.made_ms,
        "changed_by": one.changed_by,
        "changed_ms": one.changed_ms,
    }


def opened_said(one: DraftOpen) -> Said:
    """Return a draft with its text, and what is wrong with it."""
    fault, wrong = one.checked.fault, None
    if fault is not None:
        wrong = {
            "code": fault.code.value,
            "rule": fault.fields.get("offer", ""),
            "field": fault.fields.get("field", ""),
            "line": one.checked.line,
            "zh": fault.text("zh"),
            "en": fault.text("en"),
        }
    return draft_said(one.draft) | {"text": one.text, "wrong": wrong}


def order_said(one: RuleOrder) -> Said:
    """Return a publication."""
    return {
        "order": str(one.order),
        "kind": one.kind,
        "draft": None if one.draft is None else str(one.draft),
        "edit": one.edit,
        "stores": list(one.stores),
        "regions": list(one.regions),
        "base": one.base,
        "reach": one.reach,
        "state": one.state,
        "author": one.author,
        "second": one.second,
        "why": one.why,
        "made_ms": one.made_ms,
        "version": one.version,
    }


def look_said(one: Look) -> Said:
    """Return what a publication would change, and where."""
    return {
        "kind": one.kind,
        "base": one.base,
        "version": one.version,
        "rules": [
            {"rule": each.rule.id, "change": each.kind, "fields": list(each.fields)}
            for each in one.changes.rules
        ],
        "parts": list(one.changes.parts),
        "stores": [
            {"store": each.name, "region": each.region, "notices": list(each.notices)}
            for each in one.stores
        ],
        "of": one.of,
        "alone": one.alone,
        "needs_second": one.needs_second,
        "drifted": one.drifted,
    }


def job_said(one: RuleJob) -> Said:
    """Return how far a work is."""
    return {
        "job": str(one.job),
        "kind": one.kind,
        "draft": str(one.draft),
        "edit": one.edit,
        "against": one.against,
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "state": one.state,
        "total": one.total,
        "done": one.done,
        "reason": one.reason,
    }


def result_said(one: RuleJob, result: bytes) -> Said:
    """Return what came of a work so far: findings in both languages, or a tally."""
    if not result:
        return {}
    if one.kind == "replay":
        return {"tally": msgspec.to_builtins(tallies.decode(result))}
    found = [
        msgspec.to_builtins(each)
        | {
            language: finding_words(each.kind, each.rules, each.fields, language)
            for language in ("zh", "en")
        }
        for each in findings.decode(result)
    ]
    return {"findings": found}
