import Crypto
import Domain
import JSON
import Postgres
import Runtime
import Testing

@testable import Sandbox

/// The outbox: posted until 200, signed, across restarts.
@Suite struct WebhookSenderTests {
    private func isSigned(_ post: Receiver.Post) -> Bool {
        let tag = ReferenceHMAC.authenticate(post.body, key: Array(Harness.webhookSecret.utf8))
        return post.signature == Base64.encode(tag)
    }

    @Test func referenceAgreesWithRFC4231() {
        let tag = ReferenceHMAC.authenticate(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(
            String(decoding: Hex.encode(tag), as: UTF8.self)
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test func postsASignedBodyForEachEvent() async throws {
        try await Harness.run(sends: true) { harness in
            let token = try await harness.mintToken(userId: "7:ü💶", transactionId: "ls_01")
            let answer = try await harness.complete(token)
            let posts = await harness.receiver.take(2)
            for post in posts {
                #expect(isSigned(post))
                #expect(post.contentType == Array("application/json".utf8))
                let root = try JSONDocument.parse(post.body).root
                #expect(root["UserId"]?.text == "7:ü💶")
                #expect(root["TransactionId"]?.text == "ls_01")
                #expect(root["DestinationAmount"]?.raw.elementsEqual("25.5".utf8) == true)
                #expect(root["SourceAmount"]?.raw.elementsEqual("25.51".utf8) == true)
                #expect(root["TransferId"]?.text == answer.json?["transferId"]?.text)
                #expect(root["SentTimestamp"]?.integer != nil)
            }
            #expect(Set(posts.compactMap { $0.text("TransferStatus") }) == ["Pending", "Succeeded"])
            let ids = try #require(answer.json?["eventIds"]).elements.compactMap(\.text)
            #expect(Set(posts.compactMap { $0.text("EventId") }) == Set(ids))
            #expect(Set(posts.compactMap { $0.text("Id") }).count == 2)
        }
    }

    @Test func postsAgainUntilAnswered200() async throws {
        try await Harness.run(sends: true) { harness in
            harness.receiver.answerNext(500, 202, 404)
            _ = try await harness.complete(try await harness.mintToken(), #""outcome":"pending""#)
            let posts = await harness.receiver.take(4)
            #expect(posts.allSatisfy { isSigned($0) })
            #expect(Set(posts.compactMap { $0.text("EventId") }).count == 1)
            #expect(Set(posts.compactMap { $0.text("Id") }).count == 4)
            let events = try posts.map { post in
                try JSONDocument.parse(post.body).root.members.filter { $0.key != "Id" && $0.key != "SentTimestamp" }
                    .map { Array($0.key.raw) + Array($0.value.raw) }
            }
            #expect(Set(events).count == 1)
        }
    }

    @Test func postsDuplicatesWithIdsOfTheirOwn() async throws {
        try await Harness.run(sends: true) { harness in
            _ = try await harness.complete(
                try await harness.mintToken(), #""outcome":"succeeded","duplicates":2"#)
            let posts = await harness.receiver.take(6)
            let events = Dictionary(grouping: posts) { $0.text("EventId") ?? "" }
            #expect(events.count == 2)
            #expect(events.values.allSatisfy { $0.count == 3 })
            #expect(Set(posts.compactMap { $0.text("Id") }).count == 6)
        }
    }

    @Test func postsADelayedEventWhenItsTimeHasCome() async throws {
        try await Harness.run(sends: true) { harness in
            _ = try await harness.complete(
                try await harness.mintToken(), #""outcome":"succeeded","delayMs":3600000"#)
            #expect(await harness.receiver.take(1).compactMap { $0.text("TransferStatus") } == ["Pending"])
            harness.clock.advance(by: .seconds(3_600))
            let late = await harness.receiver.take(1)
            #expect(late.compactMap { $0.text("TransferStatus") } == ["Succeeded"])
        }
    }

    @Test func postsListedStatusesInTheOrderOfTheirTimes() async throws {
        try await Harness.run(sends: true) { harness in
            _ = try await harness.complete(
                try await harness.mintToken(),
                #""outcome":"succeeded","delayMs":3600000,"webhooks":["Succeeded","Pending","RefundPending"]"#)
            // One after the other: what is due at once is posted side by side.
            for status in ["Succeeded", "Pending", "RefundPending"] {
                let posts = await harness.receiver.take(1)
                #expect(posts.compactMap { $0.text("TransferStatus") } == [status])
                harness.clock.advance(by: .seconds(3_600))
            }
        }
    }

    @Test func resumesAfterARestart() async throws {
        try await Harness.run { harness in
            _ = try await harness.complete(try await harness.mintToken())
            #expect(try harness.owed() == 2)
            harness.receiver.answerNext(503, 503)
            try await harness.withRestartedSender {
                let posts = await harness.receiver.take(2)
                #expect(Set(posts.compactMap { $0.text("TransferStatus") }) == ["Pending", "Succeeded"])
            }
            #expect(try harness.owed() == 2)
            try await harness.withRestartedSender { #expect(await harness.receiver.take(2).count == 2) }
            #expect(try harness.owed() == 0)
        }
    }

    @Test func takesOverAtOnceWhatAKilledProcessHadLeased() async throws {
        try await Harness.run { harness in
            _ = try await harness.complete(try await harness.mintToken(), #""outcome":"pending""#)
            let store = WebhookStore(database: harness.database)
            // A lease so long that waiting for its end would show.
            let later = harness.clock.clock.now() + .seconds(86_400)
            #expect(try await store.claim(10, at: later, machineTime: later).count == 1)
            #expect(try await store.claim(10, at: later, machineTime: later).isEmpty)
            try await harness.withRestartedSender { #expect(await harness.receiver.take(1).count == 1) }
            #expect(try harness.owed() == 0)
        }
    }

    @Test func leasesRunOutAndLateResultsChangeNothing() async throws {
        try await Harness.run { harness in
            _ = try await harness.complete(try await harness.mintToken(), #""outcome":"pending""#)
            let store = WebhookStore(database: harness.database)
            let now = harness.clock.clock.now()
            let claim = { moment in try await store.claim(10, at: moment, machineTime: moment) }
            let first = try #require(try await claim(now).first)
            let second = try #require(try await claim(now + SandboxLimits.lease).first)
            #expect(first.id == second.id && first.attempt == 1 && second.attempt == 2)
            let post = WebhookPost(uri: "http://a", sentAt: now, answeredAt: nil, status: nil, message: "timeout")
            try await store.retry(first, post, at: now)
            #expect(try await claim(now + .seconds(16)).isEmpty)
            try await store.retry(second, post, at: now + .seconds(20))
            #expect(try await claim(now + .seconds(19)).isEmpty)
            #expect(try await claim(now + .seconds(20)).first?.attempt == 3)
        }
    }

    @Test func postsMoreThanFitInFlightAtOnce() async throws {
        try await Harness.run(sends: true) { harness in
            for _ in 0..<5 {
                _ = try await harness.complete(
                    try await harness.mintToken(), #""outcome":"succeeded","duplicates":20"#)
            }
            let posts = await harness.receiver.take(210)
            #expect(Set(posts.compactMap { $0.text("Id") }).count == 210)
            #expect(Set(posts.compactMap { $0.text("EventId") }).count == 10)
        }
    }
}
