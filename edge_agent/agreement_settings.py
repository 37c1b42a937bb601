"""How well a till must agree before the box writes to it: `[agreement]` of the config file.

Numbers are thousandths of the score; 0 switches a channel off. A till may have bars of its own.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

from pydantic import Field

from edge_agent.lane_settings import Section
from retail_core.errors import Fault
from retail_core.fusion.agreement import Bars, Channel
from retail_core.texts.faults import FaultCode

Permille = Annotated[int, Field(ge=0, le=1000)]


class TillBars(Section):
    """One till's own bars; what is left out is the store's. `till` is its id or name."""

    till: Annotated[str, Field(min_length=1)]
    inject: Permille | None = None
    append: Permille | None = None
    display: Permille | None = None


class AgreementConfig(Section):
    """The store's bars, over how many receipts, and how fast a permit goes and comes back."""

    window: Annotated[int, Field(ge=20, le=2000)] = 200
    min_count: Annotated[int, Field(ge=1, le=2000)] = 30
    streak: Annotated[int, Field(ge=1, le=50)] = 3
    regain: Annotated[int, Field(ge=1, le=500)] = 20
    inject: Permille = 970
    append: Permille = 950
    display: Permille = 900
    tills: tuple[TillBars, ...] = ()


def bars_by_till(config: AgreementConfig, tills: Mapping[UUID, str]) -> dict[UUID, Bars]:
    """Return the bars of each till (id → name).

    Raises Fault SETUP_CONFIG_INVALID for a till that is not there.
    """
    own = {_till(one.till, tills): one for one in config.tills}
    return {till: _bars(config, own.get(till)) for till in tills}


def _till(named: str, tills: Mapping[UUID, str]) -> UUID:
    for till, name in tills.items():
        if named in {name, str(till)}:
            return till
    raise Fault(
        FaultCode.SETUP_CONFIG_INVALID, path="[[agreement.tills]]", detail=f"no such till: {named}"
    )


def _bars(config: AgreementConfig, own: TillBars | None) -> Bars:
    bars = {}
    for channel in Channel:
        special = None if own is None else getattr(own, channel.value)
        bar = getattr(config, channel.value) if special is None else special
        if bar:
            bars[channel] = bar
    return Bars(
        config.window, config.min_count, config.streak, config.regain, MappingProxyType(bars)
    )
