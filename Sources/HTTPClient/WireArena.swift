import CCurl

/// Memory for everything of one request that curl reads while the transfer runs and does not copy: texts, lists, the
/// body. One block, used again by the next request.
@safe
struct WireArena: ~Copyable {
    private var block: UnsafeMutableRawPointer
    private var capacity: Int
    private var used = 0

    /// Big enough for most requests with a body of 1 KiB.
    private static let initialCapacity = 2_048
    /// A block that grew past this for one big body is not kept.
    private static let keptCapacity = 64 * 1_024

    init() {
        capacity = WireArena.initialCapacity
        unsafe block = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { unsafe block.deallocate() }

    /// Forgets the last request and makes room for at least `count` bytes.
    mutating func begin(_ count: Int) {
        used = 0
        if count <= capacity, capacity <= max(WireArena.keptCapacity, count) { return }
        unsafe block.deallocate()
        capacity = max((count + 511) & ~511, WireArena.initialCapacity)
        unsafe block = .allocate(byteCount: capacity, alignment: 16)
    }

    /// The place of the next text. Parts are added by `add`, and `endText` closes it.
    @unsafe var next: UnsafeMutablePointer<CChar> {
        unsafe (block + used).assumingMemoryBound(to: CChar.self)
    }

    mutating func add(_ bytes: some Collection<UInt8>) {
        let count = bytes.count
        precondition(used + count <= capacity, "a request outgrew its estimate")
        let room = unsafe UnsafeMutableRawBufferPointer(start: block + used, count: count)
        unsafe room.copyBytes(from: bytes)
        used += count
    }

    mutating func add(_ byte: UInt8) {
        precondition(used < capacity, "a request outgrew its estimate")
        unsafe block.storeBytes(of: byte, toByteOffset: used, as: UInt8.self)
        used += 1
    }

    /// Sixteen hexadecimal digits.
    mutating func addHex(_ value: UInt64) {
        precondition(used + 16 <= capacity, "a request outgrew its estimate")
        var rest = value
        for place in 1...16 {
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            let text = digit < 10 ? 0x30 + digit : 0x57 + digit
            unsafe block.storeBytes(of: text, toByteOffset: used + 16 - place, as: UInt8.self)
            rest >>= 4
        }
        used += 16
    }

    mutating func add(decimal value: UInt16) {
        var divisor: UInt16 = 10_000
        while divisor > 1, value < divisor { divisor /= 10 }
        while divisor > 0 {
            add(0x30 + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    mutating func endText() { add(0) }

    /// A list node for a text of this arena, in front of `rest`.
    @unsafe mutating func node(
        _ text: UnsafeMutablePointer<CChar>, then rest: UnsafeMutablePointer<curl_slist>?
    ) -> UnsafeMutablePointer<curl_slist> {
        let size = unsafe MemoryLayout<curl_slist>.stride
        used = (used + size - 1) & ~(size - 1)
        precondition(used + size <= capacity, "a request outgrew its estimate")
        let node = unsafe (block + used).bindMemory(to: curl_slist.self, capacity: 1)
        unsafe node.initialize(to: unsafe curl_slist(data: text, next: rest))
        used += size
        return unsafe node
    }
}
