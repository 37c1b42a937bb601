"""The head-turn challenge as the till and its screen see it."""

from typing import Literal
from uuid import UUID

from edge_agent.api.hub import EventHub
from edge_agent.api.models.identify import TurnAnswered
from edge_agent.api.views import challenge, may_now, reason
from edge_agent.api.visits import Visits
from edge_agent.services.turn_head import Turned, TurnHead
from retail_core.identity.assurance import Assurance
from retail_core.identity.head_turn import HeadTurn, Phase

WORDS = {
    "straight": ("请看镜头,先别动", "Look at the camera and hold still"),
    "left": ("请慢慢向左转头", "Slowly turn your head to your left"),
    "right": ("请慢慢向右转头", "Slowly turn your head to your right"),
    "back": ("请慢慢转回来,看镜头", "Slowly turn back to the camera"),
    "passed": ("确认好了", "Confirmed"),
    "failed": ("没有确认", "Not confirmed"),
    "cancelled": ("已取消", "Cancelled"),
}


class TurnCounter:
    """Asks for a turn, tells every screen what to do, and notes who passed."""

    def __init__(self, hub: EventHub, visits: Visits, turns: TurnHead) -> None:
        self._hub = hub
        self._visits = visits
        self._turns = turns

    def run(self, till: UUID | None) -> TurnAnswered:
        """Ask who stands at a till; Faults FACE_TURN_NOBODY and those of the service."""
        at, member_id = self._visits.to_turn(till)

        def moot() -> bool:
            stands = self._visits.standing(at, member_id)
            return stands.assurance is not Assurance.LOW or stands.turned

        done = self._turns.run(member_id, lambda turn: self._tell(at, turn), moot)
        outcome = _outcome(done)
        if outcome == "passed" and not self._visits.turned(at, member_id):
            outcome = "cancelled"
        standing, policy = self._visits.standing(at, member_id), self._visits.policy
        answer = TurnAnswered(
            outcome=outcome,
            reason=None if done.reason is None else reason(done.reason),
            member_id=member_id,
            allowed=may_now(standing, policy),
            challenge=challenge(standing, policy),
            frames=done.frames,
            total_ms=done.total_ms,
        )
        self._publish(at, outcome, done.turn, answer.model_dump(mode="json"))
        return answer

    def cancel(self) -> bool:
        """End the challenge under way; False when there is none."""
        return self._turns.cancel()

    def _tell(self, till: UUID, turn: HeadTurn) -> None:
        if not turn.over:
            prompt = "back" if turn.phase is Phase.BACK else turn.prompt
            self._publish(till, prompt, turn, {"outcome": "running"})

    def _publish(self, till: UUID, say: str, turn: HeadTurn, more: dict[str, object]) -> None:
        zh, en = WORDS[say]
        told = {"till": till, "prompt": say, "zh": zh, "en": en, "progress": turn.progress}
        self._hub.publish("challenge", told | more)


def _outcome(done: Turned) -> Literal["passed", "failed", "cancelled"]:
    if done.cancelled:
        return "cancelled"
    return "passed" if done.passed else "failed"
