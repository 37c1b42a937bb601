"""Master data: files that cannot be taken in as they are."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.MASTER_TOO_LONG: FaultSpec(
        "input",
        413,
        "文件太长,一次最多 {rows} 行;请分成几个文件",
        "the file is too long, {rows} rows at most; split it",
    ),
    FaultCode.MASTER_STATE_MOVED: FaultSpec(
        "conflict",
        409,
        "预览之后数据已被别人改过(现在第 {now} 版,预览时第 {seen} 版),请重新预览",
        "somebody changed the table since the preview (version {now}, seen {seen}); preview again",
    ),
    FaultCode.MASTER_REFUSED_ROWS: FaultSpec(
        "input",
        422,
        "有 {rows} 行不能用,整份没有生效;第一处在第 {row} 行 {column}:{reason_zh};"
        "改好再传,或跳过它们(--skip-errors)",
        "{rows} rows cannot be used and nothing was put in force; first row {row}, {column}:"
        " {reason_en}; mend them, or skip them (--skip-errors)",
    ),
    FaultCode.MASTER_APPLIED: FaultSpec(
        "conflict",
        409,
        "这次导入已经生效过,不会再做一遍",
        "this import is in force already and is not done twice",
    ),
    FaultCode.MASTER_NOT_COMPLETE: FaultSpec(
        "input",
        422,
        "{kind} 表不能整表替换,只能逐行更新",
        "table {kind} cannot be replaced as a whole; rows are updated one by one",
    ),
    FaultCode.MASTER_NO_UNDO: FaultSpec(
        "conflict",
        409,
        "这次导入没有可以撤回的内容",
        "there is nothing in this import that can be taken back",
    ),
    FaultCode.MASTER_PRICES_TOO_MANY: FaultSpec(
        "input",
        422,
        "大区和门店价合计 {prices} 条,超过每次下发的上限 {limit} 条",
        "{prices} prices of regions and stores are more than travel to the boxes, {limit}",
    ),
}
