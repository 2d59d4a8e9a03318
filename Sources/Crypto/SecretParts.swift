extension Secret {
    /// Two secrets, one after the other.
    package static func joining(_ first: Secret, _ second: Secret) -> Secret {
        Secret(capacity: first.count + second.count) { target in
            first.withBytes { target.copyBytes(from: $0) }
            second.withBytes { UnsafeMutableRawBufferPointer(rebasing: target[first.count...]).copyBytes(from: $0) }
            return first.count + second.count
        }
    }

    /// What follows on so many bytes; empty where there are fewer.
    package func dropFirst(_ count: Int) -> Secret { withBytes { Secret(copying: $0.dropFirst(count)) } }

    /// The parts between separators, empty ones, too; the last of so many has the rest.
    package func split(at separator: UInt8, most: Int) -> [Secret] {
        withBytes { bytes in
            bytes.split(separator: separator, maxSplits: most - 1, omittingEmptySubsequences: false)
                .map { Secret(copying: $0) }
        }
    }
}
