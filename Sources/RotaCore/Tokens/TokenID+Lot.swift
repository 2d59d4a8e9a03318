extension TokenID {
    /// A number of 48 bits that is the same for a token each time, and evenly spread over tokens (FNV-1a, 64 bits).
    package var lot: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // The upper bits are the better ones.
        return hash >> 16
    }
}
