/// What has to be known of idle times where nobody watches uses.
enum WatchRemark {
    static let now = "nobody watches uses at the moment, so that idle tokens do not come any nearer to their limits"
    /// Of what is judged as if it were another time.
    static let then = now + "; with --at they are judged as if somebody always did"
}
