"""Faults on the way from the cloud into a shop: block S150."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.SYNC_REFETCH: FaultSpec(
        "conflict",
        410,
        "本店错过的变更太久,云端已不再逐条保存,正在整份取会员资料;收银照常",
        "the shop missed more changes than the cloud keeps one by one; its members are being"
        " fetched as a whole, the tills sell on",
        retryable=True,
    ),
    FaultCode.SYNC_DRIFT: FaultSpec(
        "conflict",
        409,
        "本店的会员资料与云端有 {count} 处对不上,已重新取来",
        "the shop's members differed from the cloud's in {count} places; they were fetched again",
    ),
    FaultCode.SNAPSHOT_WAITS: FaultSpec(
        "network",
        503,
        "云端正在为本店整理会员资料,稍后自动再取",
        "the cloud is putting the shop's members together; they are fetched in a while",
        retryable=True,
    ),
    FaultCode.SNAPSHOT_DAMAGED: FaultSpec(
        "conflict",
        502,
        "取来的会员资料有一段不完整,正在重取这一段",
        "a part of the fetched members is damaged; that part is fetched again",
        retryable=True,
    ),
    FaultCode.SYNC_CHANGE_UNKNOWN: FaultSpec(
        "input",
        422,
        "云端发来本版本不认识的变更,已略过;请升级盒子",
        "the cloud sent a kind of change which this version does not know; it was passed over,"
        " please update the box",
    ),
    FaultCode.CATALOGUE_DELTA_MISFIT: FaultSpec(
        "conflict",
        409,
        "商品变更接不上本店的商品表,已改取整份",
        "a small change of the catalogue does not fit the one held here; the whole is fetched",
        retryable=True,
    ),
    FaultCode.RULES_REFUSED: FaultSpec(
        "input",
        422,
        "云端发来的优惠规则没有通过检查({why}),本店照旧按原来的规则卖;总部重新发布后自己会好",
        "the offers that came from the cloud did not pass their check ({why}); the shop sells by"
        " those before, until HQ publishes again",
    ),
    FaultCode.CATALOGUE_REFUSED: FaultSpec(
        "input",
        422,
        "云端发来的商品表没有通过检查({why}),本店照旧按原来的价格卖;总部重新发布后自己会好",
        "the catalogue that came from the cloud did not pass its check ({why}); the shop sells at"
        " the prices before, until HQ publishes again",
    ),
    FaultCode.TABLE_REFUSED: FaultSpec(
        "input",
        422,
        "云端发来的库存、推荐或品名对照没有通过检查({why}),沿用原来的;不影响收银",
        "a table of stock, suggestions or printed names did not pass its check ({why}); the one"
        " before is used, and sales go on",
    ),
}
