import Crypto
import Domain
import HTTPClient
import Postgres
import Runtime

/// Posts the webhooks that are owed, several at once, each until it is answered 200. Loop-bound.
///
/// The database row is the truth: it is leased while a post is under way, and deleted only after the 200. A crash costs
/// a second post of the same event at worst, as with Mesh.
struct WebhookSender: Sendable {
    private struct Address: Sendable {
        let url: TargetURL
        let key: HMACKey
        /// Accounts do not share connections.
        let partition: UInt64
    }

    private struct State {
        var isStopping = false
        var inFlight = 0
    }

    private let loop: EventLoop
    private let store: WebhookStore
    private let client: HTTPClient
    private let addresses: [UUIDValue: Address]
    private let clock: Clock
    private let machineClock: Clock
    private let random: RandomSource
    private let log: Log
    private let state: LoopState<State>
    private let wake: Wake

    /// `clock` says what is due, `machineClock` what is leased.
    init(
        loop: EventLoop, store: WebhookStore, client: HTTPClient, clients: [SandboxClient], clock: Clock,
        machineClock: Clock, random: RandomSource, log: Log
    ) {
        self.loop = loop
        self.store = store
        self.client = client
        self.clock = clock
        self.machineClock = machineClock
        self.random = random
        self.log = log
        var addresses: [UUIDValue: Address] = [:]
        for (index, client) in clients.enumerated() {
            guard let webhook = client.webhook else { continue }
            addresses[client.clientId] = Address(
                url: webhook.url, key: HMACKey(webhook.secret.exposed), partition: UInt64(index))
        }
        self.addresses = addresses
        state = LoopState(loop, State())
        wake = Wake(loop)
    }

    /// Whether an account has registered an address.
    func hasAddress(_ clientId: UUIDValue) -> Bool { addresses[clientId] != nil }

    /// Looks for due webhooks now instead of at the next poll.
    func nudge() { wake.call() }

    // MARK: Life

    /// Posts until `stop()` is called, and returns when the posts under way have ended.
    func run() async {
        do {
            try await store.releaseAll()
        } catch {
            log.warn("webhooks of an earlier run wait for their lease", [(.error, .text(error.description))])
        }
        while !state.withValue({ $0.isStopping }) {
            let pause = await startDue()
            await wake.sleep(atMost: pause)
        }
        while state.withValue({ $0.inFlight }) > 0 { await wake.sleep(atMost: SandboxLimits.longestSleep) }
    }

    func stop() {
        state.withValue { $0.isStopping = true }
        wake.call()
    }

    /// Starts a post for each webhook that is due and has a place; says when to look again.
    private func startDue() async -> Duration {
        let free = SandboxLimits.postsInFlight - state.withValue { $0.inFlight }
        // The end of a post wakes us; one claim for several places saves commits.
        if free < SandboxLimits.placesPerClaim { return SandboxLimits.longestSleep }
        do {
            let claimed = try await store.claim(free, at: clock.now(), machineTime: machineClock.now())
            for webhook in claimed { start(webhook) }
            if claimed.count == free { return SandboxLimits.longestSleep }
            guard let due = try await store.nextDue() else { return SandboxLimits.longestSleep }
            return min(due - clock.now(), SandboxLimits.longestSleep)
        } catch {
            log.warn("webhooks cannot be read", [(.error, .text(error.description))])
            return SandboxLimits.longestSleep
        }
    }

    private func start(_ webhook: ClaimedWebhook) {
        state.withValue { $0.inFlight += 1 }
        loop.spawn {
            await attempt(webhook)
            state.withValue { $0.inFlight -= 1 }
            wake.call()
        }
    }

    // MARK: One attempt

    private func attempt(_ webhook: ClaimedWebhook) async {
        do {
            guard let address = addresses[webhook.clientId] else {
                // The account or its address is gone: nobody is owed this any more.
                return try await store.delete(webhook)
            }
            let post = await post(webhook, to: address)
            if post.status == 200 { return try await store.finish(webhook, post) }
            var random = random
            let pause = RetryPause.after(attempt: webhook.attempt, random: &random)
            try await store.retry(webhook, post, at: clock.now() + pause)
        } catch {
            // The lease runs out and the webhook is posted once more.
            log.warn("the result of a webhook cannot be stored", [(.error, .text(error.description))])
        }
    }

    /// Nothing but 200 is good.
    private func post(_ webhook: ClaimedWebhook, to address: Address) async -> WebhookPost {
        var random = random
        let (uri, sentAt) = (address.url.asciiText, clock.now())
        let body = WebhookBody.attempt(event: webhook.event, id: .version4(&random), sentAt: sentAt)
        // The signature of another body is as wrong as any.
        let signed = webhook.isSignedWrongly ? body + [UInt8(ascii: " ")] : body
        let request = OutgoingRequest(
            method: .post, url: address.url,
            headers: [
                ("Content-Type", Array("application/json".utf8)),
                ("X-Mesh-Signature-256", Base64.encode(address.key.authenticate(signed))),
            ],
            body: body, connectTimeout: SandboxLimits.postConnectTimeout,
            totalTimeout: SandboxLimits.postTotalTimeout, responseLimit: SandboxLimits.answerBytes,
            policy: .allowPrivate, partition: address.partition)
        do {
            let answer = try await client.send(request)
            if answer.status != 200 {
                log.info(
                    "a webhook was not answered 200",
                    [(.status, .integer(answer.status)), (.attempt, .integer(Int(webhook.attempt)))])
            }
            return WebhookPost(
                uri: uri, sentAt: sentAt, answeredAt: clock.now(), status: answer.status,
                message: WebhookSender.excerpt(answer.body))
        } catch {
            log.info(
                "a webhook was not answered",
                [(.code, .text(error.code)), (.attempt, .integer(Int(webhook.attempt)))])
            return WebhookPost(uri: uri, sentAt: sentAt, answeredAt: nil, status: nil, message: error.code)
        }
    }

    /// The first characters of an answer, as text that the database takes.
    private static func excerpt(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(4 * SandboxLimits.logMessageCharacters), as: UTF8.self)
        let scalars = text.unicodeScalars.filter { $0.value != 0 }.prefix(SandboxLimits.logMessageCharacters)
        return String(String.UnicodeScalarView(scalars))
    }
}
