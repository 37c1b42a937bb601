"""Which platforms there are."""

from collections.abc import Mapping
from types import MappingProxyType

from cloud_broker.domain.connectors import douyin, oms, wechat_mini
from cloud_broker.domain.connectors.shape import Connector

CONNECTORS: Mapping[str, Connector] = MappingProxyType(
    {
        "oms": Connector(oms.opened, oms.words),
        "wechat_mini": Connector(wechat_mini.opened, wechat_mini.words),
        "douyin": Connector(douyin.opened, douyin.words),
    }
)
