"""What is wrong with a box, in words that say how to mend it: block H."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.HEALTH_UNDERVOLTAGE: FaultSpec(
        "device",
        503,
        "开机后电压不足过:换用原装电源,拔掉耗电的 USB 设备,再重启",
        "the voltage was too low since the start: use the board's own power supply, unplug what"
        " draws much over USB, and restart",
    ),
    FaultCode.HEALTH_THROTTLED: FaultSpec(
        "device",
        503,
        "处理器在降频:让风进得来,查电源",
        "the processor is being slowed down: let air in, and look at the power supply",
        retryable=True,
    ),
    FaultCode.HEALTH_HOT: FaultSpec(
        "device",
        503,
        "盒子 {celsius} °C,太热:挪开遮挡,离开热源",
        "the box is at {celsius} °C, too hot: uncover it and move it away from heat",
        retryable=True,
    ),
    FaultCode.HEALTH_CARD_WORN: FaultSpec(
        "storage",
        507,
        "存储卡已用掉寿命的 {percent}%:备一张新卡,下次上门时换",
        "the memory card has used {percent}% of its life: have a new one ready for the next visit",
    ),
    FaultCode.HEALTH_CARD_FAILING: FaultSpec(
        "storage",
        507,
        "存储卡寿命已尽,随时会坏:今天就换卡",
        "the memory card is at its end and may fail at any time: replace it today",
    ),
    FaultCode.HEALTH_DISK_LOW: FaultSpec(
        "storage",
        507,
        "磁盘只剩 {percent}%({mb} MB):让盒子清理,或删掉别的文件",
        "only {percent}% of the disk is free ({mb} MB): let the box tidy up, or delete other files",
    ),
    FaultCode.HEALTH_MEMORY_LOW: FaultSpec(
        "device",
        503,
        "内存只剩 {percent}%:关掉别的程序,不行就重启",
        "only {percent}% of the memory is free: end other programs, or restart",
        retryable=True,
    ),
    FaultCode.HEALTH_CLOCK_UNKNOWN: FaultSpec(
        "setup",
        503,
        "盒子不知道现在几点:接上网,它会自己对时",
        "the box does not know the time: connect it to the network and it sets itself right",
        retryable=True,
    ),
    FaultCode.HEALTH_CLOCK_OFF: FaultSpec(
        "setup",
        503,
        "盒子的钟差了 {seconds} 秒:查路由器放不放行 NTP",
        "the box's clock is {seconds} s off: see whether the router lets NTP through",
        retryable=True,
    ),
    FaultCode.HEALTH_USB_RESETS: FaultSpec(
        "device",
        503,
        "USB 设备一小时内断开了 {count} 次:插紧或换线,用带电源的集线器",
        "devices on USB dropped out {count} times in an hour: push plugs in or change the cable,"
        " use a hub with its own power",
        retryable=True,
    ),
    FaultCode.HEALTH_CAMERA_STALLS: FaultSpec(
        "device",
        503,
        "摄像头一小时内卡住 {count} 次:插紧、换口或换线",
        "the camera stalled {count} times in an hour: push the plug in, or change port or cable",
        retryable=True,
    ),
    FaultCode.HEALTH_READER_RESETS: FaultSpec(
        "device",
        503,
        "读卡器一小时内重连 {count} 次:插紧、换口或换线",
        "the card reader came and went {count} times in an hour: push the plug in, or change port"
        " or cable",
        retryable=True,
    ),
    FaultCode.HEALTH_QUEUE_OLD: FaultSpec(
        "network",
        503,
        "{count} 条账等着上传,最早的等了 {minutes} 分钟:看看店里的网",
        "{count} events wait to be sent, the oldest for {minutes} minutes: look at the shop's"
        " network",
        retryable=True,
    ),
    FaultCode.HEALTH_JOURNAL_SLOW: FaultSpec(
        "storage",
        503,
        "账本写一次要 {ms} 毫秒:存储卡慢了,多半快坏",
        "one write to the journal takes {ms} ms: the memory card has become slow and may fail",
        retryable=True,
    ),
    FaultCode.HEALTH_CERTIFICATE: FaultSpec(
        "auth",
        503,
        "盒子的证书还有 {days} 天到期,没能自动续:总部查续期为何被拒",
        "the box's certificate ends in {days} days and was not renewed: HQ looks why renewal was"
        " refused",
    ),
    FaultCode.HEALTH_FACES_FULL: FaultSpec(
        "device",
        503,
        "本店人脸 {count} 人,上限 {most}:总部缩小本店范围",
        "{count} faces are held here, at most {most}: HQ narrows whom this shop holds",
    ),
    FaultCode.HEALTH_CANNOT_PRICE: FaultSpec(
        "internal",
        503,
        "试算一单失败,现在按原价卖:总部查商品表和优惠",
        "a trial basket could not be priced, shelf prices are charged: HQ looks at the catalogue"
        " and the offers",
        retryable=True,
    ),
    FaultCode.HEALTH_CANNOT_BOOK: FaultSpec(
        "storage",
        507,
        "账本写不进去,不能记会员单:查磁盘,重启盒子,不行就换卡",
        "the journal cannot be written, no sale is recorded: look at the disk, restart the box,"
        " else replace the card",
    ),
    FaultCode.HEALTH_DEVICE_AWAY: FaultSpec(
        "device",
        503,
        "{device} 不在工作({state}):插紧,重新插拔",
        "{device} does not work ({state}): push the plug in, or unplug it and plug it in again",
        retryable=True,
    ),
    FaultCode.HEALTH_FACES_OFF: FaultSpec(
        "setup",
        503,
        "人脸模型没有启用({why}),会员码和卡照常:重启盒子;还在,就请总部重新签发模型,或重装模型",
        "the face models are not in use ({why}), codes and cards go on: restart the box; where it"
        " stays, HQ signs the models anew or they are installed again",
        retryable=True,
    ),
    FaultCode.HEALTH_SAFE_MODE: FaultSpec(
        "setup",
        503,
        "多次没能正常启动,现在是安全模式:摄像头和读卡器停了,收银、打印和记账照常;好了一阵会自己恢复",
        "the box failed to start several times and runs in safe mode: cameras and card readers are"
        " off, tills, printing and the books go on; after a healthy while it comes back by itself",
    ),
    FaultCode.HEALTH_PART_HUNG: FaultSpec(
        "internal",
        503,
        "盒子的 {part} 停住不动:等半分钟它会自己重启,不行就重启盒子",
        "the box's {part} stands still: it restarts by itself within half a minute, else restart"
        " the box",
        retryable=True,
    ),
    FaultCode.HEALTH_TILL_UNREAD: FaultSpec(
        "device",
        503,
        "{till}:最近 {count} 张小票一张也没读懂,没有入账:到 /tech 的“学小票”教它的版式",
        "{till}: none of the last {count} receipts could be read or booked: teach its layout on the"
        " Learn tab of /tech",
    ),
    FaultCode.HEALTH_TILL_DISAGREES: FaultSpec(
        "device",
        503,
        "{till}:盒子算的与打印的不再一致,已停止向它写入:到 /tech 的“对账分数”看哪里不同",
        "{till}: what the box computes no longer agrees with what it prints, nothing is written to"
        " it: see on the Agreement tab of /tech what differs",
    ),
    FaultCode.HEALTH_NOT_SAFE_MODE: FaultSpec(
        "conflict", 409, "盒子不在安全模式", "the box is not in safe mode"
    ),
    FaultCode.HEALTH_FIXUP_NOT_YOURS: FaultSpec(
        "auth",
        403,
        "{name} 要店长或技术员登录后来做",
        "{name} is for a signed-in manager or technician",
    ),
    FaultCode.HEALTH_DIAG_BUSY: FaultSpec(
        "conflict",
        409,
        "正在收集诊断包,等一下再要",
        "diagnostics are being collected already, ask again in a moment",
        retryable=True,
    ),
    FaultCode.HEALTH_FIXUP_UNKNOWN: FaultSpec(
        "input", 404, "没有这个修复办法:{name}", "there is no fixup called {name}"
    ),
    FaultCode.HEALTH_FIXUP_RESTING: FaultSpec(
        "conflict",
        409,
        "刚做过 {name},{seconds} 秒后再试",
        "{name} was done just now, try again in {seconds} s",
        retryable=True,
    ),
    FaultCode.HEALTH_FIXUP_FAILED: FaultSpec(
        "device",
        503,
        "{name} 没有做成:{reason}",
        "{name} did not work: {reason}",
        retryable=True,
    ),
}
