"""Faults of tiers and birthdays: block M12."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.BIRTHDAY_INVALID: FaultSpec(
        "input",
        422,
        "没有 {given} 这个生日,请按 月-日 填写,如 08-15",
        "there is no birthday {given}; write month-day, such as 08-15",
    ),
    FaultCode.GROWTH_PLAN_MISSING: FaultSpec(
        "conflict",
        409,
        "规则包里没有成长计划(growth),请先写好并发布",
        "the rule bundle has no growth plan (growth); write and publish one first",
    ),
    FaultCode.GROWTH_TIER_UNKNOWN: FaultSpec(
        "input",
        422,
        "成长计划里没有档位 {tier}",
        "the growth plan has no tier {tier}",
    ),
    FaultCode.GROWTH_GRANT_UNKNOWN: FaultSpec(
        "input", 404, "没有这条档位申请", "there is no such proposal of a tier"
    ),
    FaultCode.GROWTH_GRANT_DAY: FaultSpec(
        "input",
        422,
        "档位有效期须在今天与 {last} 之间",
        "the tier must hold to a day between today and {last}",
    ),
}
