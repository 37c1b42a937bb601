"""Mosquitto's dynamic-security plugin: roles and clients as its commands and its file spell them.

Everything is denied that a role does not name. A box may subscribe to its own filters, spelled
exactly so, and to nothing else: neither to a wider one nor to a shared one, by which it would eat
what ingest is to hear.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from cloud_broker.adapters.mosquitto_files import DOCTOR_USER, INGEST_USERS
from retail_core.wire.topics import box_filters, device_topics

ADMIN_USER = "cloud-admin"
CONTROL = "$CONTROL/dynamic-security/v1"
ANSWERS = f"{CONTROL}/response"
_DENIED = ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe")


def acl(kind: str, topic: str) -> dict[str, Any]:
    """Return a permission."""
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}


def box_role(tenant: UUID, store: UUID, device: UUID) -> dict[str, Any]:
    """Return what a box may do: speak on its own topics, hear its own and its tenant's."""
    heard = box_filters(tenant, store, device)
    own = device_topics(tenant, store, device)
    said = (own.up, own.st, own.hello, own.seen)
    return {
        "rolename": role_of(device),
        "acls": [
            *(acl("publishClientSend", topic) for topic in said),
            *(acl("publishClientReceive", topic) for topic in heard),
            *(acl("subscribeLiteral", topic) for topic in heard),
            *(acl("unsubscribeLiteral", topic) for topic in heard),
        ],
    }


def role_of(device: UUID) -> str:
    """Return the name of a box's one role."""
    return f"box.{device}"


def initial(
    boxes: Iterable[tuple[UUID, UUID, UUID]],
    hashes: Mapping[str, str],
    passwords: Mapping[UUID, str],
) -> dict[str, Any]:
    """Return the plugin's whole file: (tenant, store, device) of every box that may speak.

    `hashes` are the cloud's own accounts by name, `passwords` those of boxes that have one still,
    all as `$7$` entries.
    """
    known = list(boxes)
    return {
        "defaultACLAccess": dict.fromkeys(_DENIED, False),
        "clients": [
            *(_account(user, _role_of_user(user), hashed) for user, hashed in hashes.items()),
            *(_account(str(one), role_of(one), passwords.get(one, "")) for _, _, one in known),
        ],
        "groups": [],
        "roles": [*_own_roles(), *(box_role(*one) for one in known)],
    }


def own_users() -> tuple[str, ...]:
    """Return the cloud's own accounts."""
    return (*INGEST_USERS, DOCTOR_USER, ADMIN_USER)


def _account(user: str, role: str, hashed: str) -> dict[str, Any]:
    made: dict[str, Any] = {"username": user, "roles": [{"rolename": role}]}
    if hashed:
        _, _, rounds, salt, digest = hashed.split("$")
        made |= {"password": digest, "salt": salt, "iterations": int(rounds)}
    return made


def _role_of_user(user: str) -> str:
    return {DOCTOR_USER: "doctor", ADMIN_USER: "admin"}.get(user, "ingest")


def _own_roles() -> list[dict[str, Any]]:
    everything = ("publishClientSend", "publishClientReceive", "subscribePattern")
    control = ("publishClientSend", "publishClientReceive", "subscribePattern")
    states = "r1/+/cloud/st"
    return [
        {
            "rolename": "ingest",
            "acls": [*(acl(kind, "r1/#") for kind in everything), acl("unsubscribePattern", "#")],
        },
        {
            "rolename": "doctor",
            "acls": [acl("publishClientReceive", states), acl("subscribeLiteral", states)],
        },
        {
            "rolename": "admin",
            "acls": [acl(kind, "$CONTROL/dynamic-security/#") for kind in control],
        },
    ]
