"""How this box leaves its shop, from its two files."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from edge_agent.adapters.dial import Dialer, Proxy
from edge_agent.adapters.line_meter import LineMeter
from edge_agent.adapters.mqtt_session import KEEPALIVE_METERED_S, KEEPALIVE_S, Route
from edge_agent.adapters.outgoing import Outgoing
from edge_agent.domain.ways import DIRECT, WEBSOCKET, Way, ways_of
from edge_agent.settings import Settings

_PORTS = {"ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Network:
    """The route of the MQTT line, the way of HTTP, and one meter for both."""

    route: Route
    outgoing: Outgoing


def network_of(settings: Settings) -> Network:
    """Put together what the config file says of this shop's network."""
    network, cloud = settings.config.network, settings.device.cloud
    proxy = _proxy(settings)
    door = _door(network.websocket_url or cloud.websocket_url)
    ca_file = network.ca_file or cloud.ca_file
    system = cloud.system_trust and network.ca_file is None
    meter = LineMeter()
    keepalive_s = KEEPALIVE_METERED_S if network.metered else KEEPALIVE_S
    ways = ways_of(network.ways, _direct(settings), door, has_proxy=proxy is not None)
    straight = set(network.ways) != {"proxy"}
    return Network(
        Route(ways, proxy, ca_file, keepalive_s, meter, cloud.identity_file, system),
        Outgoing(Dialer(proxy, straight=straight), ca_file, meter, cloud.identity_file, system),
    )


def direct_way(settings: Settings) -> str:
    """Return the straight way, for a person to tell the firewall."""
    return str(_direct(settings))


def _direct(settings: Settings) -> Way:
    cloud = settings.device.cloud
    secure = cloud.identity_file is not None
    return Way(DIRECT, cloud.broker_host, cloud.broker_port, secure)


def _proxy(settings: Settings) -> Proxy | None:
    network = settings.config.network
    if not network.proxy:
        return None
    parts = urlsplit(network.proxy)
    return Proxy(parts.hostname or "", parts.port or 0, network.proxy_login)


def _door(url: str) -> Way | None:
    if not url:
        return None
    parts = urlsplit(url)
    return Way(
        WEBSOCKET,
        parts.hostname or "",
        parts.port or _PORTS[parts.scheme],
        secure=parts.scheme == "wss",
        path=parts.path or "/mqtt",
    )
