/// One-dimensional arrays in result cells, in `array_send`'s binary format.
extension Rows {
    package func boolArray(_ row: Int, _ column: Int) -> [Bool?] { unsafe elements(row, column) { unsafe $0[0] != 0 } }
    package func int32Array(_ row: Int, _ column: Int) -> [Int32?] {
        unsafe elements(row, column) { unsafe $0.bigEndian(at: 0, Int32.self) }
    }
    package func int64Array(_ row: Int, _ column: Int) -> [Int64?] {
        unsafe elements(row, column) { unsafe $0.bigEndian(at: 0, Int64.self) }
    }
    package func textArray(_ row: Int, _ column: Int) -> [[UInt8]?] {
        unsafe elements(row, column) { unsafe [UInt8]($0) }
    }
    package func stringArray(_ row: Int, _ column: Int) -> [String?] {
        unsafe elements(row, column) { unsafe String(decoding: $0, as: UTF8.self) }
    }
    package func bytesArray(_ row: Int, _ column: Int) -> [[UInt8]?] {
        unsafe elements(row, column) { unsafe [UInt8]($0) }
    }
    package func uuidArray(_ row: Int, _ column: Int) -> [UUIDBits?] {
        unsafe elements(row, column) {
            unsafe UUIDBits(high: $0.bigEndian(at: 0, UInt64.self), low: $0.bigEndian(at: 8, UInt64.self))
        }
    }
    package func timestampArray(_ row: Int, _ column: Int) -> [Int64?] {
        unsafe elements(row, column) { unsafe PostgresEpoch.decode($0.bigEndian(at: 0, Int64.self)) }
    }
    package func jsonbArray(_ row: Int, _ column: Int) -> [[UInt8]?] {
        unsafe elements(row, column) { unsafe [UInt8]($0.dropFirst()) }
    }

    private func elements<Element>(
        _ row: Int, _ column: Int, _ decode: (UnsafeRawBufferPointer) -> Element
    ) -> [Element?] {
        unsafe withCell(row, column) { cell in
            precondition(cell.count >= 12, "not an array")
            let dimensions = unsafe cell.bigEndian(at: 0, Int32.self)
            if dimensions == 0 { return [] }
            precondition(dimensions == 1, "an array of more than one dimension")
            let count = unsafe Int(cell.bigEndian(at: 12, Int32.self))
            var offset = 20
            var values: [Element?] = []
            values.reserveCapacity(count)
            for _ in 0..<count {
                let length = unsafe Int(cell.bigEndian(at: offset, Int32.self))
                offset += 4
                if length < 0 {
                    values.append(nil)
                    continue
                }
                unsafe values.append(decode(UnsafeRawBufferPointer(rebasing: cell[offset..<offset + length])))
                offset += length
            }
            return values
        }
    }
}
