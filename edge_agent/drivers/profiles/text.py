"""A profile as the text of its file, for people to read and to change."""

import json
from collections.abc import Iterator, Mapping

from edge_agent.drivers.profiles.sections import Profile


def profile_text(profile: Profile, remarks: tuple[str, ...] = ()) -> str:
    """Return the TOML of a profile: what differs from the defaults, below a few remarks."""
    told = profile.model_dump(mode="json", exclude_defaults=True)
    lines = [f"# {remark}" for remark in remarks]
    lines += _plain({"kind": told.pop("kind"), "name": told.pop("name"), **told})
    for key, value in told.items():
        if isinstance(value, dict):
            lines += ["", f"[{key}]", *_plain(value)]
    return "\n".join(lines) + "\n"


def _plain(table: Mapping[str, object]) -> Iterator[str]:
    """Give the keys of one table that are no tables."""
    for key, value in table.items():
        if isinstance(value, dict):
            continue
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{key} = ["
            yield from (f"  {_inline(each)}," for each in value)
            yield "]"
        else:
            yield f"{key} = {_value(value)}"


def _inline(table: Mapping[str, object]) -> str:
    inside = ", ".join(f"{key} = {_value(value)}" for key, value in table.items())
    return f"{{ {inside} }}"


def _value(value: object) -> str:
    """Write a string, number, truth or list; JSON writes these as TOML does."""
    return json.dumps(value, ensure_ascii=False)
