/// Every bound of an image, with its unit and its reason.
package enum ImageLimits {
    /// Bytes of a file: what Mesh takes as a logo, 5 MB.
    package static let bytes = 5 * 1024 * 1024
    /// Pixels of a side: a smaller one is no logo, and a larger one nobody shows.
    package static let side = 16...4096
    /// Pixels in all, judged before a single one is decoded: it bounds the memory of decoding to 17 MB for a PNG, and
    /// for a progressive JPEG, whose coefficients libjpeg keeps, to 150 MB.
    package static let pixels = 4096 * 4096
    /// Scans of a progressive JPEG: encoders make some ten, and each goes over all pixels once more.
    static let scans = 50
}
