import RotaCore
import Testing

@Suite struct SelectorTests {
    @Test(arguments: [
        ("", "", true), ("", "a", false), ("*", "", true), ("*", "anything", true), ("team-*", "team-", true),
        ("team-*", "team", false), ("*:write", "export:write", true), ("*:write", "export:writer", false),
        ("a*b*c", "a--b--c", true), ("a*b*c", "a--c--b", false), ("a*a", "a", false), ("**", "x", true),
        ("a*bb*b", "abbb", true), ("a*bb*b", "abb", false), ("Env", "env", false), ("é*", "été", true),
    ])
    func `a glob matches by bytes`(_ pattern: String, _ text: String, _ matches: Bool) {
        #expect(Glob(pattern).matches(text) == matches)
    }

    @Test(arguments: [
        (Selector(names: [Glob("x*")]), "its name is 'tok_1', not 'x*'"),
        (Selector(owners: [Glob("ops"), Glob("sec")]), "its owner is 'team-a', not 'ops' or 'sec'"),
        (Selector(issuers: [Glob("external:*")]), "its issuer is 'rota', not 'external:*'"),
        (Selector(scopes: [Glob("*:write")]), "none of its scopes is '*:write'"),
        (Selector(labels: ["tier": [Glob("1")]]), "it has no label 'tier'"),
        (Selector(labels: ["env": [Glob("test")]]), "its label 'env' is 'production', not 'test'"),
        (Selector(except: [Selector(names: [Glob("tok_*")])]), "'except' leaves it out"),
    ])
    func `a mismatch is told in one phrase`(_ selector: Selector, _ phrase: String) {
        #expect(!selector.matches(token()))
        #expect(selector.mismatch(with: token())?.description == phrase)
    }

    @Test func `what matches has no mismatch`() {
        let selector = Selector(
            labels: ["env": [Glob("prod*")]], scopes: [Glob("*:read")], owners: [Glob("team-*")])
        #expect(selector.matches(token()))
        #expect(selector.mismatch(with: token()) == nil)
        #expect(Selector.all.mismatch(with: token()) == nil)
    }

    @Test func `the digest follows the policies and not their order or files`() {
        let first = Policy(name: "a", rules: [Rule(.maxAge(.days(90)))], file: "x.yaml")
        let second = Policy(name: "b", rules: [Rule(.unusedFor(.days(30)))])
        var moved = first
        moved.file = "y.yaml"
        #expect(PolicySet([first, second]).digest == PolicySet([second, moved]).digest)
        var changed = first
        changed.rules = [Rule(.maxAge(.days(91)))]
        #expect(PolicySet([first]).digest != PolicySet([changed]).digest)
        var told = first
        told.notifyBefore = [.days(3)]
        #expect(PolicySet([first]).digest != PolicySet([told]).digest)
        #expect(PolicySet([first]).digest.hasPrefix("sha256:"))
    }
}
