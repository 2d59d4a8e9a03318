#!/usr/bin/env python3
"""The verdicts of five policies as CSV, against the sqlite3 shell printing as many lines with the same columns.

The shell reads the tokens from our own database, and judges nothing: what a policy says is a constant of about the length
of ours, and its times are left as numbers.
"""

import csv
import io
import subprocess

from measure import Row, in_turn, main, note, seconds
from stores import Store

COLUMNS = ("token_id", "name", "owner", "integration", "issuer", "policy", "rule", "status", "reason", "message",
           "deadline", "value_issued_at", "last_used", "expires_at", "would_be", "waiver", "waived_until",
           "facts", "judged_at", "extent")


def sample(command):
    """The first token's lines as our report has them."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as report:
        text = report.stdout.read(64 << 10).decode()
        report.kill()
    lines = list(csv.DictReader(io.StringIO(text.rsplit("\r\n", 1)[0])))
    assert tuple(lines[0]) == COLUMNS
    return [line for line in lines if line["token_id"] == lines[0]["token_id"]]


def constants(lines):
    """The part of each line that policies make, as rows of SQL."""
    def literal(text):
        return "'" + text.replace("'", "''") + "'"
    made = [[line[name] for name in ("policy", "rule", "status", "reason", "message", "deadline", "facts", "judged_at")] for line in lines]
    return ", ".join("(" + ", ".join(literal(cell) for cell in row) + ")" for row in made)


def count(command):
    """Lines and bytes that a command prints."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        lines = size = 0
        while part := process.stdout.read(1 << 20):
            lines += part.count(b"\n")
            size += len(part)
    return lines, size


def rows(options):
    store = Store(options.rota, options.tokens)
    ours = store.command("report", "--format", "csv")
    query = (
        "WITH v(policy, rule, status, reason, message, deadline, facts, judged_at) AS (VALUES " + constants(sample(ours)) + ") "
        "SELECT t.id, t.name, t.owner, t.integration, t.issuer, v.policy, v.rule, v.status, v.reason, v.message, "
        "v.deadline, t.oldest_issued_at, t.last_used_at, t.expires_at, '', '', '', v.facts, v.judged_at, 'all' "
        "FROM tokens t, v "
        "WHERE t.state = 'active' AND (t.expires_at IS NULL OR t.expires_at > unixepoch())")
    shell = ["sqlite3", "-csv", "-readonly", store.database, query]
    (our_lines, our_bytes), (peer_lines, peer_bytes) = count(ours), count(shell)
    note(f"rota prints {our_lines:,} lines, {our_bytes >> 20} MiB; sqlite3 {peer_lines:,}, {peer_bytes >> 20} MiB")
    assert our_lines == peer_lines + 1, "they do not print the same"
    best = in_turn(min(options.runs, 3), ours=ours, peer=shell)
    ratio = best["ours"].processor / best["peer"].processor
    yield Row(
        f"{peer_lines:,} verdicts as CSV: processor", seconds(best["ours"].processor),
        f"{seconds(best['peer'].processor)} (sqlite3 shell)", f"{ratio:.2f}x", "2x", ratio <= 2)


if __name__ == "__main__":
    main(__doc__, rows)
