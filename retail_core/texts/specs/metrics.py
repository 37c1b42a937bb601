"""Tags that are worked out of members: block E from 190."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.TAG_THRESHOLD: FaultSpec(
        "input",
        422,
        "没有「{name}」这条线,或者 {value} 不是它能取的值;cloud-broker insight lines 列出全部",
        "{name} is no line, or {value} is nothing it can be; cloud-broker insight lines lists all",
    ),
    FaultCode.METRICS_ENGINE: FaultSpec(
        "internal",
        500,
        "{engine} 算不出标签:{why}",
        "{engine} could not work the tags out: {why}",
        retryable=True,
    ),
    FaultCode.METRICS_DAY: FaultSpec(
        "input",
        422,
        "{day} 还没有到,最多算到 {latest}",
        "{day} is yet to come; tags are worked out up to {latest}",
    ),
    FaultCode.METRICS_MISSING: FaultSpec(
        "setup",
        500,
        "没有装 {package}:用 regulars[cloud,insight] 安装云端",
        "{package} is not installed: install the cloud as regulars[cloud,insight]",
    ),
    FaultCode.METRICS_COPY: FaultSpec(
        "storage",
        500,
        "分析副本 {path} 写不了或读不了:{why}",
        "the copy for analysis at {path} cannot be written or read: {why}",
        retryable=True,
    ),
}
