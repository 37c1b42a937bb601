"""Faults of letting boxes in and of their certificates: block F."""

from retail_core.texts.fault_codes import FaultCode, FaultSpec

SPECS: dict[FaultCode, FaultSpec] = {
    FaultCode.ENROL_CODE_MISTYPED: FaultSpec(
        "input",
        422,
        "开通码输错了:应为三组四位,核对字母和数字后再输",
        "the enrolment code is mistyped: three groups of four characters; check and type it again",
    ),
    FaultCode.ENROL_CODE_WRONG: FaultSpec(
        "auth",
        403,
        "开通码不对或已过期(十分钟内有效),请总部重新开一个",
        "the enrolment code is unknown or over (it holds ten minutes); ask HQ for another",
    ),
    FaultCode.ENROL_CODE_USED: FaultSpec(
        "auth",
        409,
        "开通码已经用过,已通知总部;请总部重新开一个",
        "the enrolment code has been used; HQ has been alerted; ask for another",
    ),
    FaultCode.ENROL_CSR_REFUSED: FaultSpec(
        "input",
        422,
        "证书请求不合格:{reason}",
        "the certificate request is refused: {reason}",
    ),
    FaultCode.ENROL_KEY_KNOWN: FaultSpec(
        "conflict",
        409,
        "这把密钥已经签发过证书,请换新密钥再申请",
        "this key has a certificate already; ask again with a new key",
    ),
    FaultCode.CERT_UNKNOWN: FaultSpec(
        "auth",
        401,
        "证书不被承认:{reason}",
        "the certificate is not accepted: {reason}",
    ),
    FaultCode.CERT_REVOKED: FaultSpec(
        "auth",
        403,
        "这台盒子的证书已吊销(被替换或报失),请联系总部",
        "this box's certificate is revoked (replaced or reported stolen); call HQ",
    ),
    FaultCode.CERT_TOO_LATE: FaultSpec(
        "auth",
        403,
        "证书过期太久,不能再续,请总部开一个新的开通码",
        "the certificate expired too long ago to be renewed; ask HQ for a new enrolment code",
    ),
    FaultCode.ENROL_CLOUD_UNTRUSTED: FaultSpec(
        "network",
        502,
        "连到的不是我们的云端:{reason};核对地址和指纹,不要继续",
        "this is not our cloud: {reason}; check the address and the fingerprint, do not go on",
    ),
    FaultCode.ENROL_ANSWER_WRONG: FaultSpec(
        "network",
        502,
        "云端的答复不合格:{reason}",
        "the cloud's answer is not valid: {reason}",
    ),
    FaultCode.ENROL_EXISTS: FaultSpec(
        "conflict",
        409,
        "{path} 里已经有开通文件;确定要换就先移走整个文件夹",
        "{path} holds a provisioned box already; move the folder away first if that is meant",
    ),
    FaultCode.ENROL_SLOT_TAKEN: FaultSpec(
        "conflict",
        409,
        "这家店的 {slot} 号位已有盒子;换机请加 --replace,旧盒子会在新盒子开通时停用",
        "slot {slot} of this store has a box; to replace it add --replace, and the old one is shut"
        " out when the new one comes",
    ),
    FaultCode.CA_MISSING: FaultSpec(
        "setup",
        500,
        "没有签发机构:先运行 cloud-broker ca-init,或用 ca_dir 指向已有的({path})",
        "there is no certificate authority: run cloud-broker ca-init, or let ca_dir name one"
        " ({path})",
    ),
    FaultCode.CA_PASSPHRASE: FaultSpec(
        "setup",
        500,
        "打不开签发机构的私钥:检查 ca_passphrase",
        "the authority's key cannot be opened: check ca_passphrase",
    ),
    FaultCode.BROKER_GATE_DOWN: FaultSpec(
        "network",
        503,
        "消息服务器没有应答,盒子的权限还没改好:{reason}",
        "the message broker did not answer, a box's rights are not set yet: {reason}",
        retryable=True,
    ),
    FaultCode.CRL_WRONG: FaultSpec(
        "setup",
        500,
        "吊销名单不合格,没有换上:{reason}",
        "the revocation list is not valid and was not put in place: {reason}",
    ),
    FaultCode.CERT_RENEWAL_FAILED: FaultSpec(
        "network",
        503,
        "证书续期没有成功,{days} 天后到期:{reason}",
        "the certificate could not be renewed and ends in {days} days: {reason}",
        retryable=True,
    ),
}
