"""What is said of persons, their evidence and pairs, as plain values for programs."""

from cloud_broker.ports.evidence import Blocked, Evidence, Look, Pair, Run
from cloud_broker.services.insight.identity_desk import Queue, Sheet, text_of
from retail_core.insight.persons.plan import Membership

Plain = dict[str, object]


def queue_values(queue: Queue) -> Plain:
    """Return what waits for a look."""
    return {
        "pairs": [pair_values(one) for one in queue.pairs],
        "looks": {text_of(one.handle): look_values(one) for one in queue.looks.values()},
        "runs": [run_values(one) for one in queue.runs],
        "blocked": [blocked_values(one) for one in queue.blocked],
        "wallets_waiting": [[_membership(one) for one in some] for some in queue.asked],
    }


def sheet_values(sheet: Sheet) -> Plain:
    """Return a person."""
    profile = sheet.profile
    return {
        "person": str(sheet.person),
        "members": [_membership(one) for one in sheet.members],
        "names": [text_of(one) for one in sheet.handles],
        "properties": dict(profile.properties),
        "points": profile.points,
        "consents": dict(profile.consents),
        "evidence": [
            evidence_values(one) | {"refused": sheet.refused.get(one.link.link_id, "")}
            for one in sheet.evidence
        ],
    }


def evidence_values(one: Evidence) -> Plain:
    """Return a row of evidence."""
    return {
        "link": one.link.link_id,
        "first": text_of(one.link.first),
        "second": text_of(one.link.second),
        "apart": one.link.apart,
        "source": one.link.source,
        "rule": one.link.rule,
        "at_ms": one.link.at_ms,
        "heard_ms": one.heard_ms,
        "note": one.note,
        "retracted_ms": one.retracted_ms,
        "retracted_by": one.retracted_by,
        "retracted_why": one.retracted_why,
    }


def pair_values(pair: Pair) -> Plain:
    """Return a pair that may be one person."""
    return {
        "pair": str(pair.candidate_id),
        "first": text_of(pair.first),
        "second": text_of(pair.second),
        "likely": round(pair.likely, 6),
        "signs": dict(pair.signs),
        "rule": pair.rule,
        "state": pair.state,
        "made_ms": pair.made_ms,
        "decided_by": pair.decided_by,
    }


def run_values(run: Run) -> Plain:
    """Return a search."""
    return {
        "run": str(run.run_id),
        "state": run.state,
        "step": run.step,
        "asked_by": run.asked_by,
        "asked_ms": run.asked_ms,
        "began_ms": run.began_ms,
        "ended_ms": run.ended_ms,
        "counts": dict(run.counts),
        "why": run.why,
    }


def blocked_values(one: Blocked) -> Plain:
    """Return a value that names nobody."""
    said = {"why": one.why, "who": one.who, "at_ms": one.at_ms}
    return {"name": text_of(one.handle), **said}


def look_values(look: Look) -> Plain:
    """Return what is seen of somebody, masked."""
    return {
        "name": look.name,
        "phone": look.phone,
        "source": look.source,
        "since_ms": look.since_ms,
        "last_ms": look.last_ms,
        "facts": dict(look.facts),
    }


def _membership(one: Membership) -> Plain:
    return {"member": one.member, "since_ms": one.since_ms, "may_join": one.may_join}
