import JSON
package import RotaCore

/// What the inventory was built from, the texts of policies that were loaded, and who approved which plans.
package struct Origins: Sendable {
    /// A list that was imported.
    package struct Import: Hashable, Sendable {
        package var at: Instant
        package var actor: String
        package var file: String
        package var digest: String
        package var format: String
        package var rows: Int
        package var added: Int
        package var updated: Int
        package var unchanged: Int
        /// How many tokens the list did not have any more; nil where it was not said to be complete.
        package var vanished: Int?
        /// Rows that were not taken over.
        package var leftOut: Int
    }

    /// A log of uses that was imported.
    package struct UsageImport: Hashable, Sendable {
        package var at: Instant
        package var actor: String
        package var file: String
        package var digest: String
        package var rows: Int
        /// How many uses of known tokens it told of, refused ones left out.
        package var uses: Int
        /// Rows of tokens that nobody knew.
        package var unknownRows: Int
        /// From which row to which.
        package var first: Instant?
        package var last: Instant?
        /// Said to hold every use of that time.
        package var isComplete: Bool
    }

    /// Policies that somebody began to go by.
    package struct Load: Hashable, Sendable {
        /// One of the files.
        package struct File: Hashable, Sendable {
            package var name: String
            package var digest: String
        }

        package var at: Instant
        package var actor: String
        package var cause: String
        package var digest: String
        package var files: [File]
    }

    /// A saved plan that somebody approved in the period.
    package struct Approval: Hashable, Sendable {
        package var plan: String
        package var policy: String
        package var actions: Int
        package var requester: String
        package var requestedAt: Instant?
        package var approver: String
        package var approvedAt: Instant
        package var comment: String
    }

    /// What is of the store as a whole.
    package struct Totals: Hashable, Sendable {
        package var imports = 0
        package var rowsImported = 0
        package var usageImports = 0
        package var usageRowsImported = 0
        package var approvals = 0
    }

    package static let mostListed = 100

    /// Nil in a slice, which none of it is of.
    package private(set) var totals: Totals?
    /// The latest ones, latest first.
    package private(set) var imports: [Import] = []
    package private(set) var usageImports: [UsageImport] = []
    package private(set) var loadCount = 0
    package private(set) var loads: [Load] = []
    package private(set) var approvals: [Approval] = []

    package init() {}

    init(_ facts: ReportFacts, _ scope: ReportScope, from store: any StoreReads) throws {
        var (imports, usageImports) = (Latest<Import>(), Latest<UsageImport>())
        var (loads, approvals) = (Latest<Load>(), Latest<Approval>())
        var totals = Totals()
        try store.eachOrigin(to: facts.until) { entry in
            switch entry.action {
            case "policies.load":
                loadCount += 1
                loads.add(scope.told(Load(entry)))
            // Of the store as a whole.
            case _ where scope.owner != nil: break
            case "inventory.import":
                let list = Import(entry)
                totals.imports += 1
                totals.rowsImported += list.rows
                imports.add(scope.told(list))
            case "usage.import":
                let log = UsageImport(entry)
                totals.usageImports += 1
                totals.usageRowsImported += log.rows
                usageImports.add(scope.told(log))
            case "plan.approve" where entry.at >= facts.since:
                totals.approvals += 1
                approvals.add(scope.told(try Approval(entry, from: store)))
            default: break
            }
            return true
        }
        if scope.owner == nil { self.totals = totals }
        (self.imports, self.usageImports) = (imports.all, usageImports.all)
        (self.loads, self.approvals) = (loads.all, approvals.all)
    }

    /// The last ones of many.
    private struct Latest<Element> {
        private var kept: [Element] = []

        mutating func add(_ element: Element) {
            kept.append(element)
            if kept.count >= 2 * Origins.mostListed { kept.removeFirst(kept.count - Origins.mostListed) }
        }

        /// Latest first.
        var all: [Element] { kept.suffix(Origins.mostListed).reversed() }
    }
}

extension Origins.Import {
    fileprivate init(_ entry: AuditEntry) {
        let after = entry.after
        func count(_ key: String) -> Int { Int(after[key]?.integer ?? 0) }
        self.init(
            at: entry.at, actor: entry.actor, file: after["file"]?.string ?? "", digest: after["digest"]?.string ?? "",
            format: after["format"]?.string ?? "", rows: count("rows"), added: count("added"),
            updated: count("updated"), unchanged: count("unchanged"),
            vanished: after["vanished"]?.integer.map { Int($0) },
            leftOut: Int((after["left_out"]?.object ?? [:]).reduce(0) { $0 + ($1.value.integer ?? 0) }))
    }
}

extension Origins.UsageImport {
    fileprivate init(_ entry: AuditEntry) {
        let after = entry.after
        func count(_ key: String) -> Int { Int(after[key]?.integer ?? 0) }
        func instant(_ key: String) -> Instant? { after[key]?.string.flatMap { Instant($0) } }
        self.init(
            at: entry.at, actor: entry.actor, file: after["file"]?.string ?? "", digest: after["digest"]?.string ?? "",
            rows: count("rows"), uses: count("uses"), unknownRows: count("unknown_rows"), first: instant("first"),
            last: instant("last"), isComplete: after["complete"]?.bool ?? false)
    }
}

extension Origins.Load {
    fileprivate init(_ entry: AuditEntry) {
        let after = entry.after
        self.init(
            at: entry.at, actor: entry.actor, cause: entry.json["cause"]?.string ?? "",
            digest: after["digest"]?.string ?? "",
            files: (after["files"]?.array ?? []).map {
                File(name: $0["name"]?.string ?? "", digest: $0["digest"]?.string ?? "")
            })
    }
}

extension Origins.Approval {
    /// Who asked for it is in an entry before this one.
    fileprivate init(_ entry: AuditEntry, from store: any StoreReads) throws {
        var saved: AuditEntry?
        try store.eachAuditEntry(from: 1, object: entry.object) { earlier in
            if earlier.action == "plan.save" { saved = earlier }
            return saved == nil
        }
        let (after, asked) = (entry.after, saved?.after ?? .null)
        self.init(
            plan: entry.object, policy: asked["policy"]?.string ?? "", actions: Int(asked["actions"]?.integer ?? 0),
            requester: asked["requester"]?.string ?? "", requestedAt: saved?.at,
            approver: after["approver"]?.string ?? entry.actor, approvedAt: entry.at,
            comment: after["comment"]?.string ?? "")
    }
}
