import Image
import TestSupport
import Testing

@Suite struct PNGTests {
    private func problem(_ bytes: [UInt8]) -> ImageProblem? {
        do throws(ImageProblem) {
            _ = try ImageInspector.inspect(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [(0, 1), (0, 8), (0, 16), (2, 8), (2, 16), (4, 8), (4, 16), (6, 8), (6, 16)])
    func everyKindIsDecoded(_ colourType: Int, _ depth: Int) throws {
        var maker = PNGMaker(width: 33, height: 24)
        maker.colourType = UInt8(colourType)
        maker.depth = UInt8(depth)
        #expect(
            try ImageInspector.inspect(maker.bytes()) == ImageInspector.inspect(maker.blank()),
            "pixels do not matter")
        let image = try ImageInspector.inspect(maker.bytes())
        #expect(image.format == .png && image.width == 33 && image.height == 24)
    }

    @Test func aPaletteIsDecodedAndMustBeThere() throws {
        var maker = PNGMaker()
        maker.colourType = 3
        #expect(problem(maker.blank()) == .damaged)
        maker.before = PNGMaker.chunk("PLTE", [1, 2, 3])
        #expect(problem(maker.blank()) == nil)
    }

    @Test func metadataAreNoHindrance() {
        var maker = PNGMaker()
        maker.before =
            PNGMaker.chunk("tEXt", Array("Software\0A <b>drawing</b> program, 100 % PK".utf8))
            + PNGMaker.chunk("pHYs", [0, 0, 11, 19, 0, 0, 11, 19, 1]) + PNGMaker.chunk("iDOT", [1, 2, 3])
        #expect(problem(maker.bytes()) == nil)
    }

    @Test(arguments: [
        "<script>alert(1)</script>", "<HTML>", "<!DocType html>", "<svg onload=x>", "<?php", "%PDF-1.4", "PK\u{5}\u{6}",
        "<iframe src=x>",
    ])
    func whatAnotherProgramWouldReadIsRefused(_ text: String) {
        var maker = PNGMaker()
        maker.before = PNGMaker.chunk("tEXt", Array("Comment\0x\(text)".utf8))
        #expect(problem(maker.bytes()) == .suspectMetadata)
    }

    @Test func nothingMayFollowTheEnd() {
        var maker = PNGMaker()
        for tail in ["x", "<script>alert(1)</script>", "PK\u{3}\u{4}"] {
            maker.after = Array(tail.utf8)
            #expect(problem(maker.bytes()) == .trailingData)
        }
        maker.after = PNGMaker().bytes()
        #expect(problem(maker.bytes()) == .trailingData)
    }

    @Test func animationsAreRefused() {
        var maker = PNGMaker()
        maker.before = PNGMaker.chunk("acTL", [0, 0, 0, 1, 0, 0, 0, 0])
        #expect(problem(maker.bytes()) == .animated)
    }

    @Test func sidesHaveBounds() {
        #expect(problem(PNGMaker(width: 16, height: 16).bytes()) == nil)
        #expect(problem(PNGMaker(width: 15, height: 16).bytes()) == .tooSmall)
        #expect(problem(PNGMaker(width: 16, height: 1).bytes()) == .tooSmall)
        #expect(problem(PNGMaker(width: 4096, height: 16).blank()) == nil)
        #expect(problem(PNGMaker(width: 4097, height: 16).blank()) == .tooLarge)
        #expect(problem(PNGMaker(width: 16, height: 4097).blank()) == .tooLarge)
        #expect(problem(PNGMaker(width: 0, height: 16).blank()) == .damaged)
    }

    @Test(arguments: [(31, 24), (33, 24), (32, 23), (32, 25), (4096, 4096)])
    func dimensionsThatLieAreFound(_ width: Int, _ height: Int) {
        var maker = PNGMaker()
        maker.claimedWidth = width
        maker.claimedHeight = height
        #expect(problem(maker.bytes()) == .damaged)
        #expect(problem(maker.blank()) == .damaged)
    }

    @Test func theLargestImageAndABombAreJudgedInBoundedMemory() {
        var maker = PNGMaker(width: 4096, height: 4096)
        maker.colourType = 6
        maker.depth = 16
        #expect(problem(maker.blank()) == nil)
        // A hundred megabytes of zeros in less than a megabyte, behind the few that are pixels.
        #expect(problem(PNGMaker(width: 16, height: 16).blank(surplus: 100_000_000)) == .damaged)
        maker.claimedWidth = 60_000
        maker.claimedHeight = 60_000
        #expect(problem(maker.blank()) == .tooLarge)
    }

    @Test func theFileHasABound() {
        let large = PNGMaker(width: 1320, height: 1320).bytes()
        #expect(large.count < ImageLimits.bytes && large.count > ImageLimits.bytes * 99 / 100)
        #expect(problem(large) == nil)
        #expect(problem(PNGMaker(width: 1330, height: 1330).bytes()) == .tooManyBytes)
    }

    @Test func chunksStandInOrderAndWhole() {
        let maker = PNGMaker()
        let pixels = PNGMaker.zeros(maker.rowBytes * maker.height)
        let halves = [pixels.prefix(10), pixels.dropFirst(10)].map { PNGMaker.chunk("IDAT", Array($0)) }
        #expect(problem(maker.file(data: halves[0] + halves[1])) == nil)
        #expect(problem(maker.file(data: halves[0] + PNGMaker.chunk("tEXt", [0x61, 0]) + halves[1])) == .damaged)
        #expect(problem(maker.file(data: halves[0])) == .damaged)
        #expect(problem(maker.file(data: [])) == .damaged)
        #expect(problem(PNGMaker.signature + PNGMaker.chunk("IEND", [])) == .damaged)
        #expect(problem(maker.file(data: PNGMaker.chunk("ABCD", []) + halves[0] + halves[1])) == .damaged)
        #expect(problem(maker.file(data: maker.header + halves[0] + halves[1])) == .damaged)
    }
}
