"""What is set apart, what channels cost and bring: block E from 165 to 184."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.CLEANING_UNKNOWN: FaultSpec(
        "input",
        404,
        "没有这条决定 {decision};cloud-broker insight quarantine 列出全部",
        "there is no decision {decision}; cloud-broker insight quarantine lists them",
    ),
    FaultCode.CLEANING_OVER: FaultSpec(
        "conflict",
        409,
        "{decision} 现在已经是这样了:有人刚改过,刷新再看",
        "{decision} is so already: somebody was quicker; look again",
    ),
    FaultCode.CLEANING_WHY: FaultSpec(
        "input",
        422,
        "写明理由,最多 {limit} 个字",
        "say why, in at most {limit} characters",
    ),
    FaultCode.COST_COLUMNS: FaultSpec(
        "input",
        422,
        "费用表缺列:{missing}。文件里有:{found}",
        "the file of costs lacks columns: {missing}. It has: {found}",
    ),
    FaultCode.COST_ROW: FaultSpec(
        "input",
        422,
        "{count} 行不能用,第一处是第 {row} 行的 {column}:{value}",
        "{count} rows cannot be used; the first is {column} in row {row}: {value}",
    ),
    FaultCode.COST_IMPORT: FaultSpec(
        "conflict",
        409,
        "没有这次费用导入 {import_id},或者已经撤回",
        "there is no such import of costs as {import_id}, or it was taken back",
    ),
    FaultCode.ROI_SPAN: FaultSpec(
        "input",
        422,
        "{first} 到 {last} 不是能算的一段:先早后晚,最多 {limit} 天",
        "{first} to {last} is no time to reckon with: at most {limit} days, the first one first",
    ),
    FaultCode.ROI_BASELINE: FaultSpec(
        "input",
        422,
        "对照期 {first} 到 {last} 不行:要有 7 到 {limit} 天,而且已经过完;毛利率在 0 和 1000 之间",
        "{first} to {last} is no baseline: 7 to {limit} days, over; the margin is 0 to 1,000",
    ),
}
