"""Messages to somebody's HTTP address, signed as Standard Webhooks says.

Signed is `<webhook-id>.<webhook-timestamp>.<body>` with HMAC-SHA256; after a rotation two
signatures stand side by side. Redirects are not followed: a message goes where HQ said.

A name is looked up once, all its addresses are checked, and the connection is made to the one that
was checked: a name that leads into a network of ours, now or at the second look, reaches nothing.
"""

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from cloud_broker.ports.alerts import AlertRule
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.posts import Post
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TIMEOUT_S = 5.0
TOTAL_S = 15.0
HTTPS_PORT = 443
HTTP_PORT = 80
Network = IPv4Network | IPv6Network
THIS_MACHINE: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1"))
# Addresses that hold an IPv4 address which a gateway may take out again.
_CARRIES_IPV4: tuple[Network, ...] = (
    ip_network("64:ff9b::/96"),
    ip_network("64:ff9b:1::/48"),
    ip_network("2002::/16"),
    ip_network("2001::/32"),
)
_OK = range(200, 300)
_GONE = 410
_MS = 1_000


class Webhook:
    """Fulfils `HookSender`; `networks` may be reached beside the public ones."""

    def __init__(
        self,
        clock: Clock,
        networks: Sequence[Network] = (),
        *,
        timeout_s: float = TIMEOUT_S,
        total_s: float = TOTAL_S,
    ) -> None:
        self._clock = clock
        self._networks = tuple(networks)
        self._timeout_s = timeout_s
        self._total_s = total_s
        self._tls = ssl.create_default_context()

    def send(self, target: str, post: Post, secrets: Sequence[bytes]) -> None:
        """Hand a message over.

        Faults ALERT_NOT_SENT, ALERT_REFUSED when the address is gone, WEBHOOK_NETWORK.
        """
        content = post.body.encode()
        stamp = self._clock.now_ms() // _MS
        signed = " ".join(signature(key, str(post.post), stamp, content) for key in secrets)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "regulars",
            "webhook-id": str(post.post),
            "webhook-timestamp": str(stamp),
            "webhook-signature": signed,
        }
        try:
            status = self._post(target, content, headers)
        except (OSError, http.client.HTTPException) as error:
            raise Fault(FaultCode.ALERT_NOT_SENT, reason=type(error).__name__) from None
        if status == _GONE:
            raise Fault(FaultCode.ALERT_REFUSED, reason=f"HTTP {status}")
        if status not in _OK:
            raise Fault(FaultCode.ALERT_NOT_SENT, reason=f"HTTP {status}")

    def _post(self, url: str, content: bytes, headers: dict[str, str]) -> int:
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (HTTPS_PORT if secure else HTTP_PORT)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        address = checked_address(host, port, self._networks)
        opened = socket.create_connection((address, port), self._timeout_s)
        # What the other side may do slowly is bounded as a whole, not only byte by byte.
        with opened, _ended_after(opened, self._total_s):
            over = self._tls.wrap_socket(opened, server_hostname=host) if secure else opened
            with over:
                connection = http.client.HTTPConnection(host, port)
                # Its default port is that of http: the header names any other one.
                named = f"[{host}]" if ":" in host else host
                usual = port == (HTTPS_PORT if secure else HTTP_PORT)
                said = {"Host": named if usual else f"{named}:{port}"}
                connection.sock = over
                connection.request("POST", path, content, said | headers)
                with connection.getresponse() as response:
                    return response.status


class WebhookAlerts:
    """Fulfils `AlertSender`; HQ's own receivers may stand on this machine."""

    def __init__(
        self, clock: Clock, networks: Sequence[Network] = (), *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._webhook = Webhook(clock, (*THIS_MACHINE, *networks), timeout_s=timeout_s)

    def send(self, rule: AlertRule, post: Post, secrets: Sequence[bytes]) -> None:
        """Hand a message over; Faults as `Webhook.send`."""
        self._webhook.send(rule.target, post, secrets)


def checked_address(host: str, port: int, networks: Sequence[Network]) -> str:
    """Look a name up and return an address of it; Fault WEBHOOK_NETWORK if any is closed."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        if not is_open(address, networks):
            raise Fault(FaultCode.WEBHOOK_NETWORK, host=host, address=address)
    return addresses[0]


def is_open(address: str, networks: Sequence[Network]) -> bool:
    """Tell whether an address is of the public internet, or of a network that is allowed."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found in network for network in networks):
        return True
    carries = any(found in network for network in _CARRIES_IPV4)
    return found.is_global and not found.is_multicast and not carries


@contextmanager
def _ended_after(opened: socket.socket, seconds: float) -> Iterator[None]:
    """Cut a connection that takes longer than this; whoever reads from it then fails."""
    held = opened.dup()
    timer = threading.Timer(seconds, _cut, (held,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        held.close()


def _cut(held: socket.socket) -> None:
    try:
        held.shutdown(socket.SHUT_RDWR)
    except OSError:
        """The other side was quicker."""


def signature(key: bytes, name: str, stamp: int, content: bytes) -> str:
    """Return one signature of a message."""
    signed = hmac.new(key, f"{name}.{stamp}.".encode() + content, hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()
