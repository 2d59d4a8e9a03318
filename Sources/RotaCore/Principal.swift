/// Who asks for something that somebody else has to agree to, agrees to it, or takes it back.
package struct Principal: Hashable, Sendable {
    /// The owner of the token that was presented, or its name where it has none; else the account, as `cli:alice`.
    package var name: String
    /// The account that the command was given by, as `cli:alice` or `cli:alice as rota`.
    package var account: String
    /// The token that was presented; nil: nobody was authenticated.
    package var tokenID: TokenID?
    /// Its name.
    package var tokenName: String?
    /// The request that it came with; it is not kept with what he asked for.
    package var request: RequestOrigin?

    /// Nobody was authenticated: an account is all that is known.
    package init(account: String) {
        name = account
        self.account = account
    }

    /// Whoever holds a value of the token.
    package init(_ token: Token, account: String) {
        name = token.owner.isEmpty ? token.name : token.owner
        self.account = account
        tokenID = token.id
        tokenName = token.name
    }

    package init(name: String, account: String, tokenID: TokenID?, tokenName: String? = nil) {
        self.name = name
        self.account = account
        self.tokenID = tokenID
        self.tokenName = tokenName
    }

    /// As who acts, in the audit log.
    package var actor: AuditActor { AuditActor(tokenName.map { "token:\($0)" } ?? account, request: request) }
}

extension Principal {
    /// Who is to approve what this one asked for, as the subject of a sentence.
    package var others: String {
        "somebody other than \(name)" + (tokenID == nil ? ", from another account," : "")
    }

    /// Why somebody cannot approve what this one asked for, since it may be his own, and what to do; nil where he is
    /// somebody else.
    ///
    /// - parameter what: that was asked for, such as `the plan plan_1`.
    package func obstacle(toApprovalOf what: String, by approver: Principal) -> (message: String, hint: String)? {
        guard !isOther(than: approver) else { return nil }
        let hint =
            tokenID == nil
            ? "it was asked for from the account \(account) without a token: let somebody else approve it from another "
                + "account, or ask for it anew with --token-file"
            : "it was asked for by \(name), from \(account); an approval is somebody else's, given with a token of his "
                + "own"
        return ("\(approver.name) may be who asked for \(what), and cannot approve it", hint)
    }

    /// Whether an approver is somebody else than who asked: of another name, by another token, and not the person whose
    /// account it was. Of somebody who presented no token the account is all that is known, so that whoever else uses
    /// that account may be he.
    package func isOther(than approver: Principal) -> Bool {
        guard tokenID == nil || tokenID != approver.tokenID else { return false }
        let people = Self.people(of: account)
        if tokenID == nil, people.first == Self.people(of: approver.account).first { return false }
        return Set(names + people).isDisjoint(with: approver.names)
    }

    /// All that he may be called by: his name, that of his token, and of an address what stands before the `@`, since
    /// accounts are called so. An account is not his alone: another one may present his own token there.
    private var names: [String] {
        let called = [Self.plain(name)] + (tokenName.map { [Self.plain($0)] } ?? [])
        return called + called.compactMap { name in name.split(separator: "@").first.map(String.init) }
    }

    /// `cli:alice as rota` is alice's doing, by the account of rota.
    private static func people(of account: String) -> [String] {
        account.split(separator: " as ").map { plain(String($0)) }
    }

    /// Names that only look different are one.
    private static func plain(_ name: String) -> String {
        String(name.trimmingPrefix("cli:")).lowercased().filter { !$0.isWhitespace }
    }
}
