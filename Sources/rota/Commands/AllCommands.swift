extension Command {
    /// Every command, in the order of `rota --help`.
    static let all: [Command] = [
        initialise, importInventory, exportInventory, status,
        tokenCreate, tokenList, tokenShow, tokenEdit, tokenVerify, tokenRotate, tokenRevoke, tokenQuarantine,
        tokenRestore,
        policyCheck, policyExplain, policyTest, policySchema, policyDiff, policySimulate, policyCalendar,
        plan, planList, planShow, approve, reject, run, serve, report, reportVerify, reportBundle,
        waiverRequest, waiverApprove, waiverList, waiverShow, waiverWithdraw,
        vaultList, vaultCheck, vaultAdopt, vaultDrift,
        webhookList, webhookDeliveries, webhookReplay, webhookTest,
        auditTail, auditShow, auditVerify, auditProve, auditExport, auditCheckpoint, auditWitness,
        auditKey, freeze, unfreeze, storeBackup, storeReconcile, storePrune, doctor, completion,
    ]
}
