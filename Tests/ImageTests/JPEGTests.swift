import Image
import TestSupport
import Testing

@Suite struct JPEGTests {
    private func problem(_ bytes: [UInt8]) -> ImageProblem? {
        do throws(ImageProblem) {
            _ = try ImageInspector.inspect(bytes)
            return nil
        } catch {
            return error
        }
    }

    /// Puts a segment right after the first marker.
    private func inserting(_ marker: UInt8, _ text: String, into jpeg: [UInt8]) -> [UInt8] {
        let length = text.utf8.count + 2
        return jpeg.prefix(2) + [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + Array(text.utf8)
            + jpeg.dropFirst(2)
    }

    @Test(arguments: SampleJPEG.allCases.filter { $0 != .arithmetic })
    func everyKindIsDecoded(_ sample: SampleJPEG) throws {
        let image = try ImageInspector.inspect(sample.bytes)
        #expect(image.format == .jpeg && image.width == sample.width && image.height == sample.height)
    }

    @Test func whatBrowsersDoNotShowIsRefused() {
        #expect(problem(SampleJPEG.arithmetic.bytes) == .unsupported)
        var deep = SampleJPEG.baseline.bytes
        let frame = deep.indices.first { deep[$0] == 0xFF && deep[$0 + 1] == 0xC0 }!
        deep[frame + 4] = 12
        #expect(problem(deep) == .unsupported)
    }

    @Test(arguments: SampleJPEG.allCases.filter { $0 != .arithmetic })
    func nothingMayFollowTheEnd(_ sample: SampleJPEG) {
        let zip = Array("PK\u{3}\u{4}…PK\u{5}\u{6}".utf8)
        for tail in [[0], zip, Array("<html>".utf8), sample.bytes, [0xFF, 0xD9]] {
            #expect(problem(sample.bytes + tail) == .trailingData)
        }
    }

    @Test func whatAnotherProgramWouldReadIsRefused() {
        for marker: UInt8 in [0xE1, 0xEF, 0xFE] {
            #expect(problem(inserting(marker, "a comment", into: SampleJPEG.baseline.bytes)) == nil)
            for text in ["<script>x</script>", "<?PHP", "PK\u{5}\u{6}"] {
                #expect(problem(inserting(marker, text, into: SampleJPEG.baseline.bytes)) == .suspectMetadata)
            }
        }
    }

    @Test func dimensionsThatLieAreFound() {
        let jpeg = SampleJPEG.baseline.bytes
        let frame = jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 }!
        for (height, width, expected) in [
            (24, 4096, ImageProblem.damaged), (4096, 32, .damaged), (24, 4097, .tooLarge), (24, 15, .tooSmall),
            (0, 32, .damaged), (65_535, 65_535, .tooLarge),
        ] {
            var changed = jpeg
            changed[frame + 5] = UInt8(height >> 8)
            changed[frame + 6] = UInt8(height & 255)
            changed[frame + 7] = UInt8(width >> 8)
            changed[frame + 8] = UInt8(width & 255)
            #expect(problem(changed) == expected, "\(width) × \(height)")
        }
    }

    @Test func aProgressiveImageHasFewScans() {
        let jpeg = SampleJPEG.progressive.bytes
        let scan = jpeg.indices.last { jpeg[$0] == 0xFF && $0 + 1 < jpeg.count && jpeg[$0 + 1] == 0xDA }!
        let repeated = (0..<60).flatMap { _ in jpeg[scan...].dropLast(2) }
        #expect(problem(jpeg.dropLast(2) + repeated + [0xFF, 0xD9]) == .unsupported)
    }
}
