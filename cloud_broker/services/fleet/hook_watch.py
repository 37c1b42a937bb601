"""What of partners' subscriptions a person has to hear of: one was paused, it never answered."""

from cloud_broker.domain.alert_plan import Trouble
from cloud_broker.ports.unit import Unit
from retail_core.texts.faults import FaultCode


def hook_troubles(unit: Unit) -> tuple[Trouble, ...]:
    """Return which are paused; it is over when somebody lets them go on or ends them."""
    return tuple(
        Trouble(
            None,
            FaultCode.WEBHOOK_PAUSED.value,
            str(hook.hook),
            hook.paused_ms,
            {"name": hook.name, "reason": hook.pause_reason},
        )
        for hook in unit.hooks.hooks()
        if hook.paused_ms is not None
    )
