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
    FaultCode.SALE_TENDER_NEGATIVE: FaultSpec(
        "input", 422, "收款或退款金额不能为负", "what is paid or given back may not be negative"
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
        "收银机说的 {tendered}(收款或报过的价)与应付 {due} 不符",
        "the till says {tendered} (tendered, or quoted before), but {due} is due",
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
        "input", 422, "金额超过上限 {limit}", "the amount exceeds {limit}"
    ),
    FaultCode.BUNDLE_MISSING: FaultSpec(
        "setup",
        503,
        "还没有收到优惠规则,按标价销售",
        "no rule bundle has arrived yet; shelf prices are charged",
        retryable=True,
    ),
    FaultCode.BUNDLE_FORMAT: FaultSpec(
        "input",
        422,
        "规则包格式 {format} 比本程序认识的 {known} 新,请先升级程序",
        "bundle format {format} is newer than this program knows ({known}); update the program",
    ),
    FaultCode.BUNDLE_NOT_YET: FaultSpec(
        "input",
        422,
        "规则包 {version} 从 {valid_from} 起才生效,现在是 {now}",
        "bundle {version} holds from {valid_from} on; it is {now} now",
    ),
    FaultCode.BUNDLE_SIGNATURE: FaultSpec(
        "auth",
        422,
        "规则包没有总部的签名,或被改过,请重新发布",
        "the bundle is not signed by headquarters, or was changed; publish it again",
    ),
    FaultCode.PRICING_FILE_INVALID: FaultSpec(
        "input", 422, "{file} 的 {place} 不对:{reason}", "{file}, {place}: {reason}"
    ),
    FaultCode.FILE_UNREADABLE: FaultSpec(
        "input", 422, "文件 {path} 读不了:{detail}", "{path} cannot be read: {detail}"
    ),
    FaultCode.FILE_UNWRITABLE: FaultSpec(
        "input", 422, "文件 {path} 写不了:{detail}", "{path} cannot be written: {detail}"
    ),
    FaultCode.CERTIFICATE_INVALID: FaultSpec(
        "input", 422, "价格凭证不对:{detail}", "the price certificate is not valid: {detail}"
    ),
    FaultCode.SALES_FILE_INVALID: FaultSpec(
        "input",
        422,
        "销售文件第 {line} 行不对:{detail}",
        "line {line} of the sales file is not valid: {detail}",
    ),
    FaultCode.SALES_SOURCE_INVALID: FaultSpec(
        "input",
        422,
        "{path} 不是 {source} 的格式:{detail}",
        "{path} does not have the shape of {source}: {detail}",
    ),
    FaultCode.AUDIT_ARITHMETIC: FaultSpec(
        "conflict", 409, "小票的账对不上", "the receipt does not add up"
    ),
    FaultCode.AUDIT_BUNDLE_UNKNOWN: FaultSpec(
        "conflict",
        409,
        "小票所用的规则包不是已发布的那一份",
        "the receipt's rule bundle is not one that was published",
    ),
    FaultCode.AUDIT_OFFER_UNKNOWN: FaultSpec(
        "conflict",
        409,
        "小票上的优惠不在它的规则包里",
        "an offer of the receipt is not in its rule bundle",
    ),
    FaultCode.AUDIT_CHEAPER: FaultSpec(
        "conflict",
        409,
        "多收了:按已发布的规则可以更便宜",
        "charged too much: by the published rules it is cheaper",
    ),
    FaultCode.AUDIT_TOO_CHEAP: FaultSpec(
        "conflict",
        409,
        "少收了:按已发布的规则没有这么便宜",
        "charged too little: the published rules do not give it so cheap",
    ),
    FaultCode.RULES_DRAFT_CHANGED: FaultSpec(
        "conflict",
        409,
        "{who} 刚存过这份草稿(现为第 {edit} 稿),你写的没有丢,请对照后再存",
        "{who} saved this draft meanwhile (now edit {edit}); nothing you wrote is lost: compare",
    ),
    FaultCode.RULES_NOT_STAGED: FaultSpec(
        "conflict",
        409,
        "不能先在部分门店试行:{part},{reason};请从草稿去掉它,或一次发给所有门店",
        "this cannot begin in some stores: {part}, {reason}; take it out, or publish to all",
    ),
    FaultCode.RULES_MOVED: FaultSpec(
        "conflict",
        409,
        "看过之后又发布了新的规则(现为第 {newest} 版),请再看一遍再发布",
        "rules were published since you looked (now version {newest}); look again, then publish",
    ),
    FaultCode.RULES_NOTHING_NEW: FaultSpec(
        "conflict",
        409,
        "和第 {newest} 版没有差别,不必发布",
        "nothing differs from version {newest}; there is nothing to publish",
    ),
    FaultCode.RULES_JOB_BUSY: FaultSpec(
        "conflict",
        409,
        "这份草稿已经在检查或演练,等它做完或先停下它",
        "this draft is being checked or rehearsed already; let it end, or stop it first",
    ),
    FaultCode.CHECKPOINT_FOREIGN: FaultSpec(
        "input",
        422,
        "{path} 不是演练的中间结果,没有动它;请给 --checkpoint 另一个文件名",
        "{path} holds no rehearsal's checkpoint and was left alone; give --checkpoint another file",
    ),
    FaultCode.RULES_FORM_WRONG: FaultSpec(
        "input",
        422,
        "“{field}”不对:{reason}",
        "the field “{field}” is wrong: {reason}",
    ),
    FaultCode.RULES_DRAFT_OVER: FaultSpec(
        "conflict",
        409,
        "这份草稿已经发布、等人同意或作废,不能再改;请另起一份",
        "this draft was published, waits for agreement or was dropped; begin another one",
    ),
    FaultCode.RULES_JOB_FAILED: FaultSpec(
        "conflict",
        500,
        "没有算完:{reason};请再试一次",
        "it was not worked out to the end: {reason}; try once more",
        retryable=True,
    ),
}
