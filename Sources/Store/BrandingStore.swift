package import Domain
import Postgres
import Runtime
import SQL

/// How Link looks to the users of one sub-client, and who may show it.
package struct Branding: Sendable {
    package let settings: BrandingSettings
    /// The sub-client's own, which stands in where the settings have none.
    package let subClientName: [UInt8]
    /// 0 until it is first set.
    package let version: Int32
    /// Nil until it is first set.
    package let updatedAt: Timestamp?
    package let logo: LogoFacts?
}

/// What a sub-client may have set; nil leaves what the upstream's own settings say.
package struct BrandingSettings: Sendable {
    package var displayName: [UInt8]?
    package var style = LinkStyle()
    /// All different. Empty for the upstream's own.
    package var allowedOrigins: [WebOrigin] = []
    package init() {}
}

extension Store {
    /// Throws `.notFound` if there is no such sub-client.
    package func branding(_ scope: TenantScope) async throws(StoreError) -> Branding {
        let rows = try await run(scope, .getBranding, [.id(scope.subClient)], on: .read)
        if rows.isEmpty { throw .notFound }
        return try Branding(rows)
    }

    /// Replaces all settings. Throws `.notFound`, `.subClientClosed`, and `.stale` if the version is not `version` (nil
    /// for any).
    package func putBranding(
        _ scope: TenantScope, _ settings: BrandingSettings, version: Int32?
    ) async throws(StoreError) -> Branding {
        let style = settings.style
        let results = try await audited(
            scope, change(scope, .brandingUpdated, of: .branding),
            [
                Query(
                    .putBranding,
                    [
                        .id(scope.subClient), .text(settings.displayName), .text(style.primaryColor?.text),
                        .text(style.primaryTextColor?.text), .text(style.secondaryColor?.text),
                        .text(style.secondaryTextColor?.text), .count(style.buttonRadius), .count(style.cornerRadius),
                        .text(style.overlayOpacity?.text), .word(style.theme), .word(style.language),
                        .word(style.fiatCurrency), .textArray(settings.allowedOrigins.map(\.text)),
                        version.map { .int32($0) } ?? .null, .time(clock.now()),
                    ]),
                Query(.getBranding, [.id(scope.subClient)]),
            ])
        if results[1].isEmpty { throw .notFound }
        if results[0].isEmpty { throw try Branding.allowsChanges(results[1]) ? .stale : .subClientClosed }
        return try Branding(results[1])
    }

    func change(_ scope: TenantScope, _ action: AuditAction, of noun: AuditNoun) -> AuditedChange {
        AuditedChange(action, of: noun, scope.subClient.uuid, subClient: scope.subClient)
    }
}

extension Branding {
    /// Reads the first row of `get_branding`.
    fileprivate init(_ rows: Rows) throws(StoreError) {
        var settings = BrandingSettings()
        let isSet = !rows.isNull(0, 2)
        settings.displayName = rows.optionalText(0, 3)
        settings.style = try LinkStyle(rows, 0, from: 4)
        if isSet {
            settings.allowedOrigins = try rows.textArray(0, 14).compactMap { $0.flatMap { WebOrigin(text: $0) } }
        }
        try self.init(
            settings: settings, subClientName: rows.text(0, 0), version: isSet ? rows.int32(0, 2) : 0,
            updatedAt: rows.optionalTime(0, 15), logo: rows.isNull(0, 16) ? nil : LogoFacts(rows, 0, from: 16))
    }

    fileprivate static func allowsChanges(_ rows: Rows) throws(StoreError) -> Bool {
        try !["closed", "erased"].contains(rows.string(0, 1))
    }
}

extension LinkStyle {
    /// Reads ten columns, in the order of its members, as `get_branding` and `find_credential_by_digest` give them.
    init(_ rows: Rows, _ row: Int, from column: Int) throws(StoreError) {
        self.init()
        primaryColor = rows.optionalText(row, column).flatMap { Color(text: $0) }
        primaryTextColor = rows.optionalText(row, column + 1).flatMap { Color(text: $0) }
        secondaryColor = rows.optionalText(row, column + 2).flatMap { Color(text: $0) }
        secondaryTextColor = rows.optionalText(row, column + 3).flatMap { Color(text: $0) }
        buttonRadius = rows.optionalInt32(row, column + 4).map { Int($0) }
        cornerRadius = rows.optionalInt32(row, column + 5).map { Int($0) }
        overlayOpacity = rows.optionalText(row, column + 6).flatMap { Opacity(text: $0) }
        theme = try rows.optionalWord(row, column + 7)
        language = try rows.optionalWord(row, column + 8)
        fiatCurrency = try rows.optionalWord(row, column + 9)
    }
}

extension Parameter {
    fileprivate static func count(_ number: Int?) -> Parameter { number.map { .int32(Int32($0)) } ?? .null }
}
