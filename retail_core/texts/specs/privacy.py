"""Faults of consent and of what HQ allows: block R, 6xx."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.FACE_MINOR: FaultSpec(
        "auth",
        403,
        "未声明年满十四周岁,也没有监护人同意,不能使用人脸识别",
        "fourteen or older was not declared and no guardian has consented; no face recognition",
    ),
    FaultCode.RECEIPT_INVALID: FaultSpec(
        "input",
        422,
        "删除回执不完整,或签名不对",
        "the erasure receipt is incomplete or its signature is wrong",
    ),
    FaultCode.RECEIPT_OTHER_MEMBER: FaultSpec(
        "input",
        422,
        "这份删除回执是真的,说的不是这位会员",
        "the erasure receipt is genuine, but is about another member",
    ),
    FaultCode.RECEIPT_OTHER_KEY: FaultSpec(
        "input",
        422,
        "这份删除回执完整,不是这把公钥的盒子签的,签它的是 {key}",
        "the erasure receipt is whole, but signed by another box than this public key's: by {key}",
    ),
    FaultCode.FACE_WALK_UP_NOT_LET: FaultSpec(
        "auth",
        403,
        "总部没有准许本店走近识别,现在不能请顾客同意这一项",
        "headquarters has not let this shop recognise who walks up; nobody is asked for it now",
    ),
    FaultCode.FACE_APPROVAL_DATE: FaultSpec(
        "input",
        422,
        "批准日期要写成 2026-07-01 这样,不能晚于今天:{said}",
        "the date of approval is written as 2026-07-01 and is not later than today: {said}",
    ),
    FaultCode.FACE_POLICY_INVALID: FaultSpec(
        "auth",
        403,
        "总部的人脸启用文件无效:签名不对,或不是给本店的",
        "headquarters' face policy is not valid: a wrong signature, or made for another store",
    ),
    FaultCode.FACE_SECOND_PERSON: FaultSpec(
        "auth",
        409,
        "提出的人不能自己确认,请另一位同事登录后确认",
        "who proposed it cannot confirm it; another person has to sign in and confirm",
    ),
    FaultCode.FACE_ENABLEMENT_INCOMPLETE: FaultSpec(
        "input",
        422,
        "启用人脸还缺:{missing}",
        "faces cannot be enabled; missing: {missing}",
    ),
    FaultCode.FACE_COUNT_WARNING: FaultSpec(
        "conflict",
        409,
        "{entity} 已存有 {count} 人的人脸信息,接近 10 万人备案线",
        "{entity} holds face templates of {count} persons, close to the 100,000 filing duty",
    ),
    FaultCode.FACE_COUNT_ALERT: FaultSpec(
        "conflict",
        409,
        "{entity} 已存有 {count} 人的人脸信息,须在 30 个工作日内向省级网信部门备案",
        "{entity} holds face templates of {count} persons: file with the provincial authority"
        " within 30 working days",
    ),
    FaultCode.FACE_OTHER_BOARD: FaultSpec(
        "storage",
        500,
        "人脸库属于另一块主板,已放在一旁;本店照常收银,人脸需重新登记",
        "the gallery belongs to another board and was put aside; the shop sells, faces enrol anew",
    ),
}
