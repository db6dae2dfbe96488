import Crypto

/// Makes PNGs, right and wrong ones, without the library that reads them.
package struct PNGMaker: Sendable {
    package var width: Int
    package var height: Int
    /// What IHDR says, where it lies.
    package var claimedWidth: Int?
    package var claimedHeight: Int?
    /// 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha.
    package var colourType: UInt8 = 2
    package var depth: UInt8 = 8
    /// Chunks before the pixels.
    package var before: [UInt8] = []
    /// Bytes after IEND.
    package var after: [UInt8] = []

    package init(width: Int = 32, height: Int = 24) {
        self.width = width
        self.height = height
    }

    package var header: [UInt8] {
        PNGMaker.chunk(
            "IHDR",
            PNGMaker.bigEndian(claimedWidth ?? width) + PNGMaker.bigEndian(claimedHeight ?? height)
                + [depth, colourType, 0, 0, 0])
    }

    package var rowBytes: Int {
        let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][Int(colourType)] ?? 1
        return 1 + (width * channels * Int(depth) + 7) / 8
    }

    /// Every byte of every row from a small generator, each row with filter 0.
    package func bytes(seed: UInt32 = 1) -> [UInt8] {
        var state = seed
        var rows: [UInt8] = []
        rows.reserveCapacity(rowBytes * height)
        for _ in 0..<height {
            rows.append(0)
            for _ in 1..<rowBytes {
                state = state &* 1_664_525 &+ 1_013_904_223
                rows.append(UInt8(truncatingIfNeeded: state >> 24))
            }
        }
        return file(data: PNGMaker.chunk("IDAT", PNGMaker.stored(rows)))
    }

    /// All pixels zero, compressed as far as deflate goes: a thousandth of what it unpacks to.
    package func blank(surplus: Int = 0) -> [UInt8] {
        file(data: PNGMaker.chunk("IDAT", PNGMaker.zeros(rowBytes * height + surplus)))
    }

    package func file(data: [UInt8]) -> [UInt8] {
        PNGMaker.signature + header + before + data + PNGMaker.chunk("IEND", []) + after
    }

    // MARK: Parts

    package static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    package static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let checked = Array(type.utf8) + data
        return bigEndian(data.count) + checked + bigEndian(Int(CRC32.checksum(checked)))
    }

    /// A zlib stream that does not compress (RFC 1950, RFC 1951 section 3.2.4).
    package static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        stream.reserveCapacity(bytes.count + bytes.count / 60_000 * 5 + 16)
        var start = 0
        repeat {
            let end = min(start + 65_535, bytes.count)
            let length = UInt16(end - start)
            stream += [end == bytes.count ? 1 : 0]
            stream += [UInt8(truncatingIfNeeded: length), UInt8(length >> 8)]
            stream += [UInt8(truncatingIfNeeded: ~length), UInt8(~length >> 8)]
            stream += bytes[start..<end]
            start = end
        } while start < bytes.count
        return stream + bigEndian(adler32(bytes))
    }

    /// A zlib stream of zeros in one block of fixed codes: a zero, then runs of 258 copies in 13 bits each.
    package static func zeros(_ count: Int) -> [UInt8] {
        var bits = BitWriter()
        // Last block, fixed codes.
        bits.write(0b1, 1)
        bits.write(0b01, 2)
        let runs = (count - 1) / 258
        for _ in 0..<(count - runs * 258) { bits.writeCode(0b0011_0000, 8) }
        for _ in 0..<runs {
            bits.writeCode(0b1100_0101, 8)
            bits.writeCode(0, 5)
        }
        bits.writeCode(0, 7)
        return [0x78, 0x01] + bits.finish() + bigEndian((count % 65_521) << 16 | 1)
    }

    package static func bigEndian(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func adler32(_ bytes: [UInt8]) -> Int {
        var (low, high) = (1, 0)
        for byte in bytes {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }

    private struct BitWriter {
        private var bytes: [UInt8] = []
        private var pending = 0
        private var count = 0

        /// Numbers go in from their lowest bit, codes from their highest.
        mutating func write(_ value: Int, _ width: Int) {
            pending |= value << count
            count += width
            while count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: pending))
                pending >>= 8
                count -= 8
            }
        }

        mutating func writeCode(_ code: Int, _ width: Int) {
            write((0..<width).reduce(0) { $0 | (code >> $1 & 1) << (width - 1 - $1) }, width)
        }

        consuming func finish() -> [UInt8] {
            var bytes = bytes
            if count > 0 { bytes.append(UInt8(truncatingIfNeeded: pending)) }
            return bytes
        }
    }
}
