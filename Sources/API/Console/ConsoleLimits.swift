/// Every bound of the console's pages, with its unit and its reason.
enum ConsoleLimits {
    /// Bytes of a form: the longest holds a key, or an identifier.
    static let formBytes = 4 * 1024
    /// Bytes of a token's text.
    static let tokenBytes = 43
    /// Sub-clients, deliveries, entries on a page.
    static let rows = 25
    /// Credentials and endpoints that a sub-client's page shows of each; the rest has pages of its own at the API.
    static let parts = 100
    /// Bytes of an answer or a payload that a page shows.
    static let shownBytes = 16 * 1024
}
