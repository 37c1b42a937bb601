"""Faults of the devices that are plugged into a box: T170 to T184."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.DEVICE_CLAIM_UNKNOWN: FaultSpec(
        "setup",
        404,
        "没有登记叫 {claim} 的设备;用 edge-agent till devices 看插着什么,再登记",
        "no device is claimed as {claim}; see what is plugged in with edge-agent till devices, "
        "then claim it",
    ),
    FaultCode.DEVICE_ABSENT: FaultSpec(
        "device",
        503,
        "设备 {claim} 没有插着;查线和供电,插回原来的插口",
        "device {claim} is not plugged in; check cable and power, use the socket it had",
        retryable=True,
    ),
    FaultCode.DEVICE_UNSURE: FaultSpec(
        "device",
        503,
        "分不清哪个是 {claim}(一样的转接线),没有打开;请重新登记,或让它先出一次声",
        "which one is {claim} cannot be told (adapters alike), none was opened; claim it anew, or "
        "let it be heard once",
        retryable=True,
    ),
    FaultCode.DEVICE_FLAPPING: FaultSpec(
        "device",
        503,
        "设备 {claim} 反复断开;换线或换插口,稳定十秒后自动恢复",
        "device {claim} keeps dropping out; change cable or socket, it is used again once steady "
        "for ten seconds",
        retryable=True,
    ),
    FaultCode.DEVICE_IN_USE: FaultSpec(
        "device",
        409,
        "端口 {port} 正被别的程序占用;先停掉它",
        "port {port} is held by another program; stop that one first",
        retryable=True,
    ),
    FaultCode.DEVICE_UNCLAIMED: FaultSpec(
        "device",
        409,
        "插着没有登记的设备 {path};没有对它写过任何数据",
        "device {path} is plugged in and nobody claims it; nothing was written to it",
    ),
    FaultCode.DEVICE_TAKEN: FaultSpec(
        "conflict",
        409,
        "设备 {path} 已登记为 {claim};先放开那个登记",
        "device {path} is already claimed as {claim}; release that claim first",
    ),
    FaultCode.DEVICE_NOT_THERE: FaultSpec(
        "input",
        404,
        "没有插着设备 {path};刷新列表再选",
        "no device {path} is plugged in; refresh the list and choose again",
    ),
    FaultCode.DEVICE_PROBE_FORBIDDEN: FaultSpec(
        "auth",
        403,
        "{path} 没有允许写入问询;登记时加上 --may-probe",
        "nothing may be written to {path} to ask what it is; claim it with --may-probe",
    ),
    FaultCode.DEVICE_RESTING: FaultSpec(
        "device",
        503,
        "{address} 连续打不开,过一会儿自动再试",
        "{address} could not be opened several times; it is tried again by itself",
        retryable=True,
    ),
    FaultCode.DEVICE_CLAIMS_FULL: FaultSpec(
        "conflict",
        409,
        "登记已满({limit} 个);先放开不用的",
        "no room for another claim (at most {limit}); release one that is not used",
    ),
}
