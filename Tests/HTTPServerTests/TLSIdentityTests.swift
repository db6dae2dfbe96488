import Runtime
import Testing

@testable import TLS

/// Which certificates and keys are taken, and how long tickets are.
@Suite struct TLSIdentityTests {
    /// Read anew each time: a certificate that was made just now is not valid a second before.
    private var now: Int64 { TLSFixture.seconds() }

    private func refusal(_ certificates: [UInt8], _ key: [UInt8], at moment: Int64? = nil) -> TLSError? {
        do throws(TLSError) {
            let identity = try TLSIdentity(certificates: certificates, key: key, now: moment ?? now)
            _ = try TLSContext(identity, random: TLSFixture.random, now: TLSFixture.seconds)
            return nil
        } catch {
            return error
        }
    }

    @Test func aSoundPairIsTakenUntilItExpires() throws {
        let text = try TLSFixture.first.get()
        let identity = try TLSIdentity(certificates: text, key: text, now: now)
        let days = Double(identity.notAfter - now) / 86_400
        #expect((3649.9...3650).contains(days))
        #expect(refusal(text, text, at: identity.notAfter) == nil)
        #expect(refusal(text, text, at: identity.notAfter + 1) == .expired(position: 1, since: identity.notAfter))
        guard case .notYetValid(1, let since) = refusal(text, text, at: 0) else {
            Issue.record("a certificate of tomorrow was taken")
            return
        }
        #expect(abs(since - now) < 600)
    }

    @Test func whatDoesNotBelongTogetherIsRefused() throws {
        let (first, second) = (try TLSFixture.first.get(), try TLSFixture.second.get())
        #expect(refusal(first, second) == .keyDoesNotMatch)
        #expect(refusal(first, try TLSFixture.rsa.get()) == .keyDoesNotMatch)
        #expect(refusal(first + second, first) == .brokenChain(position: 1))
        let many = Array([[UInt8]](repeating: first, count: TLSLimits.chainLength + 1).joined())
        #expect(refusal(many, first) == .tooManyCertificates)
    }

    @Test func aChainIsServedWholeAndInOrderOnly() throws {
        let parts = try TLSFixture.issued.get()
        try #require(parts.count == 3)
        let (authority, issued, key) = (parts[0], parts[1], parts[2])
        let identity = try TLSIdentity(certificates: issued + authority, key: key, now: now)
        #expect((29.9...30).contains(Double(identity.notAfter - now) / 86_400), "the first to expire counts")
        let context = try TLSContext(identity, random: TLSFixture.random, now: TLSFixture.seconds)
        let pair = TLSPair(context)
        #expect(pair.handshake())
        #expect(pair.client.serverName == "issued" && pair.client.chainLength == 2)
        #expect(refusal(issued, key) == nil)
        #expect(refusal(authority + issued, key) == .brokenChain(position: 1))
        #expect(refusal(authority, key) == .keyDoesNotMatch)
    }

    @Test func whatIsNoPEMIsRefused() throws {
        let first = try TLSFixture.first.get()
        for text in ["", "\n", "hello", "-----BEGIN", "\0\0\0"] {
            #expect(refusal(Array(text.utf8), first) == .noCertificate, "\(text)")
            #expect(refusal(first, Array(text.utf8)) == .noKey, "\(text)")
        }
        let broken = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        #expect(refusal(broken, first) == .badCertificate(position: 1))
        #expect(refusal(first + broken, first) == .badCertificate(position: 2))
    }

    @Test func lockedAndWeakKeysAreRefused() throws {
        let locked = try TLSFixture.pem("locked", options: ["-passout", "pass:secret"])
        #expect(refusal(locked, locked) == .keyIsEncrypted)
        let weak = try TLSFixture.pem("weak", key: ["rsa:1024"], options: ["-nodes"])
        guard case .refused(let reason) = refusal(weak, weak) else {
            Issue.record("1024 bits were taken")
            return
        }
        #expect(reason.contains("too small"))
    }

    /// Whatever the files hold, they are refused or taken; nobody is asked at a terminal.
    @Test func changedFilesAreRefusedOrTaken() throws {
        var random = SeededGenerator(seed: 3)
        let text = try TLSFixture.first.get()
        for _ in 0..<300 {
            var changed = text
            changed[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            if Bool.random(using: &random) { changed.removeLast(Int.random(in: 0..<text.count, using: &random)) }
            if let error = refusal(changed, changed) { #expect(!error.description.isEmpty) }
        }
    }

    // MARK: Tickets

    @Test func ticketKeysChangeByTheHourAndTheLastTwoAreKnown() {
        let time = Locked<Int64>(1_000_000)
        let keys = TicketKeys(random: TLSFixture.random, now: { time.withValue { $0 } })
        let first = keys.current()
        time.withValue { $0 += TLSLimits.ticketSeconds - 1 }
        #expect(keys.current() == first)
        time.withValue { $0 += 1 }
        let second = keys.current()
        #expect(second != first)
        #expect(second.name != first.name && second.cipherKey != first.cipherKey && second.macKey != first.macKey)
        #expect(keys.find(first.name)?.isOld == true)
        #expect(keys.find(second.name)?.isOld == false)
        #expect(keys.find([UInt8](repeating: 0, count: 16)) == nil)
        time.withValue { $0 += TLSLimits.ticketSeconds }
        #expect(keys.find(first.name) == nil)
        #expect(keys.find(second.name)?.key == second)
        // Long silence, and a clock that was set back.
        time.withValue { $0 += 3 * TLSLimits.ticketSeconds }
        #expect(keys.find(second.name) == nil)
        let third = keys.current()
        time.withValue { $0 -= 1 }
        #expect(keys.current() != third)
    }

    @Test(arguments: TLSEndpoint.Version.current) func aSessionEndsWithItsKeys(_ newest: TLSEndpoint.Version) throws {
        let time = Locked<Int64>(now)
        let context = try TLSFixture.context(TLSFixture.first.get(), now: { time.withValue { $0 } })
        let pair = TLSPair(context, .init(newest: newest))
        #expect(pair.handshake())
        #expect(pair.client.read() == .wantsMore)
        let session = pair.client.session
        // A client forgets a session whose connection it did not end well.
        pair.client.sendCloseNotify()
        for (passed, isResumed) in [
            (Int64(0), true), (TLSLimits.ticketSeconds, true), (TLSLimits.ticketSeconds, false),
        ] {
            time.withValue { $0 += passed }
            let again = TLSPair(context, .init(newest: newest, session: session))
            #expect(again.handshake())
            #expect(again.client.isResumed == isResumed)
            again.client.sendCloseNotify()
        }
    }
}
