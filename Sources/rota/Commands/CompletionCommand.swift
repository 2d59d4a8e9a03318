import Documents
import JSON
import RotaCore

extension Command {
    static let completion = Command(
        words: ["completion"],
        summary: "print what makes a shell complete commands and options",
        discussion: """
            For bash: source it, or write it where its completions are looked for. For zsh: source it after 'compinit'.
            For fish: write it to ~/.config/fish/completions/rota.fish.
            """,
        operand: Operand(name: "SHELL", help: "bash, zsh or fish"),
        examples: [
            "source <(rota completion bash)",
            "rota completion bash > ~/.local/share/bash-completion/completions/rota",
            "rota completion fish > ~/.config/fish/completions/rota.fish",
        ],
        run: printCompletion)
}

private func printCompletion(_ invocation: Invocation) throws -> ExitCode {
    let name = invocation.arguments.operands[0]
    guard let shell = Shell(rawValue: name) else {
        let known = Shell.allCases.map(\.rawValue)
        throw Failure.usage(
            "there is no completion for '\(printable(name))'",
            hint: nearest(to: name, among: known).map { "did you mean '\($0)'?" }
                ?? "give \(known.joined(separator: ", "))")
    }
    let completion = Completion(Command.all)
    let script =
        switch shell {
        case .bash: completion.bash
        case .zsh: completion.zsh
        case .fish: completion.fish
        }
    if invocation.wantsJSON {
        invocation.output.document(["shell": .string(name), "script": .string(script)])
    } else {
        invocation.output.text(script)
    }
    return .done
}

private enum Shell: String, CaseIterable {
    case bash, zsh, fish
}

/// What shells are told: after which words which words and options come.
struct Completion {
    private let commands: [Command]

    init(_ commands: [Command]) { self.commands = commands }

    var bash: String { function + "complete -F _rota rota\n" }

    /// By zsh's own emulation of what bash has.
    var zsh: String { "autoload -U +X bashcompinit && bashcompinit\n" + bash }

    /// The words that stand first, those of groups once.
    private var firstWords: [String] {
        commands.map { $0.words[0] }.reduce(into: []) { words, word in
            if !words.contains(word) { words.append(word) }
        }
    }

    private func seconds(after first: String) -> [String] {
        commands.filter { $0.words.first == first && $0.words.count == 2 }.map { $0.words[1] }
    }

    private static func options(_ command: Command) -> [Command.Option] { command.options + command.furtherOptions }

    /// Options whose value is a file, or anything else that is looked for among files.
    private static func isFile(_ option: Command.Option) -> Bool {
        ["FILE", "FOLDER", "DIRECTORY", "PATH"].contains(option.value)
    }

    private var function: String {
        var cases = ""
        for command in commands {
            let names = Self.options(command).map { "--\($0.name)" }
            let files = Self.options(command).filter(Self.isFile).map { "--\($0.name)" }
            let values = Self.options(command).filter { $0.value != nil && !Self.isFile($0) }.map { "--\($0.name)" }
            cases += """
                    "\(command.name)")
                        options="\(names.joined(separator: " "))"
                        files="\(files.joined(separator: " "))"
                        values="\(values.joined(separator: " "))" ;;

                """
        }
        let groups = firstWords.map { ($0, seconds(after: $0)) }.filter { !$0.1.isEmpty }.map { first, seconds in
            "            \(first)) words=\"\(seconds.joined(separator: " "))\" ;;\n"
        }
        return """
            _rota() {
                local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"
                local first="${COMP_WORDS[1]}" second="${COMP_WORDS[2]}" words="" options="" files="" values="" command
                COMPREPLY=()
                if [ "$COMP_CWORD" -eq 1 ]; then
                    COMPREPLY=($(compgen -W "\(firstWords.joined(separator: " ")) --help --version" -- "$current"))
                    return
                fi
                case "$first" in
            \(groups.joined())        esac
                if [ -n "$words" ] && [ "$COMP_CWORD" -eq 2 ]; then
                    words="$words --help"
                    # Some first words are commands by themselves, and take options at once.
                    case "$current" in -*) ;; *) COMPREPLY=($(compgen -W "$words" -- "$current")); return ;; esac
                fi
                for command in "$first $second" "$first"; do
                    case "$command" in
            \(cases)            *) continue ;;
                    esac
                    break
                done
                case " $files " in *" $before "*) COMPREPLY=($(compgen -f -- "$current")); return ;; esac
                case " $values " in *" $before "*) return ;; esac
                case "$current" in
                    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
                    *) COMPREPLY=($(compgen -f -- "$current")) ;;
                esac
            }

            """
    }

    var fish: String {
        var script = "complete -c rota -f\n"
        func quoted(_ text: String) -> String {
            "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
        }
        for first in firstWords {
            let single = commands.first { $0.words == [first] }
            let summary = single?.summary ?? seconds(after: first).joined(separator: ", ")
            script += "complete -c rota -n __fish_use_subcommand -a \(first) -d \(quoted(summary))\n"
            let others = seconds(after: first).joined(separator: " ")
            for command in commands where command.words.first == first && command.words.count == 2 {
                script +=
                    "complete -c rota -n '__fish_seen_subcommand_from \(first); and not __fish_seen_subcommand_from "
                    + "\(others)' -a \(command.words[1]) -d \(quoted(command.summary))\n"
            }
        }
        for command in commands {
            let seen = command.words.map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
            for option in Self.options(command) {
                let value = option.value == nil ? "" : Self.isFile(option) ? " -r -F" : " -x"
                script +=
                    "complete -c rota -n \(quoted(seen)) -l \(option.name)\(value) -d \(quoted(option.help))\n"
            }
        }
        return script
    }
}
