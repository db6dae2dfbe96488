import Domain
import Testing

@Suite struct KYBTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    @Test func onlyAnApprovalCounts() {
        for status in KYBStatus.allCases {
            let violation = KYB(status: status).violation(at: Self.now)
            #expect((violation == nil) == (status == .approved))
            #expect(violation == nil || violation?.field == "kyb.status")
        }
    }

    @Test func itEndsAtItsMomentExactly() {
        let kyb = KYB(status: .approved, expiresAt: Self.now)
        #expect(kyb.isApproved(at: Timestamp(microseconds: Self.now.microseconds - 1)))
        #expect(!kyb.isApproved(at: Self.now))
        #expect(kyb.violation(at: Self.now)?.field == "kyb.expiresAt")
    }
}
