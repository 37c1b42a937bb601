"""What the line carried is told by kinds of message that a technician can read."""

from edge_agent.adapters.line_meter import LineMeter


def test_messages_are_counted_by_their_kind() -> None:
    meter = LineMeter()
    meter.said("r1/t/25/d/box/up", 100)
    meter.heard("r1/cloud/s/25", 1)
    meter.heard("r1/cloud/s/7", 1)
    meter.heard("r1/cloud/w/0", 1)
    meter.heard("r1/t/cloud/st", 1)
    kinds = meter.cost().by_message
    assert kinds.keys() == {"up up", "down shard", "down worker", "down st"}
    assert kinds["up up"] == len("r1/t/25/d/box/up") + 100 + 6
