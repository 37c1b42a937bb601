"""Recruiting, wired: by phone, by a code, with the summary of known persons beside it."""

from edge_agent.adapters.known_persons_file import FileKnownPersons
from edge_agent.api.recruiting import Recruiting
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.lines import Lines
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.person_intake import PersonIntake
from edge_agent.services.members.enrol import Enrol
from edge_agent.services.members.members import Members
from edge_agent.services.members.recruit import Recruit
from edge_agent.services.members.sms_desk import SmsDesk
from edge_agent.services.shop.price_desk import PriceDesk

PERSONS = "persons"


def build_recruiting(
    basis: Basis,
    storage: Storage,
    lines: Lines,
    desk: tuple[Recorder, Members, PriceDesk],
    enrol: Enrol,
) -> Recruiting:
    """Wire it, and let the downlink tell of new summaries."""
    recorder, members, prices = desk
    known = FileKnownPersons(basis.settings.config.data_dir)
    intake = PersonIntake(lines.persons, known, basis.tally)
    lines.downlink.beside(PERSONS, intake.told)
    return Recruiting(
        recruit=Recruit(members, enrol, known, prices, recorder),
        sms=SmsDesk(lines.persons, storage.replica, members, basis.clock),
        intake=intake,
        known=known,
    )
