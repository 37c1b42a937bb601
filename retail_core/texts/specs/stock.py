"""Stock suggestions: block E from 220."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.STOCK_POLICY: FaultSpec(
        "input",
        422,
        "没有「{name}」这一项,或者 {value} 不是它能取的值;有:{names}",
        "{name} is nothing to set, or {value} is nothing it can be; there are {names}",
    ),
    FaultCode.STOCK_NO_PLAN: FaultSpec(
        "internal",
        500,
        "算不出调货方案:{reason}",
        "no plan of transfers was found: {reason}",
        retryable=True,
    ),
    FaultCode.STOCK_PLAN_OVER: FaultSpec(
        "conflict",
        409,
        "这条建议已经不在待定:{state} {who}",
        "this suggestion is no longer open: {state} {who}",
    ),
    FaultCode.STOCK_RUNS_OUT: FaultSpec(
        "conflict",
        409,
        "{count} 种商品撑不到补货,最急的是 {name}",
        "{count} articles will not last until more comes, {name} least of all",
    ),
    FaultCode.STOCK_NO_BUNDLE: FaultSpec(
        "input",
        422,
        "{sku} 没有找到可以搭配的商品,写不出套装草稿",
        "nothing was found to go with {sku}, so there is no bundle to draft",
    ),
    FaultCode.STOCK_GONE: FaultSpec(
        "conflict",
        409,
        "{place}现在只给得出 {have} 件,这条要 {units} 件;等今晚重新算",
        "{place} can only give {have} now, and this asks for {units}; wait for the next run",
    ),
}
