/// The C arrays libpq takes parameters in, kept between queries.
@safe
final class ParameterBuffer {
    private var bytes: [UInt8] = []
    private var offsets: [Int] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []
    private var types: [UInt32] = []
    private var pointers: [UnsafePointer<CChar>?] = unsafe []

    /// What `PQsendQueryPrepared` and `PQexecParams` take.
    @unsafe struct Arguments {
        let count: Int32
        let types: UnsafePointer<UInt32>?
        let values: UnsafePointer<UnsafePointer<CChar>?>?
        let lengths: UnsafePointer<Int32>?
        let formats: UnsafePointer<Int32>?
    }

    /// Lends the parameters, all binary, for the length of one call.
    func withArguments<Result>(_ parameters: [Parameter], _ body: (borrowing Arguments) -> Result) -> Result {
        encode(parameters)
        defer { if bytes.capacity > Limits.keptParameterBytes { bytes = [] } }
        return unsafe bytes.withUnsafeBytes { base in
            let start = unsafe base.baseAddress!.assumingMemoryBound(to: CChar.self)
            unsafe pointers.removeAll(keepingCapacity: true)
            for offset in offsets { unsafe pointers.append(offset < 0 ? nil : start + offset) }
            return unsafe pointers.withUnsafeBufferPointer { values in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe types.withUnsafeBufferPointer { types in
                            unsafe body(
                                Arguments(
                                    count: Int32(parameters.count), types: types.baseAddress,
                                    values: values.baseAddress,
                                    lengths: lengths.baseAddress, formats: formats.baseAddress))
                        }
                    }
                }
            }
        }
    }

    private func encode(_ parameters: [Parameter]) {
        bytes.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
        for parameter in parameters {
            let start = bytes.count
            parameter.encode(to: &bytes)
            offsets.append(parameter == .null ? -1 : start)
            lengths.append(Int32(clamping: bytes.count - start))
            types.append(parameter.typeID)
        }
        // An empty value still needs an address.
        bytes.append(0)
        while formats.count < parameters.count { formats.append(1) }
    }
}
