"""Whether it is worth sending: what a box makes of what the cloud says of itself.

The shard's word counts: it names the worker that books this box's sales. A worker's own topic is
its last will, so a worker that died is known within milliseconds, before anybody took its place;
the boxes of the other workers do not care. Until a shard was heard of, the word for the whole
company counts, which is all that older clouds say.
"""

from dataclasses import dataclass, replace

from retail_core.wire.messages import CloudPresence

COMPANY_TAIL = "cloud/st"
SHARD_TAIL = "cloud/s"
WORKER_TAIL = "cloud/w"
CLOUD_TAILS = frozenset({COMPANY_TAIL, SHARD_TAIL, WORKER_TAIL})
GONE_MAX = 64


@dataclass(frozen=True, slots=True)
class CloudWatch:
    """What was heard last; `served_by` is the newest worker that said it is up."""

    company: CloudPresence | None = None
    shard: CloudPresence | None = None
    gone: tuple[bytes, ...] = ()
    served_by: bytes | None = None

    @property
    def up(self) -> bool:
        """Return whether somebody books what is sent; unheard of means yes."""
        newest = self.shard or self.company
        return newest is None or (newest.up and newest.boot_id not in self.gone)

    def heard(self, tail: str, said: CloudPresence) -> "CloudWatch":
        """Return the watch after a message on one of `CLOUD_TAILS`."""
        if tail == WORKER_TAIL:
            others = tuple(one for one in self.gone if one != said.boot_id)
            return replace(self, gone=others if said.up else (*others, said.boot_id)[-GONE_MAX:])
        if tail == SHARD_TAIL:
            # The company's word may have named another worker than ours: that is no change.
            before = self.served_by if self.shard is not None else None
            return replace(self, shard=said, served_by=said.boot_id if said.up else before)
        if self.shard is not None or not said.up:
            return replace(self, company=said)
        return replace(self, company=said, served_by=said.boot_id)

    def changed_hands(self, since: "CloudWatch") -> bool:
        """Return whether the hello has to be said again: to another worker, or now heard at all."""
        same_source = (self.shard is None) == (since.shard is None)
        before = since.served_by if same_source else None
        if not self.up or self.served_by in {None, before}:
            return False
        return before is not None or not since.up
