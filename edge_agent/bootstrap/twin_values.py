"""What the twin holds, put into the settings a box starts with, checked as a file's values are."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic import BaseModel, ValidationError

from edge_agent.lane_settings import CameraConfig, NfcConfig, QrConfig, lanes_of
from edge_agent.settings import ConfigFile, Settings
from retail_core.errors import Fault
from retail_core.fleet.twin_settings import SETTINGS, Applies, Value
from retail_core.texts.faults import FaultCode

# What a box with one counter has once in its file; with several each counter has its own.
OF_ONE_LANE: Mapping[str, type[BaseModel]] = MappingProxyType(
    {"camera": CameraConfig, "nfc": NfcConfig, "qr": QrConfig}
)


def fitting(settings: Settings) -> Callable[[str, Value], None]:
    """Return what refuses a value that this box's own file could not hold either."""

    def check(key: str, value: Value) -> None:
        """Fault TWIN_VALUE_WRONG."""
        if SETTINGS[key].applies is Applies.AT_START:
            put(settings.config, key, value)

    return check


def with_values(settings: Settings, values: Mapping[str, Value]) -> Settings:
    """Return the settings with what applies at a start; what fits no more is left out."""
    config = settings.config
    for key, value in values.items():
        if SETTINGS[key].applies is Applies.AT_START:
            try:
                config = put(config, key, value)
            except Fault:
                continue  # the file has changed since; the box reports what is in force
    names = {till.id: till.name for till in settings.device.tills}
    return settings.model_copy(update={"config": config, "lanes": lanes_of(config, names)})


def put(config: ConfigFile, key: str, value: Value) -> ConfigFile:
    """Return a config with one key's value; Fault TWIN_VALUE_WRONG.

    A key names its section where it has one.
    """
    section, _, name = key.rpartition(".")
    if not section:
        return config.model_copy(update={name: value})
    if section in OF_ONE_LANE and config.lanes:
        raise Fault(FaultCode.TWIN_VALUE_WRONG, key=key)
    held = getattr(config, section)
    if held is None:
        held = OF_ONE_LANE[section]()
    try:
        changed = type(held).model_validate({**held.model_dump(), name: value})
    except ValidationError:
        raise Fault(FaultCode.TWIN_VALUE_WRONG, key=key) from None
    return config.model_copy(update={section: changed})
