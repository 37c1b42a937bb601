"""The device file of a box that came in by a code: what the cloud told, and secrets made here."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edge_agent.adapters.identity_file import write_private
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

KEY_BYTES = 32
_PLACE = ("tenant", "store", "device", "legal_entity", "store_name", "city", "region")
_IDENTITY = (*_PLACE, "zone", "day_starts_at")
_CLOUD = ("url", "broker_host", "broker_port", "bundle_public_key", "pages_url", "claim_secret")
_KEYS = ("phone_hash_key", "card_hash_key", "sun_meta_key", "sun_master_key")
_OPERATOR = ("id", "number", "name", "pin_hash", "role")
# What a till of each kind needs beside its id, name and kind.
_TILLS = {
    "api": (),
    "escpos": ("profile", "port", "printer"),
    "framed": ("profile", "port"),
    "software": ("profile",),
}
_SECRETS = {"api": "token", "software": "secret"}

Values = Mapping[str, object]


def write_device_file(
    path: Path,
    sheet: Mapping[str, Any],
    files: Mapping[str, str | bool],
    random_bytes: Callable[[int], bytes],
) -> None:
    """Write the file; `files` name identity and authorities. Fault ENROL_ANSWER_WRONG."""
    try:
        text = _text(sheet, files, random_bytes)
    except (KeyError, TypeError):
        raise Fault(FaultCode.ENROL_ANSWER_WRONG, reason="sheet") from None
    write_private(path, text.encode())


def _text(
    sheet: Mapping[str, Any],
    files: Mapping[str, str | bool],
    random_bytes: Callable[[int], bytes],
) -> str:
    def secret() -> str:
        return random_bytes(KEY_BYTES).hex()

    keys = {name: sheet[name] for name in _KEYS} | {"storage_key": secret()}
    tills = [_till(till, secret) for till in sheet["tills"]]
    operators = [{name: one[name] for name in _OPERATOR} for one in sheet["operators"]]
    return "\n".join(
        [
            _table("[identity]", {name: sheet[name] for name in _IDENTITY}),
            _table("[cloud]", {name: sheet[name] for name in _CLOUD} | dict(files)),
            _table("[keys]", keys),
            *(_table("[[tills]]", till) for till in tills),
            *(_table("[[operators]]", one) for one in operators),
            _table("[screen]", {"token": secret()}),
        ]
    )


def _till(till: Mapping[str, Any], secret: Callable[[], str]) -> Values:
    kind = till["kind"]
    values = {name: till[name] for name in ("id", "name", "kind", *_TILLS[kind])}
    return values | ({_SECRETS[kind]: secret()} if kind in _SECRETS else {})


def _table(head: str, values: Values) -> str:
    # A JSON string, number or boolean is one of TOML too.
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join([head, *lines, ""])
