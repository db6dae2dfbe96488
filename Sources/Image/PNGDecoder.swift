import CPNG

/// libpng, by its simplified API: that one jumps out of its own functions only, never through ours.
enum PNGDecoder {
    /// Decodes every pixel, to grey: a byte each is the least memory that does it.
    static func decode(_ bytes: [UInt8], as expected: InspectedImage) throws(ImageProblem) {
        let isWhole = unsafe bytes.withUnsafeBytes { source in
            var image = unsafe png_image()
            unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
            defer { unsafe png_image_free(&image) }
            guard unsafe png_image_begin_read_from_memory(&image, source.baseAddress, source.count) != 0 else {
                return false
            }
            guard unsafe image.width == expected.width, unsafe image.height == expected.height else { return false }
            unsafe image.format = 0  // PNG_FORMAT_GRAY
            // What it warned of so far are colour profiles; from here on it is pixels that are too few or too many.
            unsafe image.warning_or_error = 0
            var black = png_color(red: 0, green: 0, blue: 0)
            return unsafe withUnsafeTemporaryAllocation(
                of: UInt8.self, capacity: expected.width * expected.height
            ) { pixels in
                let isRead = unsafe png_image_finish_read(
                    &image, &black, pixels.baseAddress, png_int_32(expected.width), nil)
                return unsafe isRead != 0 && image.warning_or_error == 0
            }
        }
        if !isWhole { throw .damaged }
    }
}
