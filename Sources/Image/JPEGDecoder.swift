import CTurboJPEG

/// libjpeg-turbo, by its TurboJPEG API, which returns its errors.
enum JPEGDecoder {
    /// Decodes every pixel; a warning, such as data that end early, is a failure.
    static func decode(_ bytes: [UInt8], as expected: InspectedImage) throws(ImageProblem) {
        guard let decoder = unsafe tjInitDecompress() else { throw .damaged }
        defer { unsafe _ = tjDestroy(decoder) }
        let problem = unsafe bytes.withUnsafeBufferPointer { source -> ImageProblem? in
            var (width, height, sampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
            let header = unsafe tjDecompressHeader3(
                decoder, source.baseAddress, UInt(source.count), &width, &height, &sampling, &space)
            if header != 0 { return .damaged }
            guard width == expected.width, height == expected.height else { return .damaged }
            let isFourColour = space == Int32(TJCS_CMYK.rawValue) || space == Int32(TJCS_YCCK.rawValue)
            let format = isFourColour ? TJPF_CMYK : TJPF_GRAY
            let row = expected.width * (isFourColour ? 4 : 1)
            return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: row * expected.height) { pixels in
                let status = unsafe tjDecompress2(
                    decoder, source.baseAddress, UInt(source.count), pixels.baseAddress, width, Int32(row), height,
                    format.rawValue, TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS)
                return status == 0 ? nil : .damaged
            }
        }
        if let problem { throw problem }
    }
}
