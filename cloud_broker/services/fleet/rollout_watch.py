"""What of a rollout a person has to hear of: it stopped by itself, or it waits for somebody."""

from cloud_broker.domain.alert_plan import Trouble
from cloud_broker.ports.rollouts import RolloutRow
from cloud_broker.ports.unit import Unit
from retail_core.fleet.rollout import BAD
from retail_core.texts.faults import FaultCode


def rollout_troubles(unit: Unit) -> tuple[Trouble, ...]:
    """Return what is to be told of the newest rollout; it is over when another one begins."""
    return tuple(
        Trouble(None, code.value, str(row.rollout_id), row.going.ring_ms, _said(unit, row, code))
        for row in unit.rollouts.rollouts(1)
        if (code := _code(row)) is not None
    )


def _code(row: RolloutRow) -> FaultCode | None:
    going = row.going
    if going.state == "waiting" or (going.state == "paused" and going.why == "approval"):
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
