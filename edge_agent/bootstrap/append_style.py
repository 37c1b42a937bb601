"""How a till's printer is written on, from its config."""

from edge_agent.domain.slip import AppendStyle, Place
from edge_agent.till_settings import AppendConfig


def append_style(config: AppendConfig | None) -> AppendStyle | None:
    """Return the style of a till's slips; None when none are printed."""
    if config is None:
        return None
    return AppendStyle(
        place=Place(config.place),
        own_cut=config.own_cut,
        feed_lines=config.feed_lines,
        hold_ms=config.hold_ms,
        native_code=config.native_code,
    )
