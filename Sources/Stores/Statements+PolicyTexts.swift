/// The texts that policies were loaded from.
extension Statement {
    static let policyTexts: [Statement] = [policyText, addPolicyText, policyTextsAfter]

    static let policyText = Statement("SELECT text FROM policy_texts WHERE digest = $1")
    static let addPolicyText = Statement(
        "INSERT INTO policy_texts (digest, text) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING")
    static let policyTextsAfter = Statement(
        "SELECT digest, text FROM policy_texts WHERE digest > $1 ORDER BY digest")
}
