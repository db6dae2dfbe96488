import Delivery
import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// `/v1/events/stream`: a sub-client's events as they are committed, for `subgate listen`. A reader asks again and
/// again from where the last answer ended, and each time waits a while for something to happen.
///
/// It holds no database connection while it waits, and is asked for its key again after every wait: one that was
/// revoked meanwhile gets nothing more.
enum EventStreamRoutes {
    private struct Question {
        var position: StreamPosition?
        let types: [[UInt8]]
        let format: PayloadFormat
        let wait: Duration
    }

    @Sendable static func read(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        guard principal.environment == .sandbox else {
            throw Problem(.forbidden, "The stream is for development: it has the sandbox's events alone.")
        }
        let question = try question(call)
        var page = try await look(call, principal, question, from: question.position)
        if page.events.isEmpty, question.position != nil, question.wait > .zero {
            page = try await wait(call, principal, question, page)
        }
        return .json(200, json(page, question.format, call))
    }

    /// Looks again whenever there may be something, until there is or the time is over.
    private static func wait(
        _ call: Call, _ principal: Principal, _ question: Question, _ first: StreamPage
    ) async throws(Problem) -> StreamPage {
        let bell = call.context.bell
        guard let reader = bell.enter(principal.scope.subClient, on: call.store.loop) else {
            throw Problem(.tooManyRequests, "Too many wait for events already.")
        }
        defer { bell.leave(reader) }
        let deadline = call.context.clock.monotonic() &+ UInt64(question.wait.milliseconds) * 1_000_000
        // What was committed between the first look and the place among the readers rang for nobody.
        reader.wake()
        var page = first
        while page.events.isEmpty, !Task.isCancelled, !bell.isClosed {
            let now = call.context.clock.monotonic()
            if page.isLast {
                guard now < deadline else { break }
                // Many commits are one look.
                await call.store.loop.sleep(for: APILimits.streamPause)
                await reader.wait(atMost: min(APILimits.streamInterval, .nanoseconds(Int64(deadline - now))))
            }
            let caller = try await Access.tenant(call, needs: .read)
            page = try await look(call, caller, question, from: page.next)
        }
        return page
    }

    private static func look(
        _ call: Call, _ principal: Principal, _ question: Question, from position: StreamPosition?
    ) async throws(Problem) -> StreamPage {
        try await call.store { store throws(StoreError) in
            try await store.streamEvents(
                principal.scope, after: position, types: question.types, limit: APILimits.streamEvents)
        }
    }

    private static func question(_ call: Call) throws(Problem) -> Question {
        var query = QueryParameters(call)
        let after = query.raw("after")
        let position = after.flatMap { StreamPosition(text: $0) }
        if after != nil, position == nil { query.fail("after", "must be a nextCursor of this stream") }
        if let position, position.isOver(at: call.context.clock.now()) {
            query.fail("after", "is too old: begin again without it")
        }
        let types = query.raw("types").map { $0.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) }
        if let types, types.count > EventFilter.maximumPatterns || !types.allSatisfy({ EventFilter.isValid($0) }) {
            query.fail("types", "must be *, transfer.* or event types, with commas between them")
        }
        let format = query.word("payloadFormat", as: PayloadFormat.self) ?? .mesh
        let wait = query.integer("wait", APILimits.streamWaitSeconds) ?? 0
        try query.finish()
        return Question(
            position: position, types: types?.map { Array($0) } ?? [Array("*".utf8)], format: format,
            wait: .seconds(wait))
    }

    // MARK: Answers

    private static func json(_ page: StreamPage, _ format: PayloadFormat, _ call: Call) -> [UInt8] {
        jsonObject { json in
            json.key("data")
            json.beginArray()
            for event in page.events {
                json.beginObject()
                json.member("id", event.id)
                json.member("type", word: event.type)
                json.member("body", body(event, format, call))
                json.endObject()
            }
            json.endArray()
            json.member("nextCursor", page.next.text)
        }
    }

    /// The bytes that a webhook would carry.
    private static func body(_ event: Event, _ format: PayloadFormat, _ call: Call) -> [UInt8] {
        let stored = StoredEvent(
            id: event.id, type: event.type, transfer: event.transfer, linkSession: event.linkSession,
            transactionID: event.transactionID, userID: event.userID, receivedAt: event.receivedAt,
            payload: event.payload, origin: event.origin)
        return switch format {
        case .mesh:
            WebhookBody.mesh(
                stored, sentID: call.context.identifiers.nextUUID(), sentAt: call.context.clock.now())
        case .standard: WebhookBody.standard(stored)
        }
    }
}
