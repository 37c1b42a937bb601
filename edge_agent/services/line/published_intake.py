"""Takes what is published: catalogues, rules and tables, each when it is whole and checked."""

from hashlib import sha256

from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.replica import Replica
from edge_agent.services.line.rules_held import RulesHeld
from edge_agent.services.shop.shelf import Shelf
from retail_core.catalog.encoding import open_catalogue
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import open_bundle, parse_bundle
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Published

CATALOGUE = "catalogue"
BUNDLE = "bundle"
STOCK = "stock"
RECOMMENDATIONS = "recommendations"
TABLES = (STOCK, RECOMMENDATIONS)


class PublishedIntake:
    """Used from the downlink's thread."""

    def __init__(
        self,
        replica: Replica,
        directory: CloudDirectory,
        tally: FaultTally,
        bundle_public_key: bytes,
        shelf: Shelf | None,
    ) -> None:
        self._replica = replica
        self._directory = directory
        self._tally = tally
        self._public_key = bundle_public_key
        self._rules = RulesHeld(replica)
        self.shelf = shelf

    def held_version(self, kind: str) -> int:
        """Return the version held of a catalogue or bundle, 0 for none that can be read."""
        if kind == CATALOGUE:
            return self._replica.catalogue_version()
        return self._rules.version()

    def fetch(self, kind: str, published: Published | None) -> None:
        """Fetch what was published, or a table that has no versions. Faults of line and codec."""
        if kind in TABLES:
            self._refresh_table(kind)
        elif published is None:
            self._replica.replace_name_map(self._directory.name_map())
        elif kind == CATALOGUE:
            self._swap_catalogue(published)
        elif kind == BUNDLE:
            self._swap_bundle(published)

    def _swap_catalogue(self, published: Published) -> None:
        if published.delta and self.shelf is not None and self._stepped(published, self.shelf):
            return
        content = self._checked(published, self._directory.catalogue(published.version))
        read = open_catalogue(content)
        if self.shelf is None:
            self._replica.replace_catalogue(read.version, read.articles, sha256=published.sha256)
        else:
            self.shelf.take(read, published.sha256)
        self._replica.replace_name_map(self._directory.name_map())

    def _stepped(self, published: Published, shelf: Shelf) -> bool:
        """Take the small change; one that does not fit, or of a newer cloud, is no reason to wait.

        The whole catalogue is asked for then: a change that was let go would leave old prices.
        """
        try:
            done, why = shelf.step(published), FaultCode.CATALOGUE_DELTA_MISFIT
        except Fault as fault:
            if fault.code not in {FaultCode.WIRE_MALFORMED, FaultCode.WIRE_VERSION}:
                raise
            done, why = False, fault.code
        if not done:
            self._tally.count(why)
        return done

    def _refresh_table(self, kind: str) -> None:
        if self.shelf is None:
            return
        if kind == STOCK:
            self.shelf.refresh_stock()
        else:
            self.shelf.refresh_recommendations()

    def _swap_bundle(self, published: Published) -> None:
        signed = self._checked(published, self._directory.bundle(published.version))
        content = open_bundle(signed, self._public_key)
        self._replica.replace_bundle(parse_bundle(content).version, content)

    def _checked(self, published: Published, content: bytes) -> bytes:
        if len(content) != published.size or sha256(content).digest() != published.sha256:
            raise Fault(FaultCode.WIRE_MALFORMED, detail=published.kind)
        return content
