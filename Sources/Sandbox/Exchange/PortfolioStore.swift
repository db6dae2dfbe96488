import Domain
import Postgres
import SQL

/// Portfolios in PostgreSQL. Loop-bound, like the database it wraps.
struct PortfolioStore: Sendable {
    let database: Database

    /// A portfolio and the version a change of it must name.
    struct Versioned: Sendable {
        let portfolio: Portfolio
        let version: Int64
    }

    /// What a holder owns at `now`; at the first look, what it starts with.
    func open(_ holder: Holder, of client: UUIDValue, at now: Timestamp) async throws(PostgresError) -> Portfolio {
        let found = try await database.run(
            Query(.sandboxFindPortfolio, [.uuid(client), .string(holder.key)]), lane: .read)
        if !found.isEmpty { return PortfolioStore.read(found, 0, from: 0).portfolio.settled(at: now) }
        let start = holder.portfolio
        let query = Query(
            .sandboxOpenPortfolio,
            [
                .uuid(client), .string(holder.key), .textArray(start.balances.map(\.symbol)),
                .textArray(start.balances.map(\.amount.text)), .text(start.cash.text),
            ])
        let rows = try await database.run(query, lane: .write)
        return PortfolioStore.read(rows, 0, from: 0).portfolio.settled(at: now)
    }

    /// Promises `legs` to a holder at `moment`, whatever else happens to the portfolio.
    func credit(
        _ legs: [Portfolio.Leg], to holder: Holder, of client: UUIDValue, at moment: Timestamp
    ) async throws(PostgresError) {
        let query = Query(
            .sandboxCreditPortfolio,
            [
                .uuid(client), .string(holder.key), .textArray(legs.map(\.symbol)),
                .textArray(legs.map(\.amount.text)), .timestampArray(legs.map { _ in moment.microseconds }),
            ])
        _ = try await database.run(query, lane: .write)
    }

    // MARK: Rows

    /// The members of a portfolio, as the statements take them.
    static func parameters(_ portfolio: Portfolio) -> [Parameter] {
        [
            .textArray(portfolio.balances.map(\.symbol)), .textArray(portfolio.balances.map(\.amount.text)),
            .text(portfolio.cash.text), .textArray(portfolio.credits.map(\.symbol)),
            .textArray(portfolio.credits.map(\.amount.text)),
            .timestampArray(portfolio.credits.map(\.dueAt.microseconds)),
        ]
    }

    /// Reads the seven columns of a portfolio and its version.
    static func read(_ rows: Rows, _ row: Int, from column: Int) -> Versioned {
        let texts = { (column: Int) in rows.textArray(row, column).map { $0 ?? [] } }
        let amounts = { (column: Int) in texts(column).map { Amount(plain: $0) ?? .zero } }
        let balances = zip(texts(column), amounts(column + 1)).map { Portfolio.Balance(symbol: $0, amount: $1) }
        let due = rows.timestampArray(row, column + 5).map { Timestamp(microseconds: $0 ?? 0) }
        let credits = zip(due, zip(texts(column + 3), amounts(column + 4))).map { due, leg in
            Portfolio.Credit(dueAt: due, symbol: leg.0, amount: leg.1)
        }
        let cash = Amount(plain: rows.text(row, column + 2)) ?? .zero
        return Versioned(
            portfolio: Portfolio(balances: balances, cash: cash, credits: credits),
            version: rows.int64(row, column + 6))
    }
}
