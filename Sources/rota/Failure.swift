import Documents
import Engine
import JSON
import RotaCore

/// What the exit status says; scripts rely on the numbers.
enum ExitCode: Int32, Sendable {
    case done = 0
    case failed = 1
    /// A wrong command line, configuration or policy file: nothing was done.
    case usage = 2
    /// All was done, but violations or drift remain; only with `--exit-code`.
    case violationsRemain = 3
    /// A limit, a freeze, safe mode or a suspect clock forbade it, or a saved plan that may not be applied, or it is
    /// somebody else's to approve: nothing was done; or, where a brake was put on in the middle, no more was.
    case refused = 4
    /// Some of it failed or did not get through.
    case partlyFailed = 5
    /// COMMIT failed: the last change may or may not be on disk.
    case outcomeUnknown = 74

    var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "failed"
        case .usage: "wrong usage, configuration or policy; nothing was done"
        case .violationsRemain: "done, but violations or drift remain (with --exit-code)"
        case .refused: "refused by a limit, a brake or a missing approval; nothing was done, or no more"
        case .partlyFailed: "partly failed, or not finished yet"
        case .outcomeUnknown: "the store may or may not have kept the last change"
        }
    }
}

/// Why a command did not do what it was asked for: what is wrong, then what to do.
struct Failure: Error, Sendable {
    var message: String
    var hint: String?
    var code: ExitCode
    /// Told before the message, each with its place.
    var faults: [Fault]
    /// Further lines that are told before the message.
    var details: [String]

    init(
        _ message: String, hint: String? = nil, code: ExitCode = .failed, faults: [Fault] = [],
        details: [String] = []
    ) {
        self.message = message
        self.hint = hint
        self.code = code
        self.faults = faults
        self.details = details
    }

    /// The same, said of something: `vault 'main': …`.
    func about(_ what: String) -> Failure {
        Failure("\(what): \(message)", hint: hint, code: code, faults: faults, details: details)
    }

    /// For people: what is wrong, then what to do.
    var text: String {
        let before = faults.map(\.description) + details
        var text = before.map { $0 + "\n" }.joined() + "error: \(repeatable(message))\n"
        if let hint { text += "hint: \(repeatable(hint))\n" }
        return text
    }

    /// For scripts: `{"error":{"message":…,"hint":…,"code":…}}`, with `faults` or `details` where there are any.
    var json: JSON {
        var error: JSON.Object = [
            "message": .string(repeatable(message)), "hint": TokenDocument.text(hint.map(repeatable)),
            "code": .integer(Int(code.rawValue)),
        ]
        if !faults.isEmpty { error["faults"] = .array(faults.map(\.json)) }
        if !details.isEmpty { error["details"] = .array(details.map { .string(repeatable($0)) }) }
        return ["error": .object(error)]
    }

    static func usage(_ message: String, hint: String? = nil) -> Failure {
        Failure(message, hint: hint, code: .usage)
    }

    /// What is for good is not done without a yes.
    static func nobodyToAsk(hint: String) -> Failure {
        usage("--yes is missing, and nobody can be asked", hint: hint)
    }

    /// Any error as a failure of the command.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as StoreError: self.init(error)
        case let refusal as WaiverRefusal: self.init(refusal)
        case let refusal as PlanRefusal:
            self.init(refusal.message, hint: refusal.hint, code: refusal.isUnknown ? .failed : .refused)
        case is CancellationError:
            self.init("interrupted", hint: "run it again; what was begun goes on from there")
        default: self.init("\(error)")
        }
    }

    private init(_ refusal: WaiverRefusal) {
        let code: ExitCode =
            switch refusal.kind {
            case .unknown: .failed
            case .term: .usage
            case .forbidden: .refused
            }
        self.init(refusal.message, hint: refusal.hint, code: code)
    }

    private init(_ error: StoreError) {
        switch error {
        case .unusable(_, let hint): self = .usage(error.description, hint: hint)
        case .busy:
            self.init(error.description, hint: "another rota works on this store; try again in a moment")
        case .full:
            self.init(error.description, hint: "make room there, then run it again; what was begun goes on from there")
        case .nameTaken:
            self.init(error.description, hint: "choose another name, or revoke that token first")
        case .placeTaken(_, by: let name):
            self.init(
                error.description,
                hint: "name another place; or take it from that one: "
                    + "rota token edit \(name) --remove-destination VAULT:PATH#FIELD")
        case .refused(_, let hint): self.init(error.description, hint: hint)
        case .held(let brake): self.init(brake)
        case .outcomeUnknown:
            self.init(
                error.description,
                hint: "check the disk, then look with 'rota status'; nothing else was done after it",
                code: .outcomeUnknown)
        case .failed: self.init(error.description)
        }
    }

    /// Nothing was done, since something destructive may not be done now.
    init(_ brake: Brake) {
        self.init("nothing was done: \(brake.message)", hint: brake.hint, code: .refused)
    }
}
