/// Every bound of the Mesh stand-in, with its unit and its reason.
package enum SandboxLimits {
    /// Bytes of a link token request: a hundred destinations with room to spare.
    package static let linkTokenBodyBytes = 256 * 1_024
    /// Bytes of a control call: two link tokens at their longest fit.
    package static let controlBodyBytes = 32 * 1_024
    /// Bytes of a link token or payment link in a control call: what openapi.yaml says.
    static let tokenTextBytes = 8_192

    /// How long a link token can be used: Mesh's ten minutes.
    package static let linkTokenLife = Duration.seconds(600)
    /// How long a token is remembered after it expired, so that it is answered 409 or 410 and not 404.
    static let expiredTokenMemory = Duration.seconds(86_400)
    /// How long a played transfer is listed.
    static let transferMemory = Duration.seconds(30 * 86_400)
    /// Between two sweeps of old tokens and transfers.
    static let sweepInterval = Duration.seconds(600)

    /// UTF-16 units, as Mesh counts.
    static let userIdUnits = 1...300
    static let transactionIdUnits = 1...128
    static let descriptionUnits = 0...256
    /// UTF-16 units of the strings Mesh gives no limit: more than any real one has.
    static let symbolUnits = 1...64
    static let addressUnits = 1...256
    static let freeTextUnits = 0...2_048
    /// Elements of any list in a request.
    static let listElements = 100
    /// Bytes of a managed request: a token, and a hundred destinations with room to spare.
    package static let managedBodyBytes = 256 * 1_024
    static let authTokenUnits = 1...16_384

    /// Transfers on one page, and on one for which the caller names no number: Mesh's.
    static let count: ClosedRange<Int64> = 1...1_000
    static let standardCount: Int64 = 10
    static let offset: ClosedRange<Int64> = 0...1_000_000
    /// Values of a parameter that may be repeated, by Mesh's documents.
    static let statuses = 5
    static let integrationIds = 100
    /// Unix seconds: up to the end of the year 9999.
    static let unixSeconds: ClosedRange<Int64> = 0...253_402_300_799
    /// Characters of an answer or a reason that the log of webhooks keeps.
    static let logMessageCharacters = 200

    /// Milliseconds between the events of one transfer.
    package static let delayMilliseconds: ClosedRange<Int64> = 0...3_600_000
    /// Posts of one event beside the first.
    package static let duplicates: ClosedRange<Int64> = 0...20
    /// Events of one transfer whose statuses the caller lists.
    static let listedStatuses = 1...20
    static let statusUnits = 1...64

    /// Posts under way at once: enough to show concurrency, few enough to leave a small receiver alive.
    static let postsInFlight = 64
    /// Free places it takes to claim more webhooks: each claim is a commit.
    static let placesPerClaim = 16
    /// Mesh wants its 200 within 200 ms; a stand-in on a busy development machine waits longer before it posts again.
    static let postConnectTimeout = Duration.seconds(2)
    static let postTotalTimeout = Duration.seconds(5)
    /// Bytes of an answer that are read: only its status counts.
    static let answerBytes = 4 * 1_024
    /// How long a claim stands: a post at its slowest and time to record it.
    static let lease = Duration.seconds(15)
    /// The pause after the first failed post, doubled after each further one up to the longest.
    static let firstPause = Duration.milliseconds(200)
    static let longestPause = Duration.seconds(30)
    /// How long the sender sleeps when nothing is due: bounds the wait for a claim whose owner died.
    static let longestSleep = Duration.seconds(1)

    // MARK: Exchange

    /// How long a preview can be executed: Mesh's five minutes.
    static let previewLife = Duration.seconds(300)
    /// How long a preview is remembered after it expired, so that it is told from one that never was.
    static let expiredPreviewMemory = Duration.seconds(86_400)
    /// How long a token gives access before it is exchanged, and how long it can be.
    static let accessLife = Duration.seconds(86_400)
    static let renewalLife = Duration.seconds(60 * 86_400)
    /// How often an execution is decided anew because the portfolio changed meanwhile: each time somebody else's got
    /// through.
    static let executionAttempts = 20
    /// Verifications that one answer lists.
    static let verifications: Int64 = 1_000

    // MARK: Link page

    /// How long a session of the page lasts: a sign-in, a choice and a payment at a person's pace.
    static let linkSessionLife = Duration.seconds(1_800)
    /// Bytes of a call of the page: the stored accounts of a returning user at their longest fit.
    static let linkBodyBytes = 64 * 1_024
    /// UTF-16 units of a user's name, password and code at an integration.
    static let credentialUnits = 1...64
    /// Accounts that are connected in one session: the database would refuse the hundred and first.
    static let sessionAccounts = 20
    /// How long Mesh watches a chain for a payment by hand.
    static let depositWatchSeconds: Int64 = 900
    /// UTF-16 units of an origin as a browser states it.
    static let originUnits = 1...2_048
    /// Accounts of a former visit that a page may bring back, and UTF-16 units of each one's texts.
    static let resumedAccounts = 10
    static let resumedUnits = 0...2_048
    /// Bytes of a decimal: 19 digits, a point and 18 decimals, and room for zeros that say nothing.
    static let amountBytes = 64

    // MARK: Account Management API

    /// How long an `id_token` counts: Mesh's hour.
    static let accountTokenLife = Duration.seconds(3_600)
    /// Bytes of a bearer token: ours have about 300.
    static let accountTokenBytes = 1_024
    /// Bytes of a JSON request: two lists of a thousand UUIDs, 50 URLs at their longest, and room to spare.
    static let accountBodyBytes = 512 * 1_024
    /// UTF-16 units of a legal and a display name.
    static let nameUnits = 1...300
    /// What one page of Mesh's documents says; another names no number.
    static let callbackURLs = 50
    static let callbackURLUnits = 8...2_048
    /// Elements of `excludeIntegrationCategories`, and of either list of integrations.
    static let catalogCategories = 10
    static let catalogIntegrations = 1_000
    /// Bytes of a logo: Mesh's 5 MB.
    static let logoBytes = 5 * 1_024 * 1_024
    /// Bytes of a logo's request: the file, and what wraps it.
    static let logoBodyBytes = logoBytes + 16 * 1_024

    /// Parts of a multipart body: one is wanted; some clients send a field or two beside it.
    static let multipartParts = 8
    /// Bytes of all header lines of one part: real ones have about 150.
    static let multipartHeaderBytes = 4 * 1_024
    /// Bytes of a boundary: RFC 2046 section 5.1.1.
    static let multipartBoundaryBytes = 1...70

    // MARK: Faults and clock

    /// Rules in force at once.
    static let faultRules = 100
    static let faultUses: ClosedRange<Int64> = 1...1_000_000
    /// Milliseconds an answer may be held back.
    static let faultDelayMilliseconds: ClosedRange<Int64> = 0...30_000
    /// How long a call hangs if its caller does not leave before: longer than any client waits.
    static let longestHang = Duration.seconds(300)
    static let retryAfterSeconds: ClosedRange<Int64> = 0...86_400
    /// Posts of one webhook that are signed wrongly.
    static let wrongSignatures: ClosedRange<Int64> = 0...100
    /// Between webhooks that are posted last first: long enough that the order is kept over several connections.
    static let reversedGapMilliseconds: Int64 = 300
    /// How far the clock may be from the machine's: ten years either way.
    static let clockOffsetSeconds: ClosedRange<Int64> = -315_360_000...315_360_000
    static let clockAdvanceSeconds: ClosedRange<Int64> = 0...315_360_000
}
