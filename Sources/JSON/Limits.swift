/// How much of everything one document may hold; past a limit the document is refused, never cut.
package struct JSONLimits: Sendable {
    /// Bytes of one document. The listeners cap bodies long before; this one keeps offsets in 32 bits.
    package var documentBytes: Int

    /// Containers inside one another. Deep nesting is only ever an attack: our own formats need 6 levels.
    package var depth: Int

    /// Object members and array elements of the whole document together. Each costs at most 32 bytes beside the
    /// input, so the standard limit bounds what a 1 MiB body of `[0,0,0,…` can make us hold to 2 MiB.
    package var members: Int

    /// Bytes of one number. A 256-bit token amount with 18 decimals takes 98; no real value needs more than this.
    package var numberBytes: Int

    /// Whether `"userId"` and `"UserID"` in one object count as duplicates. To be set wherever members are later
    /// looked up without case, or else two readers of one document could each believe a different member.
    package var keysIgnoreCase: Bool

    /// For bodies of requests, webhooks and answers.
    package static let standard = JSONLimits()

    /// As `standard`, for formats whose names are matched without case.
    package static let ignoringKeyCase = JSONLimits(keysIgnoreCase: true)

    package init(
        documentBytes: Int = 64 << 20, depth: Int = 64, members: Int = 65_536, numberBytes: Int = 128,
        keysIgnoreCase: Bool = false
    ) {
        self.documentBytes = min(documentBytes, Limits.offsetBytes)
        self.depth = depth
        self.members = members
        self.numberBytes = numberBytes
        self.keysIgnoreCase = keysIgnoreCase
    }
}

/// The limits nobody sets.
enum Limits {
    /// Bytes. A tape entry holds offsets in 32 bits, and the largest value marks the absence of a parent.
    static let offsetBytes = Int(UInt32.max) - 1

    /// Members. Objects up to this size are searched for duplicate keys pair by pair, which needs no memory; a larger
    /// one gets a hash table.
    static let pairwiseKeys = 24

    /// Bytes of names compared pair by pair in one object before it gets a hash table after all: four times what a
    /// webhook body takes, and less work than making the table.
    static let pairwiseBytes = 2_048

    /// Digits of a decimal written without exponent: `1e999999999` must not become a gigabyte of zeros.
    static let plainDecimalDigits = 128
}
