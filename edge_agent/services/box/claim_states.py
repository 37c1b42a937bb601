"""The claims of a box as its health tells them, to the till screen and to HQ."""

from collections.abc import Callable, Iterator, Mapping

from edge_agent.services.box.device_broker import DeviceBroker

OF_A_CLAIM = "line@"
UNCLAIMED = "unclaimed"


class ClaimStates(Mapping[str, Callable[[], str]]):
    """The states of all claims, live: `line@<claim>`, and how many devices nobody claims."""

    def __init__(self, broker: DeviceBroker) -> None:
        self._broker = broker

    def __getitem__(self, key: str) -> Callable[[], str]:
        if key == UNCLAIMED and self._broker.unclaimed():
            return lambda: str(len(self._broker.unclaimed()))
        name = key.removeprefix(OF_A_CLAIM)
        if name == key or name not in self._broker.names():
            raise KeyError(key)
        return lambda: self._broker.state(name)

    def __iter__(self) -> Iterator[str]:
        yield from (OF_A_CLAIM + name for name in self._broker.names())
        if self._broker.unclaimed():
            yield UNCLAIMED

    def __len__(self) -> int:
        return len(tuple(iter(self)))
