"""What the twin holds, put into the settings a box starts with, checked as a file's values are."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from edge_agent.lane_settings import CameraConfig, LaneConfig, NfcConfig, QrConfig, lanes_of
from edge_agent.settings import ConfigFile, Settings
from retail_core.errors import Fault
from retail_core.fleet.twin_settings import (
    LANES,
    TILLS,
    Applies,
    Value,
    placed,
    setting,
    zone_of,
)
from retail_core.texts.faults import FaultCode

# What a box with one counter has once in its file; with several each counter has its own.
OF_ONE_LANE: Mapping[str, type[BaseModel]] = MappingProxyType(
    {"camera": CameraConfig, "nfc": NfcConfig, "qr": QrConfig}
)
_Part = TypeVar("_Part", bound=BaseModel)


def fitting(settings: Settings) -> Callable[[str, Value], None]:
    """Return what refuses a value that this box's own file could not hold either."""

    def check(key: str, value: Value) -> None:
        """Faults TWIN_VALUE_WRONG, TWIN_PLACE_UNKNOWN."""
        if _of_config(key):
            put(settings.config, key, value)

    return check


def with_values(settings: Settings, values: Mapping[str, Value]) -> Settings:
    """Return the settings with what applies at a start; what fits no more is left out."""
    config = settings.config
    for key, value in values.items():
        if _of_config(key):
            try:
                config = put(config, key, value)
            except Fault:
                continue  # the file has changed since; the box reports what is in force
    if not lanes_share_nothing(settings, config):
        config = config.model_copy(update={"lanes": settings.config.lanes})
    lanes = lanes_of(config, till_names(settings))
    return settings.model_copy(update={"config": config, "lanes": lanes})


def lanes_share_nothing(settings: Settings, config: ConfigFile) -> bool:
    """Return whether no two counters of a config would use one device."""
    try:
        lanes_of(config, till_names(settings))
    except Fault:
        return False
    return True


def till_names(settings: Settings) -> dict[UUID, str]:
    """Return the tills of a box, id → name."""
    return {till.id: till.name for till in settings.device.tills}


def put(config: ConfigFile, key: str, value: Value) -> ConfigFile:
    """Return a config with one key's value; Faults TWIN_VALUE_WRONG, TWIN_PLACE_UNKNOWN.

    A key names its section where it has one, and before that its counter.
    """
    apart = placed(key)
    if apart.of == LANES:
        return _put_at_lane(config, key, value)
    section, _, name = key.rpartition(".")
    if not section:
        return config.model_copy(update={name: value})
    if section in OF_ONE_LANE and config.lanes:
        raise Fault(FaultCode.TWIN_VALUE_WRONG, key=key)
    held = getattr(config, section)
    if held is None:
        held = OF_ONE_LANE[section]()
    return config.model_copy(update={section: with_field(held, name, value, key)})


def with_field(held: _Part, name: str, value: Value, key: str) -> _Part:
    """Return a part of a file with another value; Fault TWIN_VALUE_WRONG."""
    # What travels is one word; a zone of a picture is four numbers in it.
    said = zone_of(str(value)) if name == "zone" else value
    try:
        return type(held).model_validate({**held.model_dump(), name: said})
    except ValidationError:
        raise Fault(FaultCode.TWIN_VALUE_WRONG, key=key) from None


def _of_config(key: str) -> bool:
    """Return whether a key is of the config file; a till's are of the device file."""
    return setting(key).applies is Applies.AT_START and placed(key).of != TILLS


def _put_at_lane(config: ConfigFile, key: str, value: Value) -> ConfigFile:
    apart = placed(key)
    if all(apart.name not in {lane.id, lane.name} for lane in config.lanes):
        raise Fault(FaultCode.TWIN_PLACE_UNKNOWN, key=key)
    section, _, name = apart.field.partition(".")

    def changed(lane: LaneConfig) -> LaneConfig:
        if apart.name not in {lane.id, lane.name}:
            return lane
        fresh = with_field(getattr(lane, section), name, value, key)
        return lane.model_copy(update={section: fresh})

    return config.model_copy(update={"lanes": tuple(map(changed, config.lanes))})
