/// Every bound of the API, with its unit and its reason.
package enum APILimits {
    /// Bytes of a body in our own format: the largest legal one, metadata of 50 entries, takes 110 KiB when every
    /// character is escaped.
    static let bodyBytes = 128 * 1024
    /// Bytes of a link token request: some hundred destination addresses.
    static let linkTokenBytes = 256 * 1024
    /// Destination addresses of one link token: what 256 KiB hold of real ones, and what an answer may name in full.
    static let linkTokenAddresses = 1_000
    /// Bytes of a compliance policy: a full address book, with labels, takes 350 KiB.
    static let complianceBytes = 512 * 1024
    /// Bytes of a question whether a link token would be allowed: the token, and room around it.
    static let evaluationBytes = linkTokenBytes + 1024
    /// Bytes of an upstream's webhook: a hundred times the largest seen.
    static let inboundBytes = 256 * 1024

    /// Webhook endpoints of one sub-client in one environment: each multiplies the deliveries of every event. The
    /// environments are counted apart, so that what is tried in the sandbox takes no place in production.
    package static let endpointsPerEnvironment = 50
    /// Seconds after which a caller that was told 503 may try again.
    static let retryAfterSeconds = 1

    /// Characters of names, as Mesh allows them.
    static let nameCharacters = 1...300
    static let externalIDCharacters = 1...128
    /// Of a text that is searched for in names: the index holds three characters at a time.
    static let searchCharacters = 3...300
    /// Sub-clients in one import, and bytes of it: each is a change of its own, and all take turns with other changes.
    static let importLines = 1...1_000
    static let importBytes = 1024 * 1024
    static let urlBytes = 8...2048
    static let reasonCharacters = 1...500
    static let descriptionCharacters = 1...500
    static let credentialNameCharacters = 1...100
    /// Blocks of addresses that one credential may be used from: each is compared with on every call.
    static let allowedIPs = 1...100
    static let upstreamNameCharacters = 1...100
    static let upstreamSecretCharacters = 1...500
    /// Secrets of one upstream's webhooks: an old and a new one during a rotation, and room for mistakes.
    static let webhookSecrets = 1...5

    static let memberNameCharacters = 1...100
    static let emailCharacters = 3...254
    /// Seconds for which an old key or secret goes on beside its successor: at once, or up to a week to deploy it.
    static let overlapSeconds = 0...604_800

    static let auditActionCharacters = 3...64
    /// Audit entries in one page, and lines in one answer of the export.
    static let auditPageEntries = 1...100
    static let auditExportLines = 5_000
    /// Entries that are read at a time while the chain is proved.
    static let auditProofEntries = 5_000

    static let metadataEntries = 50
    static let metadataKeyCharacters = 1...40
    static let metadataValueCharacters = 0...500

    /// Headers that are sent with every attempt.
    static let endpointHeaders = 10
    static let endpointHeaderNameBytes = 1...64
    static let endpointHeaderValueBytes = 1...500
    /// Attempts in a second, and attempts in flight, that an endpoint may be limited to: more than these are no limit.
    static let endpointRate = 1...10_000
    static let endpointConcurrency = 1...1_000
    /// Seconds for which a signing secret goes on beside its successor unless the caller says: a day to deploy it.
    static let secretOverlapSeconds = 86_400
    /// Seconds for which the public keys of webhooks may be kept by whoever read them.
    static let webhookKeyLifetimeSeconds = 60

    /// Entries of a compliance policy's lists. Each is looked up by hash, so these bound its size, not its speed.
    static let complianceDestinations = 1...1_000
    static let complianceNetworks = 1...250
    static let complianceSymbols = 1...500
    static let complianceIntegrations = 1...1_000
    /// ISO 3166-1 has 249.
    static let complianceCountries = 1...250
    static let symbolCharacters = 1...50
    /// The longest in use, Cardano's of the Byron era, have 128.
    static let addressCharacters = 1...200
    static let addressTagCharacters = 1...100
    static let addressLabelCharacters = 1...100
    static let kybNameCharacters = 1...300
    static let kybTextCharacters = 1...100
    static let kybAddressCharacters = 1...500
    /// Policies kept parsed in a loop's memory: bytes of their JSON, and their number.
    static let cachedPolicyBytes = 8 << 20
    static let cachedPolicies = 20_000

    /// Seconds that a reader of the event stream may wait: less than proxies keep a silent request (60 s).
    static let streamWaitSeconds = 0...30
    /// Events in one answer of the stream: of the largest, some megabytes.
    static let streamEvents = 20
    /// Readers of the stream that wait on one node, in all and of one sub-client: each holds a connection and a timer.
    static let streamReaders = 512
    static let streamReadersPerSubClient = 8
    /// How often each of them looks for what other nodes committed.
    static let streamInterval: Duration = .seconds(1)
    /// How long it rests between two looks, however many commits it hears of.
    static let streamPause: Duration = .milliseconds(50)

    static let idempotencyKeyBytes = 1...255
    /// Of an identifier in a body: a prefix and 26 digits, and what is mistaken for one.
    static let identifierCharacters = 1...64
    /// Fields that one answer names as wrong: what a person reads. All that half a megabyte can hold made an answer of
    /// megabytes.
    static let toldErrors = 20
    /// Bytes of a name of the caller's choosing that an error repeats; a longer one is not repeated.
    static let echoedNameBytes = 64

    /// Web origins that may show Link, as Mesh limits them.
    static let allowedOrigins = 50
    /// Logos that wait to be looked at, each with up to 5 MB: one more is told to come again.
    package static let waitingLogos = 4
    /// Bytes of logos a loop keeps, so that what many ask for is read from the database once.
    static let logoCacheBytes = 8 * 1024 * 1024
    /// For how long: a deleted logo is gone within this.
    static let logoCacheLifetime: Duration = .seconds(5)

    /// Link tokens, as Mesh limits them.
    static let userIDCharacters = 1...300
    static let transactionIDCharacters = 0...128
    static let linkTokenDescriptionCharacters = 0...256
    /// Bytes of a request to disconnect an account: a token of a few kilobytes.
    static let accountBytes = 64 * 1024
    static let authTokenCharacters = 1...16_384
    static let brokerTypeCharacters = 1...100
    static let walletAddressCharacters = 1...256
    /// Bytes of an upstream's answer about one end user: a hundred verified wallets.
    static let passedAnswerBytes = 256 * 1024
    /// Mesh's list of transfers: how many on a page, and on one for which no number is named.
    static let meshCount: ClosedRange<Int64> = 1...1_000
    static let standardMeshCount: Int64 = 10
    /// How far a page may lie from the start: what is before it is looked at too.
    static let meshOffset: ClosedRange<Int64> = 0...49_000
    /// How often a parameter may be repeated, by Mesh's documents.
    static let meshStatuses = 5
    static let meshIntegrationIDs = 100
    /// Up to the end of the year 9999.
    static let unixSeconds: ClosedRange<Int64> = 0...253_402_300_799
    static let hashCharacters = 1...256
    /// How long a link token is good for, by Mesh's documents.
    static let linkTokenLifetime: Duration = .seconds(600)

    /// Findings that a comparison with an upstream tells one by one; beyond them it tells how many there are.
    static let driftFindings = 1_000
    /// Registrations read at once for it.
    static let driftPage = 1_000

    /// Deliveries that a recovery makes due in a second, and when none is named: a receiver that was down is not to be
    /// drowned when it is back.
    static let recoveryRate = 1...10_000
    static let standardRecoveryRate = 1_000
    /// Days of usage in one answer: with 100 sub-clients, two environments and ten assets about 10 MB.
    static let usageDays: Int64 = 31
    /// The same by the month.
    static let usageMonthDays: Int64 = 366
}
