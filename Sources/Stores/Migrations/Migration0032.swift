extension Migration {
    /// What was told of use is pruned with the uses.
    static let usageReportTimes = Migration(number: 32) { _ in
        "CREATE INDEX usage_reports_by_time ON usage_reports (noted_at);"
    }
}
