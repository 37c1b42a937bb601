"""Faults of writing to an unchanged till: block T, 140 to 149."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.TILL_SHADOW_YOUNG: FaultSpec(
        "conflict",
        409,
        "这台收银机还在影子模式:核对过 {seen} 张小票,得分 {score}‰,要 {bar}‰",
        "this till is still in shadow mode: {seen} receipts compared, score {score}‰ of {bar}‰",
    ),
    FaultCode.TILL_AGREEMENT_LOST: FaultSpec(
        "conflict",
        409,
        "盒子算的与打印的不再一致,已停止向收银机写入",
        "what the box computes no longer agrees with what is printed; nothing is written to the"
        " till",
    ),
    FaultCode.TILL_NOT_COMPARED: FaultSpec(
        "conflict",
        409,
        "盒子读不到这台收银机的小票,无法核对,不写入",
        "the box reads no receipts of this till, so nothing is compared and nothing written",
    ),
    FaultCode.TILL_WRITE_OFF: FaultSpec(
        "conflict",
        409,
        "这台收银机的 {channel} 写入已关闭",
        "writing by {channel} is switched off for this till",
    ),
    FaultCode.TILL_OVERRIDE_INVALID: FaultSpec(
        "input",
        422,
        "临时放行要 1 到 {limit} 分钟",
        "an override lasts 1 to {limit} minutes",
    ),
}
