"""The composition of the desks of cleaning and returns."""

from functools import cache
from typing import TYPE_CHECKING

from cloud_broker.bootstrap.cleaning import cleaning_of
from cloud_broker.bootstrap.office import Office
from cloud_broker.services.insight.insight_desks import InsightDesks
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    from cloud_broker.services.insight.roi import Roi


def insight_desks(office: Office) -> InsightDesks:
    """Put them together; what reckons returns is imported when somebody first looks."""

    @cache
    def roi() -> "Roi":
        try:
            from cloud_broker.bootstrap.roi import roi_of  # noqa: PLC0415 - see above
        except ModuleNotFoundError as missing:
            raise Fault(FaultCode.METRICS_MISSING, package=missing.name or "scipy") from missing
        return roi_of(office)

    return InsightDesks(cleaning_of(office), office.channels.collecting, roi)
