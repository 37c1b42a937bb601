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
    FaultCode.TILL_RETURN_UNMATCHED: FaultSpec(
        "input",
        422,
        "退货小票对不上本店的销售,积分未动,请人工核对",
        "no sale of this shop fits the return that was printed; points untouched, please check",
    ),
    FaultCode.TILL_RETURN_AMBIGUOUS: FaultSpec(
        "input",
        422,
        "退货小票可对应几位顾客的销售,积分未动,请人工核对",
        "the return that was printed fits sales of several customers; please check whose it was",
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
    FaultCode.FRAMED_UNSENDABLE: FaultSpec(
        "setup",
        500,
        "应答装不进帧里:{detail}",
        "the answer does not fit into a frame: {detail}",
    ),
    FaultCode.FRAMED_UNANSWERED: FaultSpec(
        "device",
        503,
        "收银机没有确认应答",
        "the till did not acknowledge the answer",
        retryable=True,
    ),
    FaultCode.FRAMED_FRAME_DAMAGED: FaultSpec(
        "input", 422, "收银机发来的帧损坏", "a frame from the till was damaged", retryable=True
    ),
    FaultCode.FRAMED_REQUEST_UNREADABLE: FaultSpec(
        "input",
        422,
        "收银机的请求看不懂:{detail}",
        "the till's request cannot be understood: {detail}",
    ),
    FaultCode.SOFTWARE_CALLER_REFUSED: FaultSpec(
        "auth",
        403,
        "收银软件的口令或地址不对",
        "the till software's secret or address is not the configured one",
    ),
    FaultCode.SOFTWARE_SEQ_REUSED: FaultSpec(
        "conflict",
        409,
        "序列号已用于另一个请求",
        "the sequence number was used for another request",
    ),
    FaultCode.SOFTWARE_UNREACHABLE: FaultSpec(
        "network",
        503,
        "连不上收银软件的接口,请求没有发出",
        "the till software's interface cannot be reached; nothing was sent",
        retryable=True,
    ),
    FaultCode.SOFTWARE_OUTCOME_UNKNOWN: FaultSpec(
        "network",
        504,
        "收银软件没有答复,是否已入账不明",
        "the till software did not answer; whether it booked is not known",
    ),
    FaultCode.SOFTWARE_REFUSED: FaultSpec(
        "conflict",
        409,
        "收银软件拒绝了请求:{detail}",
        "the till software refused the request: {detail}",
    ),
    FaultCode.SOFTWARE_POINTS_UNSURE: FaultSpec(
        "conflict",
        409,
        "积分是否已加到收银软件不能确定,请人工核对",
        "whether points reached the till software cannot be told; please check by hand",
    ),
    FaultCode.TILL_WATCH_FAILED: FaultSpec(
        "internal",
        500,
        "读顾显或扫码的程序出错,内容照样送到收银机",
        "reading a display's or scanner's line failed; its bytes go on to the till all the same",
    ),
    FaultCode.DISPLAY_SPEED_CHANGED: FaultSpec(
        "setup",
        500,
        "收银机让顾显改用另一波特率,请按此修改设备配置的 baud_rate",
        "the till told the display another speed: set baud_rate of its profile to it",
    ),
    FaultCode.HID_DEVICE_GONE: FaultSpec(
        "device",
        503,
        "扫码枪 {device} 打不开:{detail}",
        "scanner {device} cannot be opened: {detail}",
        retryable=True,
    ),
    FaultCode.HID_KEYS_LOST: FaultSpec(
        "device",
        409,
        "扫码枪的按键太快,丢了几个;请重扫一次",
        "the scanner typed faster than it was read and keys are gone; scan again",
        retryable=True,
    ),
}
