"""The device file: TOML that the store's agent reads, with every secret it needs and no other."""

import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cloud_broker.services.fleet.provision import OperatorIssued, Provisioned, TillIssued
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


def render(made: Provisioned, *, url: str, broker: tuple[str, int], websocket_url: str = "") -> str:
    """Return the file's text."""
    asked, keys = made.asked, made.keys
    signer = Ed25519PrivateKey.from_private_bytes(keys.bundle_seed).public_key()
    sections = [
        _table(
            "identity",
            {
                "tenant": str(made.tenant),
                "store": str(made.store),
                "device": str(made.device),
                "legal_entity": str(made.legal_entity),
                "store_name": asked.name,
                "city": asked.city,
                "region": asked.region,
                "zone": asked.zone,
                "day_starts_at": f"{asked.day_starts_at:%H:%M}",
            },
        ),
        _table(
            "cloud",
            {
                "url": url,
                "token": made.device_token,
                "broker_host": broker[0],
                "broker_port": broker[1],
                "broker_password": made.broker_password,
                "bundle_public_key": signer.public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
                **({"websocket_url": websocket_url} if websocket_url else {}),
            },
        ),
        _table(
            "keys",
            {
                "phone_hash_key": keys.phone_hash_key.hex(),
                "card_hash_key": keys.card_hash_key.hex(),
                "sun_meta_key": keys.sun_meta_key.hex(),
                "sun_master_key": keys.sun_master_key.hex(),
                "storage_key": made.storage_key.hex(),
            },
        ),
        *(_till(till) for till in made.tills),
        *(_operator(operator) for operator in made.operators),
        _table("screen", {"token": made.screen_token}),
    ]
    return "\n".join(sections)


def write(path: Path, text: str) -> None:
    """Write the file for its owner alone; Fault SETUP_CONFIG_INVALID when it exists."""
    if path.exists():
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail="已存在 exists already")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _till(issued: TillIssued) -> str:
    asked = issued.asked
    values: dict[str, str | int] = {
        "id": str(issued.till),
        "name": asked.name,
        "kind": asked.kind,
    }
    match asked.kind:
        case "api":
            values["token"] = issued.token
        case "framed":
            values |= {"profile": asked.profile, "port": asked.port}
        case "software":
            values |= {"profile": asked.profile, "secret": issued.token}
        case _:
            values |= {"profile": asked.profile, "port": asked.port, "printer": asked.printer}
    return _table("tills", values, many=True)


def _operator(issued: OperatorIssued) -> str:
    asked = issued.asked
    values: dict[str, str | int] = {
        "id": str(issued.operator),
        "number": asked.number,
        "name": asked.name,
        "pin_hash": issued.pin_hash,
        "role": asked.role,
    }
    return _table("operators", values, many=True)


def _table(name: str, values: dict[str, str | int], *, many: bool = False) -> str:
    head = f"[[{name}]]" if many else f"[{name}]"
    # A JSON string is a TOML basic string, as long as nothing beyond ASCII is left unescaped.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([head, *lines, ""])
