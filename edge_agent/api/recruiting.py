"""What the routes for recruiting work with, as one part of the API's."""

from dataclasses import dataclass

from edge_agent.ports.known_persons import KnownPersons
from edge_agent.services.line.person_intake import PersonIntake
from edge_agent.services.members.recruit import Recruit
from edge_agent.services.members.sms_desk import SmsDesk


@dataclass(frozen=True, slots=True)
class Recruiting:
    """Finding or creating by phone, codes by SMS, and the summary of known persons."""

    recruit: Recruit
    sms: SmsDesk
    intake: PersonIntake
    known: KnownPersons

    def stop(self) -> None:
        """End what fetches beside, and let go of the file; safe to call twice."""
        self.intake.stop()
        self.known.close()
