"""A profile as the text of its file, for people to read and to change."""

import json
from collections.abc import Iterator, Mapping

from edge_agent.drivers.profiles.sections import Profile


def profile_text(profile: Profile, remarks: tuple[str, ...] = ()) -> str:
    """Return the TOML of a profile: what differs from the defaults, below a few remarks."""
    told = profile.model_dump(mode="json", exclude_defaults=True)
    lines = [f"# {remark}" for remark in remarks]
    sections = {key: told.pop(key) for key in list(told) if isinstance(told[key], dict)}
    lines += _keys({"kind": told.pop("kind"), "name": told.pop("name"), **told})
    for key, section in sections.items():
        lines += ["", f"[{key}]", *_keys(section)]
    return "\n".join(lines) + "\n"


def _keys(table: Mapping[str, object]) -> Iterator[str]:
    """Give the keys of one table, a list of tables a line each."""
    for key, value in table.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{key} = ["
            yield from (f"  {_inline(each)}," for each in value)
            yield "]"
        else:
            yield f"{key} = {_value(value)}"


def _inline(table: Mapping[str, object]) -> str:
    inside = ", ".join(f"{_key(key)} = {_value(value)}" for key, value in table.items())
    return f"{{ {inside} }}"


def _key(key: str) -> str:
    return key if key.isidentifier() and key.isascii() else json.dumps(key)


def _value(value: object) -> str:
    """Write a string, number, truth or list; JSON writes these as TOML does."""
    if isinstance(value, dict):
        return _inline(value)
    return json.dumps(value, ensure_ascii=False)
