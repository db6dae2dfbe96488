import Domain
import JSON

/// What an account holds and whose it is.
extension ManagedRoutes {
    /// `PortfolioHoldingsRequest`. Only the type that connecting told will do.
    func holdings(_ object: MeshObject, _ client: UUIDValue) async throws -> [UInt8] {
        let credential = try Credential(object, token: "authToken", type: "type")
        let includesValue = try object.bool("includeMarketValue") ?? false
        guard let account = try await account(credential, client) else {
            return ManagedRoutes.object { json in
                json.member("status", "failed")
                json.member("errorMessage", ManagedRefusal.unauthorized)
                json.members(null: "displayMessage", "cryptocurrencyPositions")
            }
        }
        let portfolio = try await exchange.portfolio(of: account)
        return ManagedRoutes.object { json in
            json.member("status", "succeeded")
            json.members(null: "errorMessage", "displayMessage")
            json.objects("cryptocurrencyPositions", portfolio.balances.filter { $0.amount > .zero }) { balance, json in
                let price = Price.dollars(of: balance.symbol)
                json.member("symbol", balance.symbol)
                json.member("amount", json: balance.amount.text)
                json.members(null: "costBasis")
                json.member("marketValue", json: includesValue ? balance.amount.worth(at: price).text : nil)
                json.member("lastPrice", json: includesValue ? price.text : nil)
            }
            for name in ManagedRoutes.emptyPositions { json.array(name, [UInt8]()) { _, _ in } }
            json.member("type", account.source.integration.type)
            json.member("accountId", account.accountId)
            json.member("institutionName", account.source.integration.name)
            json.member("accountName", account.accountName)
        }
    }

    private static let emptyPositions: [StaticString] = [
        "equityPositions", "notSupportedEquityPositions", "notSupportedCryptocurrencyPositions", "nftPositions",
        "optionPositions",
    ]

    func holdingsValue(_ object: MeshObject, _ client: UUIDValue) async throws -> [UInt8] {
        let portfolio = try await exchange.portfolio(of: try await liveAccount(object, client))
        let tokens = portfolio.balances.map { $0.amount.worth(at: Price.dollars(of: $0.symbol)) }.sum()
        return ManagedRoutes.object { json in
            json.member("totalValue", json: (tokens + portfolio.cash).text)
            json.member("cryptocurrenciesValue", json: tokens.text)
            json.member("fiatValue", json: portfolio.cash.text)
            for name in ManagedRoutes.zeroes { json.member(name, integer: 0) }
        }
    }

    private static let zeroes: [StaticString] = [
        "totalPerformance", "equitiesValue", "equitiesPerformance", "cryptocurrenciesPerformance", "nftsValue",
    ]

    func balance(_ object: MeshObject, _ client: UUIDValue) async throws -> [UInt8] {
        let cash = try await exchange.portfolio(of: try await liveAccount(object, client)).cash.text
        return ManagedRoutes.object { json in
            json.objects("balances", [cash]) { cash, json in
                json.member("cash", json: cash)
                json.member("buyingPower", json: cash)
                json.member("cryptocurrencyBuyingPower", json: cash)
                json.member("currencyCode", "USD")
            }
            json.member("totalCashUsdValue", json: cash)
            json.member("totalBuyingPowerUsdValue", json: cash)
        }
    }

    // MARK: Identity

    /// What Mesh tells of people beside the exchange's name.
    private enum AccountInfo: String, CaseIterable {
        case firstName, middleName, lastName, accountNumber, email, mobileNumber, companyName, countryCode, city
        case postalCode, idType, idNumber, dateOfBirth
    }

    /// The person behind an exchange's account: what was asked for of them, or all.
    func identity(_ object: MeshObject, _ client: UUIDValue) async throws -> [UInt8] {
        let token = try object.required("authToken", units: SandboxLimits.authTokenUnits)
        let integrationId = try object.requiredUUID("integrationId")
        let asked = try object.choices("accountInfo", AccountInfo.self) ?? AccountInfo.allCases
        let account: ConnectedAccount
        switch try await exchange.access(by: token, of: client) {
        case .malformed: throw ManagedRefusal.malformedToken
        case .refused: throw ManagedRefusal.refusedToken
        case .account(let found): account = found
        }
        guard account.source.integration.id == integrationId, case .user(let name) = account.holder else {
            throw ManagedRefusal.bad("The integration does not tell who its users are")
        }
        return ManagedRoutes.object { json in
            json.member("integrationName", account.source.integration.name)
            for info in AccountInfo.allCases where asked.contains(info) { ManagedRoutes.write(info, of: name, &json) }
        }
    }

    private static func write(_ info: AccountInfo, of name: String, _ json: inout JSONWriter) {
        switch info {
        case .firstName: json.member("firstName", "Test")
        case .middleName: json.members(null: "middleName")
        case .lastName: json.member("lastName", name)
        case .accountNumber: json.member("accountNumber", "sandbox-\(name.lowercased())")
        case .email: json.member("email", "\(name.lowercased())@sandbox.example")
        case .mobileNumber: json.member("mobileNumber", "+12025550100")
        case .companyName: json.members(null: "companyName")
        case .countryCode: json.member("countryCode", "US")
        case .city: json.member("city", "New York")
        case .postalCode: json.member("postalCode", "10001")
        case .idType: json.member("idType", "passport")
        case .idNumber: json.member("idNumber", "P0000000")
        // 19 March 1988.
        case .dateOfBirth: json.member("dateOfBirth", integer: 574_732_800)
        }
    }
}
