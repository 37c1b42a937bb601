"""Faults of what the box prints behind a receipt, and of listening to a till: T, 185 to 199."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.TILL_APPEND_LATE: FaultSpec(
        "conflict",
        409,
        "没赶上这张小票,什么也没有加印;收银机和打印都照常",
        "too late for this receipt: nothing was added; till and printer go on as usual",
    ),
    FaultCode.TILL_APPEND_STATE: FaultSpec(
        "device",
        409,
        "不知道收银机给打印机的设置(没有看到 ESC @,或正在页模式、用了自定义字),所以不加印",
        "the till's printer settings are not known (no ESC @ seen, page mode, or own letters), so"
        " nothing is added",
    ),
    FaultCode.TILL_APPEND_PRINTER: FaultSpec(
        "device",
        503,
        "打印机报告缺纸、开盖或脱机,没有加印",
        "the printer says it is out of paper, open or off-line: nothing was added",
        retryable=True,
    ),
    FaultCode.TILL_APPEND_LETTERS: FaultSpec(
        "setup",
        409,
        "打印机的字符集印不出要加的文字",
        "the printer's alphabet has no letters for what was to be added",
    ),
    FaultCode.TILL_APPEND_OFF: FaultSpec(
        "setup",
        409,
        "这台收银机没有开启小票加印",
        "nothing is added to the receipts of this till: it is not switched on",
    ),
    FaultCode.TILL_LINE_SILENT: FaultSpec(
        "device",
        503,
        "收银机一个字节也没有发来:看线插好没有、插在哪个口、收银机选的是哪台打印机",
        "not one byte came from the till: look at the cable, its socket, and which printer the"
        " till has chosen",
        retryable=True,
    ),
    FaultCode.TILL_LINE_GARBLED: FaultSpec(
        "device",
        409,
        "收到的像乱码:波特率、数据位或校验多半和收银机不同",
        "what comes looks garbled: speed, data bits or parity differ from the till's, most likely",
    ),
    FaultCode.TILL_COMMANDS_UNKNOWN: FaultSpec(
        "device",
        409,
        "有不认识的打印命令:字节照转,录一份带回来,驱动才能认识它",
        "some printer commands are not known: they are passed on; record them, so that the driver"
        " can learn them",
    ),
    FaultCode.TILL_RECORDING_INVALID: FaultSpec(
        "input",
        422,
        "{path} 不是收银机的录制文件:{detail}",
        "{path} is no recording of a till: {detail}",
    ),
    FaultCode.TILL_WATCHERS_MANY: FaultSpec(
        "conflict",
        409,
        "已有 {limit} 个人在听这台收银机,请先关掉一个",
        "{limit} are listening to this till already: close one first",
        retryable=True,
    ),
}
