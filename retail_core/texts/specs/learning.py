"""Faults of teaching a box a till's receipts: block T, from T120."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.LEARN_SAMPLES_FEW: FaultSpec(
        "input",
        422,
        "样张太少:有 {found} 张,至少要 {needed} 张不同的小票",
        "too few samples: {found} there, at least {needed} different receipts are needed",
    ),
    FaultCode.LEARN_SAMPLE_UNREADABLE: FaultSpec(
        "input",
        422,
        "样张 {name} 不能用:{detail}",
        "sample {name} cannot be used: {detail}",
    ),
    FaultCode.LEARN_NOT_UNDERSTOOD: FaultSpec(
        "input",
        422,
        "这些样张学不会:{detail}",
        "these samples could not be learned: {detail}",
    ),
    FaultCode.LEARN_PROFILE_EXISTS: FaultSpec(
        "conflict",
        409,
        "配置 {name} 已经有了;要换掉它请加 --force",
        "profile {name} is there already; use --force to replace it",
    ),
    FaultCode.LEARN_NOT_LISTENING: FaultSpec(
        "conflict",
        409,
        "没有在收集收银机 {till} 的样张",
        "no samples are being collected from till {till}",
    ),
}
