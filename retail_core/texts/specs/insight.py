"""Logs of orders, paths and baskets that are worked out: what a file or a model lacks."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.INSIGHT_FILE_UNREADABLE: FaultSpec(
        "input",
        422,
        "读不了文件 {name}:{why}",
        "cannot read {name}: {why}",
    ),
    FaultCode.INSIGHT_FILE_EMPTY: FaultSpec(
        "input",
        422,
        "文件 {name} 里没有一行数据",
        "{name} holds no row of data",
    ),
    FaultCode.INSIGHT_COLUMN_MISSING: FaultSpec(
        "input",
        422,
        "找不到「{what}」这一列;文件里有:{columns}。请用 {option} 指明",
        "no column for {what}; the file has {columns}; name it with {option}",
    ),
    FaultCode.INSIGHT_ROW_SHORT: FaultSpec(
        "input",
        422,
        "第 {row} 行有 {count} 个字段,应有 {wanted} 个",
        "row {row} has {count} fields, {wanted} wanted",
    ),
    FaultCode.INSIGHT_VALUE_INVALID: FaultSpec(
        "input",
        422,
        "第 {row} 行「{column}」的值 {value} 不是{kind}",
        "row {row}: {value} in {column} is no {kind}",
    ),
    FaultCode.INSIGHT_DATE_UNSURE: FaultSpec(
        "input",
        422,
        "「{column}」里的日期(如 {example})有不止一种读法:{formats}。请用 --date-format 指明",
        "days in {column} (such as {example}) can be read as {formats}; say which by --date-format",
    ),
    FaultCode.INSIGHT_TOO_FEW: FaultSpec(
        "input",
        422,
        "数据太少,算不出来:需要至少 {wanted} {what},只有 {count}",
        "too little to work with: at least {wanted} {what} wanted, there are {count}",
    ),
    FaultCode.INSIGHT_UNTIL_OUTSIDE: FaultSpec(
        "input",
        422,
        "截止日 {until} 不在记录之内({first} 至 {last})",
        "{until} lies outside the log, which runs from {first} to {last}",
    ),
    FaultCode.INSIGHT_NO_FIT: FaultSpec(
        "input",
        422,
        "{model} 模型没有收敛({why})",
        "the {model} model did not converge ({why})",
    ),
    FaultCode.INSIGHT_TOO_MANY: FaultSpec(
        "input",
        422,
        "{what} 有 {count},超过上限 {limit}",
        "{count} {what}, more than {limit}",
    ),
}
