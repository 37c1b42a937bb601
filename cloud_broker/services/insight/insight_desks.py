"""What HQ's pages and API of cleaning and returns work with, put together once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloud_broker.services.insight.cleaning import Cleaning
from cloud_broker.services.insight.collecting import Collecting

if TYPE_CHECKING:  # it brings linear algebra in, which not every process needs
    from cloud_broker.services.insight.roi import Roi


@dataclass(frozen=True, slots=True)
class InsightDesks:
    """Cleaning, messages that could not be used, and returns, which come when they are asked."""

    cleaning: Cleaning
    collecting: Collecting
    roi: "Callable[[], Roi]"
