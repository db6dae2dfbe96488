import API
import Domain
import TestSupport
import Testing

@Suite struct AdmissionTests {
    private static let kinds = Admission.Kind.allCases

    /// As requests come and go at random, what is refused first is never let in while something that goes before it is
    /// not, and what has left leaves nothing.
    @Test(arguments: 0..<100)
    func lesserWorkIsRefusedFirst(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        let capacity = Int.random(in: 4...200, using: &random)
        var admission = Admission(capacity: capacity)
        var inFlight = 0
        for _ in 0..<2_000 {
            if inFlight > 0, UInt64.random(in: 0...9, using: &random) < 4 {
                admission.leave()
                inFlight -= 1
            } else {
                let allowed = AdmissionTests.kinds.map { kind in
                    var copy = admission
                    return copy.enter(kind)
                }
                #expect(allowed == allowed.sorted { !$0 && $1 }, "reads and link tokens, then writes, then admins")
                let kind = AdmissionTests.kinds.randomElement(using: &random) ?? .read
                if admission.enter(kind) { inFlight += 1 }
            }
            #expect(admission.inFlight == inFlight)
            #expect(inFlight <= capacity)
        }
        for _ in 0..<inFlight { admission.leave() }
        #expect(admission.isEmpty)
    }

    @Test func theSandboxLeavesProductionRoomForItsTokens() {
        var admission = Admission(capacity: 40)
        // A load test: as much as gets in, of which as much goes on as may, and the rest leaves again.
        var inside = 0
        for _ in 0..<1_000 where admission.enter(.linkToken) {
            if admission.enter(.sandbox) { inside += 1 } else { admission.leave() }
        }
        #expect(inside == 20)
        let found = (0..<11).map { _ in admission.enter(.linkToken) && admission.enter(.production) }
        #expect(found == Array(repeating: true, count: 10) + [false], "30 link tokens in all")
        for _ in 0..<10 { admission.leave(.production) }
        for _ in 0..<20 { admission.leave(.sandbox) }
        for _ in 0..<30 { admission.leave() }
        #expect(admission.isEmpty)
    }

    @Test func oneSubClientLeavesRoomForOthers() {
        var admission = Admission(capacity: 40)
        let (loud, quiet) = (SubClientID(UUIDValue(high: 1, low: 1)), SubClientID(UUIDValue(high: 1, low: 2)))
        let found = (0..<11).map { _ in admission.enter(loud) }
        #expect(found == Array(repeating: true, count: 10) + [false])
        let others = admission.enter(quiet)
        #expect(others)
        admission.leave(loud)
        let again = admission.enter(loud)
        #expect(again)
        for _ in 0..<10 { admission.leave(loud) }
        admission.leave(quiet)
        #expect(admission.isEmpty)
    }
}
