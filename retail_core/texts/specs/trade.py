"""Faults of sales, offers and the ledger: blocks L and P."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.LEDGER_KEY_CONFLICT: FaultSpec(
        "conflict", 409, "同一记账键已有不同内容", "the posting key exists with other content"
    ),
    FaultCode.LEDGER_OVERDRAWN: FaultSpec(
        "conflict",
        409,
        "积分不足:可用 {free},需要 {wanted}",
        "not enough points: {free} free, {wanted} wanted",
    ),
    FaultCode.SALE_EMPTY: FaultSpec("input", 422, "这笔没有商品", "the sale has no lines"),
    FaultCode.SALE_QUANTITY: FaultSpec(
        "input", 422, "第 {line} 行数量不对", "line {line}: the quantity is not valid"
    ),
    FaultCode.SALE_AMOUNT_NEGATIVE: FaultSpec(
        "input", 422, "第 {line} 行金额不能为负", "line {line}: the amount may not be negative"
    ),
    FaultCode.SALE_ARTICLE_UNKNOWN: FaultSpec(
        "input",
        422,
        "没有商品 {sku},请给出收银机价格",
        "article {sku} is unknown; give the till's price",
    ),
    FaultCode.SALE_TENDER_MISMATCH: FaultSpec(
        "input",
        422,
        "收款 {tendered} 与应付 {due} 不符",
        "tendered {tendered} does not equal {due} due",
    ),
    FaultCode.SALE_MEMBER_UNKNOWN: FaultSpec(
        "input", 422, "没有这个会员", "there is no such member"
    ),
    FaultCode.OFFER_INVALID: FaultSpec(
        "input", 422, "优惠 {offer} 不对:{reason}", "offer {offer} is invalid: {reason}"
    ),
    FaultCode.SALE_LINES: FaultSpec(
        "input",
        422,
        "行数超过 {limit} 或行号重复",
        "more than {limit} lines, or a line number twice",
    ),
    FaultCode.SALE_AMOUNT_TOO_LARGE: FaultSpec(
        "input", 422, "金额超过上限 {limit} 分", "the amount exceeds {limit} fen"
    ),
    FaultCode.BUNDLE_MISSING: FaultSpec(
        "setup",
        503,
        "还没有收到优惠规则,按标价销售",
        "no rule bundle has arrived yet; shelf prices are charged",
        retryable=True,
    ),
}
