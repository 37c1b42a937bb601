"""Ties the line to what uses it: who hears which message, and what is said when a session begins.

Order at a new session: birth, then hello. The hello is answered with everything the cloud has
committed and every change that was missed; the same is asked again when ingest itself was restarted
behind a broker that stayed.
"""

from collections.abc import Callable

from edge_agent.ports.cloud_link import CloudLink, Inbound
from edge_agent.ports.journal import Journal
from edge_agent.ports.replica import Replica
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.line.presence import PresenceBeat
from edge_agent.services.line.rules_held import RulesHeld
from edge_agent.services.line.uplink import Uplink
from edge_agent.services.rights.lease_desk import LeaseDesk
from retail_core.errors import Fault
from retail_core.fleet.twin_settings import Value
from retail_core.sync.cloud_watch import CLOUD_TAILS, CloudWatch
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_cloud_presence
from retail_core.wire.messages import WIRE_VERSION, Hello

ACK_TAIL = "ack"
LANE_TAIL = "lane"


class CloudSession:
    """Starts and stops the three threads around the line in the right order."""

    def __init__(  # noqa: PLR0913 -- it ties these together
        self,
        link: CloudLink,
        journal: Journal,
        replica: Replica,
        uplink: Uplink,
        downlink: Downlink,
        presence: PresenceBeat,
        tally: FaultTally,
        *,
        software: str,
        on_call: Callable[[bytes], None],
        leases: LeaseDesk | None = None,
    ) -> None:
        self._link = link
        self._journal = journal
        self._replica = replica
        self._rules = RulesHeld(replica)
        self._uplink = uplink
        self._downlink = downlink
        self._presence = presence
        self._tally = tally
        self._software = software
        self._on_call = on_call
        self._leases = leases
        self._watch = CloudWatch()
        self.heard: Callable[[], None] = _nobody
        uplink.greet_with(lambda: link.publish_hello(self.hello()))

    def start(self) -> None:
        """Begin; the line connects in the background."""
        self._downlink.start()
        self._uplink.start()
        self._presence.start()
        self._link.start(self.on_message, self._on_state)

    def stop(self) -> None:
        """End all of it; safe to call twice."""
        self._presence.stop()
        self._uplink.stop()
        self._link.stop()
        self._downlink.stop()

    def on_message(self, message: Inbound) -> None:
        """Sort a message of the cloud; what cannot be read is counted."""
        try:
            if message.topic_tail == ACK_TAIL:
                ack = self._uplink.on_ack(message.payload)
                if ack.cloud_epoch:
                    self._downlink.greeted(ack)
                self.heard()
            elif message.topic_tail in CLOUD_TAILS:
                self._on_cloud_state(message)
            elif message.topic_tail == LANE_TAIL:
                self._on_call(message.payload)
            else:
                self._downlink.put(message)
        except Fault as fault:
            self._tally.count(fault.code)
            if fault.code == FaultCode.JOURNAL_FORKED:
                self._begin_anew()

    def _begin_anew(self) -> None:
        """Tell everything that waits under a new epoch: the card was set back, nothing is lost."""
        try:
            if self._leases is not None:
                self._leases.forked()
            else:
                self._journal.begin_epoch()
            self._uplink.reload()
            self._greet()
        except Fault as fault:
            self._tally.count(fault.code)

    def rebirth(self) -> None:
        """Say again how this box is, as at a birth."""
        self._presence.beat()

    def ask_again(self) -> None:
        """Say hello once more: what waits has changed under the cloud's feet."""
        if self._link.connected():
            self._greet()

    def beat_every(self, seconds: Value | None) -> None:
        """Beat so often, or as usual."""
        usual = self._presence.usual_s
        self._presence.beat_every(usual if seconds is None else float(seconds))

    def hello(self) -> Hello:
        """Return what the box holds and has read."""
        return Hello(
            v=WIRE_VERSION,
            epoch=self._journal.epoch,
            lowest_unacked=self._journal.lowest_unacked(),
            next_seq=self._journal.next_seq(),
            feed_pos=self._replica.feed_position()[1],
            catalogue_version=self._replica.catalogue_version(),
            bundle_version=self._rules.version(),
            software=self._software,
        )

    def _on_state(self, connected: bool) -> None:  # noqa: FBT001 -- the port's callback
        if not connected:
            return
        try:
            self._presence.beat()
            self._greet()
        except Fault as fault:
            self._tally.count(fault.code)

    def _greet(self) -> None:
        if self._leases is not None:
            self._leases.greet()
        self._uplink.session_began()
        self._link.publish_hello(self.hello())
        self._downlink.session_began()

    def _on_cloud_state(self, message: Inbound) -> None:
        before = self._watch
        self._watch = before.heard(message.topic_tail, decode_cloud_presence(message.payload))
        if self._watch.up != before.up:
            self._uplink.cloud_state(up=self._watch.up)
        if self._watch.changed_hands(before):
            self._presence.beat()  # who took over knows nothing of our birth
            self._greet()


def _nobody() -> None:
    """Stand in where nobody waits for the cloud's word."""
