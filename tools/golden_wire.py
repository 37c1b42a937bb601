"""Write the golden files of the wire: bytes, readable JSON and the order of fields.

`python -m tools.golden_wire` refuses a schema that breaks the committed one: within a version
fields are only added, at the end, with a default.
"""

import json
import sys
from pathlib import Path
from typing import TypeAlias, cast

import msgspec
from msgspec import inspect

from retail_core.wire import (
    fleet,
    growth,
    health,
    lane,
    lease,
    member,
    messages,
    persons,
    refund,
    restored,
    returns,
    rights,
    snapshot,
    standing,
    tills,
)
from retail_core.wire.codec import encode_body, to_json
from tests.factories.wire import examples

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "golden" / "wire"
SCHEMA_NAME = f"schema.v{messages.WIRE_VERSION}.json"

Field: TypeAlias = dict[str, object]
Schema: TypeAlias = dict[str, list[Field]]


def wire_structs() -> dict[str, type[msgspec.Struct]]:
    """Return every message of the wire by name."""
    return {
        name: found
        for name, found in (
            vars(messages)
            | vars(fleet)
            | vars(growth)
            | vars(health)
            | vars(lane)
            | vars(lease)
            | vars(member)
            | vars(persons)
            | vars(refund)
            | vars(restored)
            | vars(returns)
            | vars(rights)
            | vars(snapshot)
            | vars(standing)
            | vars(tills)
        ).items()
        if isinstance(found, type) and issubclass(found, msgspec.Struct)
        # It reads the beginning of a MemberRecord and never travels itself.
        if found is not member.FoundBy
    }


def schema() -> Schema:
    """Return the order, type and default of every field."""
    return {name: _fields(struct) for name, struct in sorted(wire_structs().items())}


def breaches(committed: Schema, present: Schema) -> list[str]:
    """Return what the present schema breaks of the committed one; empty when nothing."""
    found = []
    for name, before in committed.items():
        now = present.get(name)
        if now is None:
            found.append(f"{name}: removed")
        elif now[: len(before)] != before:
            found.append(f"{name}: its first {len(before)} fields changed")
        else:
            added = now[len(before) :]
            found += [f"{name}.{f['name']}: no default" for f in added if "default" not in f]
    return found


def golden_files() -> dict[str, bytes]:
    """Return file name → content of everything in the folder."""
    files = {SCHEMA_NAME: _json(schema())}
    for name, message in examples().items():
        files[f"{name}.bin"] = encode_body(message)
        files[f"{name}.json"] = to_json(message) + b"\n"
    return files


def committed_schema() -> Schema:
    """Return the schema as it stands in the folder, empty when there is none."""
    path = FOLDER / SCHEMA_NAME
    if not path.exists():
        return {}
    found: Schema = json.loads(path.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Write the files unless they would break a peer; 1 then."""
    broken = breaches(committed_schema(), schema())
    if broken:
        print("a peer of this version would not understand:", *broken, sep="\n  ")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in golden_files().items():
        (FOLDER / name).write_bytes(content)
    print(f"{len(golden_files())} files in {FOLDER}")
    return 0


def _fields(struct: type[msgspec.Struct]) -> list[Field]:
    info = cast("inspect.StructType", inspect.type_info(struct))
    return [_field(field) for field in info.fields]


def _field(field: inspect.Field) -> Field:
    described: Field = {"name": field.encode_name, "type": _type(field.type)}
    if not field.required:
        default = (
            field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
        )
        described["default"] = json.loads(msgspec.json.encode(default))  # tuples as lists
    return described


def _type(info: inspect.Type) -> str:
    match info:
        case inspect.StructType(cls=cls):
            return cls.__name__
        case inspect.VarTupleType(item_type=item):
            return f"array<{_type(item)}>" + _bounds(info)
        case inspect.TupleType(item_types=items):
            return f"tuple<{', '.join(_type(item) for item in items)}>"
        case inspect.DictType(key_type=key, value_type=value):
            return f"map<{_type(key)}, {_type(value)}>"
        case inspect.UnionType(types=types):
            return " | ".join(sorted(_type(inner) for inner in types))
        case _:
            return type(info).__name__.removesuffix("Type").lower() + _bounds(info)


def _bounds(info: inspect.Type) -> str:
    bounds = (
        (name, getattr(info, name, None)) for name in ("ge", "le", "min_length", "max_length")
    )
    said = [f"{name}={value}" for name, value in bounds if value is not None]
    return f"({', '.join(said)})" if said else ""


def _json(document: object) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


if __name__ == "__main__":
    sys.exit(main())
