"""Faults of the ledger and of refunds: blocks L from 103 and P from 111."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.LEDGER_SAME_PERSON: FaultSpec(
        "auth",
        403,
        "调整须由另一个人批准,{who} 不能批准自己的申请",
        "an adjustment is approved by somebody else; {who} proposed this one",
    ),
    FaultCode.LEDGER_POINTS_INVALID: FaultSpec(
        "input", 422, "积分数不对:{points}", "{points} is no number of points"
    ),
    FaultCode.LEDGER_DECIDED: FaultSpec(
        "conflict",
        409,
        "这笔调整已由 {who} 决定({decision})",
        "{who} has decided this adjustment already ({decision})",
    ),
    FaultCode.SALE_TOLD_AGAIN: FaultSpec(
        "conflict",
        409,
        "同一天同一台收银机的 {number} 号小票已经入账一份一样的({receipt}),没有再记一次;"
        "是重发就当已成功,真的又卖了一单就换一个小票号",
        "an equal sale of this till and day is booked under number {number} ({receipt}); nothing"
        " was booked again: a repetition is done, a second sale needs another number",
    ),
    FaultCode.SALE_NUMBER_AGAIN: FaultSpec(
        "conflict",
        409,
        "同一天同一台收银机的小票号 {number} 用在了另一单上({receipt});两单都已入账,请核对",
        "number {number} was used for another sale of the same till and day ({receipt}); both are"
        " booked, please compare",
    ),
    FaultCode.LEDGER_ADJUSTMENT_UNKNOWN: FaultSpec(
        "input", 404, "没有这笔调整", "there is no such adjustment"
    ),
    FaultCode.LEDGER_MERGED: FaultSpec(
        "conflict",
        409,
        "会员 {member} 已经合并过,或两边是同一个会员",
        "member {member} is merged already, or both are the same member",
    ),
    FaultCode.LEDGER_MERGE_UNKNOWN: FaultSpec(
        "input",
        404,
        "没有这次合并,或已经撤销",
        "there is no such merge, or it is undone already",
    ),
    FaultCode.LEDGER_REASON_MISSING: FaultSpec("input", 422, "请写明原因", "give a reason"),
    FaultCode.LEDGER_POLICY_INVALID: FaultSpec(
        "input", 422, "积分政策不对:{reason}", "the points policy is invalid: {reason}"
    ),
    FaultCode.LEDGER_POLICY_PAST: FaultSpec(
        "conflict",
        409,
        "政策只能从 {first} 起生效,已经入账的积分不改期",
        "a policy may begin on {first} at the earliest: booked points keep their dates",
    ),
    FaultCode.LEDGER_IMPORT_ROW: FaultSpec(
        "input", 422, "第 {row} 行:{reason}", "row {row}: {reason}"
    ),
    FaultCode.LEDGER_ZREPORT_INVALID: FaultSpec(
        "input", 422, "日结单读不懂:{reason}", "the Z-report cannot be read: {reason}"
    ),
    FaultCode.LEDGER_ROLE: FaultSpec(
        "auth",
        403,
        "{role} 不能动账",
        "the role {role} may not change the books",
    ),
    FaultCode.LEDGER_WRONG: FaultSpec(
        "internal",
        500,
        "账不平:{count} 处,见 {first}",
        "the books are wrong in {count} places, first: {first}",
    ),
    FaultCode.REFUND_RECEIPT_UNKNOWN: FaultSpec(
        "input",
        404,
        "没有这张小票 {receipt},可能那家店还没有同步",
        "receipt {receipt} is not known; its shop may not have synced yet",
        retryable=True,
    ),
    FaultCode.REFUND_LINE_UNKNOWN: FaultSpec(
        "input", 422, "小票上没有第 {line} 行", "the receipt has no line {line}"
    ),
    FaultCode.REFUND_TOO_MUCH: FaultSpec(
        "conflict",
        409,
        "第 {line} 行最多还能退 {left_qty},要退 {asked_qty}",
        "line {line}: {left_qty} are left to refund, {asked_qty} were asked",
    ),
    FaultCode.REFUND_EMPTY: FaultSpec("input", 422, "没有要退的商品", "nothing is returned"),
    FaultCode.REFUND_REST_WRONG: FaultSpec(
        "input",
        422,
        "留下的商品的重新计价与小票对不上",
        "the re-priced rest does not fit the receipt",
    ),
    FaultCode.REFUND_AMOUNT: FaultSpec(
        "input",
        422,
        "退款 {refunded} 与应退 {due} 不符",
        "{refunded} was refunded, {due} is due",
    ),
    FaultCode.REFUND_QUANTITY: FaultSpec(
        "input", 422, "第 {line} 行退货数量不对", "line {line}: the returned quantity is not valid"
    ),
    FaultCode.REFUND_RULES_CHANGED: FaultSpec(
        "conflict",
        409,
        "优惠规则已经换过,不能按原规则重算,请按比例退",
        "the rules have changed since: refund in proportion instead",
    ),
}
