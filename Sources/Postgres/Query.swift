/// One statement with its values.
package struct Query: Sendable, Equatable {
    package let statement: Statement
    package let parameters: [Parameter]

    package init(_ statement: Statement, _ parameters: [Parameter] = []) {
        self.statement = statement
        self.parameters = parameters
    }

    package init(statement: Statement, parameters: [Parameter]) { self.init(statement, parameters) }

    package static func == (a: Query, b: Query) -> Bool {
        a.statement.index == b.statement.index && a.parameters == b.parameters
    }

    var approximateSize: Int { parameters.reduce(64) { $0 + $1.approximateSize } }
}

/// One atomic piece of work: its queries take effect together or not at all. It is safe to run again as long as it has
/// not committed, because it is only sent, never talked to.
package struct Unit: Sendable {
    /// Sets what the queries run under (`select set_config('…', $1, true)`): the sub-client of row-level security. It
    /// is run before the queries unless the unit before it in the same transaction ran the same.
    package let prelude: Query?
    package let queries: [Query]

    package init(prelude: Query? = nil, queries: [Query]) {
        self.prelude = prelude
        self.queries = queries
    }

    package init(prelude: Query? = nil, _ queries: Query...) { self.init(prelude: prelude, queries: queries) }

    var approximateSize: Int { queries.reduce(prelude?.approximateSize ?? 0) { $0 + $1.approximateSize } }
}
