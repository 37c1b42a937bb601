"""What of a rollout a person hears of: it stopped, it waits for someone, a shop sold too little."""

from cloud_broker.domain.alert_plan import Trouble
from cloud_broker.ports.rollouts import RolloutRow
from cloud_broker.ports.unit import Unit
from retail_core.fleet.rollout import BAD, BoxStage
from retail_core.texts.faults import FaultCode

QUIET = FaultCode.RELEASE_QUIET.value


def rollout_troubles(unit: Unit) -> tuple[Trouble, ...]:
    """Return what is to be told of the newest rollout; it is over when another one begins."""
    found: list[Trouble] = []
    for row in unit.rollouts.rollouts(1):
        about, since_ms = str(row.rollout_id), row.going.ring_ms
        if (code := _code(row)) is not None:
            found.append(Trouble(None, code.value, about, since_ms, _said(unit, row, code)))
        found += [
            Trouble(one.store, QUIET, str(one.device), one.changed_ms, {"version": row.version})
            for one in unit.rollouts.boxes(row.rollout_id)
            if one.stage is BoxStage.REVERTED and one.code == QUIET
        ]
    return tuple(found)


def _code(row: RolloutRow) -> FaultCode | None:
    going = row.going
    if going.state == "waiting" or (going.state == "paused" and going.why in {"approval", "quiet"}):
        return FaultCode.ROLLOUT_WAITS
    if going.state == "stopped":
        stopped = {
            "failures": FaultCode.ROLLOUT_FAILED,
            "sales": FaultCode.ROLLOUT_LOST_SALES,
        }
        return stopped.get(going.why)
    return None


def _said(unit: Unit, row: RolloutRow, code: FaultCode) -> dict[str, str]:
    said = {"version": row.version}
    if code is FaultCode.ROLLOUT_FAILED:
        boxes = unit.rollouts.boxes(row.rollout_id)
        said["failed"] = str(sum(one.stage in BAD for one in boxes))
    return said
