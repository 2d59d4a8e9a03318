import Engine
import RotaCore
import Testing

/// A file that is wrong as a whole is one fault, with what to do, and not one for each of its columns and rows.
@Suite struct MisfitInventoryTests {
    private let bench: ImportBench

    init() throws { bench = try ImportBench() }

    private func fault(_ text: String, as format: InventoryFormat) throws -> InventoryFault? {
        do {
            try bench.take(text, as: format)
            return nil
        } catch let faults as InventoryFaults {
            #expect(faults.count == 1, "\(faults.faults)")
            return faults.faults.first
        }
    }

    private static let misfits: [(text: String, format: InventoryFormat, fault: String, hint: String)] = [
        ("key,team\nbilling,pay\nsearch,web\n", .csv, "no column is taken as 'name'", "--map THEIRS=name"),
        ("user_name,team\nbilling,pay\nsearch,web\n", .csv, "no column is taken as 'name'", "--map user_name=name"),
        ("billing,rota\nsearch,rota\n", .csv, "no column is taken as 'name'", "begin with the titles"),
        (
            "user,user_creation_time\na,2026-01-01\n", .csv, "looks like a list of aws-credential-report",
            "--format aws-credential-report"
        ),
        ("name,user\na,b\n", .awsCredentialReport, "this is no credential report of AWS", "leave --format out"),
        (
            #"[{"id": 1, "name": "a", "revoked": false}, {"id": 2, "name": "b", "revoked": true}]"#, .json,
            "looks like a list of gitlab", "--format gitlab"
        ),
        (#"[{"user": "a"}, {"user": "b"}]"#, .json, "no column is taken as 'name'", "--map THEIRS=name"),
        (
            #"[{"token_id": 1, "token_name": "a"}, {"token_id": 2}]"#, .gitlab, "this is no list of gitlab",
            "it looks like --format github"
        ),
        (
            #"[{"id": 1, "name": "a", "revoked": false}, {"id": 2}]"#, .github, "this is no list of github",
            "it looks like --format gitlab"
        ),
        (#"[{"name": "a"}, {"name": "b"}]"#, .gitlab, "this is no list of gitlab", "--format json"),
        ("name,owner\na,web\nb,web\n", .csv, "issuer is missing", "--issuer"),
        (#"[{"name": "a"}, {"name": "b"}]"#, .json, "issuer is missing", "--issuer"),
    ]

    @Test(arguments: misfits)
    func `what is wrong with a file as a whole is told once`(
        text: String, format: InventoryFormat, fault: String, hint: String
    ) throws {
        let found = try #require(try self.fault(text, as: format))
        #expect(found.message.contains(fault), "\(found.message)")
        #expect(found.hint.contains(hint), "\(found.hint)")
    }

    @Test func `a column of another system beside a mapping is a column like any other`() throws {
        let columns = ColumnMapping(renamed: ["token": .name])
        #expect(
            try bench.faults("token,revoked\na,no\n", issuer: .rota, columns: columns)
                == ["line 1: there is no column 'revoked'"])
    }

    private static let beginnings: [(String, InventoryFormat, [InventoryFormat]?)] = [
        ("name,issuer\n", .csv, nil),
        ("name,issuer\n", .json, [.csv, .awsCredentialReport]),
        ("\u{FEFF} [{\"name\": 1}]", .csv, [.json, .gitlab, .github]),
        ("[{\"name\": 1}]", .gitlab, nil),
        ("[{\"id\": 1, \"revoked\": true}]", .awsCredentialReport, [.gitlab]),
        ("[{\"token_id\": 1}]", .csv, [.github]),
        ("user,arn,user_creation_time,password_enabled", .gitlab, [.awsCredentialReport]),
        ("  \n", .json, nil),
        ("n\0a\0", .json, nil),
    ]

    @Test(arguments: beginnings)
    func `a file that begins as another format is told from one that may be`(
        beginning: String, format: InventoryFormat, others: [InventoryFormat]?
    ) {
        #expect(format.contradiction(in: Array(beginning.utf8))?.formats == others)
    }
}
