import Glibc

/// What we ask of the terminal.
enum Terminal {
    /// How many columns it has; eighty when it does not say.
    static var columns: Int {
        if let text = Process.environment("COLUMNS"), let count = Int(text), count > 0 {
            return max(40, count)
        }
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return max(40, Int(size.ws_col))
    }

    /// Whether somebody reads what is written to standard output.
    static var isRead: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether somebody can be asked.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Asks on standard error; only `y` and `yes` are a yes.
    static func confirm(_ question: String) -> Bool {
        ask(question)
        let answer = (readLine() ?? "").lowercased()
        return answer == "y" || answer == "yes"
    }

    /// Reads standard input to its end; on a terminal one line, which is asked for and not shown.
    static func readHidden(prompt: String, most: Int) throws(Failure) -> [UInt8] {
        var saved = termios()
        guard isatty(STDIN_FILENO) == 1, unsafe tcgetattr(STDIN_FILENO, &saved) == 0 else {
            return try readDescriptor(STDIN_FILENO, named: "standard input", most: most)
        }
        var silent = saved
        silent.c_lflag &= ~tcflag_t(ECHO)
        _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer { _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved) }
        ask(prompt)
        let line = readLine() ?? ""
        ask("\n")
        return Array(line.utf8)
    }

    private static func ask(_ text: String) {
        _ = unsafe Array(text.utf8).withUnsafeBytes { unsafe writeAll($0, to: STDERR_FILENO) }
    }
}
