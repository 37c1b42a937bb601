"""Faults of the taps on unchanged tills: block T."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.TILL_PORT_OPEN: FaultSpec(
        "device",
        503,
        "收银机端口 {port} 打不开",
        "till port {port} cannot be opened",
        retryable=True,
    ),
    FaultCode.TILL_STREAM_TRUNCATED: FaultSpec(
        "input", 422, "小票数据不完整", "the receipt's data is cut off"
    ),
    FaultCode.TILL_RECEIPT_UNREADABLE: FaultSpec(
        "input", 422, "小票认不出商品和合计", "no lines and total were found on the receipt"
    ),
    FaultCode.TILL_RECEIPT_RASTER: FaultSpec(
        "input", 422, "小票是图片,读不到文字", "the receipt is a picture; there is no text to read"
    ),
    FaultCode.TILL_TOTAL_MISMATCH: FaultSpec(
        "input",
        422,
        "小票各行之和 {lines} 与合计 {total} 不符",
        "receipt lines add up to {lines}, the total says {total}",
    ),
    FaultCode.TILL_PROFILE_INVALID: FaultSpec(
        "setup", 500, "设备配置 {path} 不对:{detail}", "device profile {path} is invalid: {detail}"
    ),
    FaultCode.TILL_RECEIPT_REUSED: FaultSpec(
        "conflict",
        409,
        "小票号当天已用过,内容不同,未入账",
        "the receipt's number was used today with other content; it was not booked",
    ),
    FaultCode.TILL_TAP_GONE: FaultSpec(
        "device",
        503,
        "打印线上读不到收银机,收银照常",
        "the tap on the printer line does not hear the till; the till sells on",
        retryable=True,
    ),
}
