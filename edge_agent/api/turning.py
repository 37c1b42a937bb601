"""The head-turn challenge as the till and its screen see it."""

from collections.abc import Mapping
from typing import Literal

from edge_agent.api.hub import EventHub
from edge_agent.api.models.identify import TurnAnswered
from edge_agent.api.views import challenge, may_now, reason
from edge_agent.api.visits import Visits
from edge_agent.domain.lanes import Place
from edge_agent.services.recognition.turn_head import Turned, TurnHead
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
    """Asks for a turn, tells the lane's screens what to do, and notes who passed.

    `turns` are the lanes' own: each has its camera, and one challenge at a time.
    """

    def __init__(self, hub: EventHub, visits: Visits, turns: Mapping[str, TurnHead]) -> None:
        self._hub = hub
        self._visits = visits
        self._turns = turns

    def run(self, place: Place) -> TurnAnswered:
        """Ask who stands at a till; Faults FACE_TURN_NOBODY and those of the service."""
        till, member_id = self._visits.to_turn(place)

        def moot() -> bool:
            stands = self._visits.standing(place, member_id)
            return stands.assurance is not Assurance.LOW or stands.turned

        turns = self._turns[place.lane]
        done = turns.run(member_id, lambda turn: self._tell(place, turn), moot)
        outcome = _outcome(done)
        if outcome == "passed" and not self._visits.turned(till, member_id):
            outcome = "cancelled"
        standing, policy = self._visits.standing(place, member_id), self._visits.policy
        answer = TurnAnswered(
            lane=place.lane,
            outcome=outcome,
            reason=None if done.reason is None else reason(done.reason),
            member_id=member_id,
            allowed=may_now(standing, policy),
            challenge=challenge(standing, policy),
            frames=done.frames,
            total_ms=done.total_ms,
        )
        self._publish(place, outcome, done.turn, answer.model_dump(mode="json"))
        return answer

    def cancel(self, place: Place) -> bool:
        """End the challenge under way at a lane; False when there is none."""
        return self._turns[place.lane].cancel()

    def _tell(self, place: Place, turn: HeadTurn) -> None:
        if not turn.over:
            prompt = "back" if turn.phase is Phase.BACK else turn.prompt
            self._publish(place, prompt, turn, {"outcome": "running"})

    def _publish(self, place: Place, say: str, turn: HeadTurn, more: dict[str, object]) -> None:
        zh, en = WORDS[say]
        told = {"till": place.till, "prompt": say, "zh": zh, "en": en, "progress": turn.progress}
        self._hub.publish("challenge", told | more, lane=place.lane)


def _outcome(done: Turned) -> Literal["passed", "failed", "cancelled"]:
    if done.cancelled:
        return "cancelled"
    return "passed" if done.passed else "failed"
