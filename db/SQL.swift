/// One forward step of the schema: `db/migrations/NNNN_name.sql`.
package struct Migration: Sendable {
    /// Migrations run in the order of their numbers, each once.
    package let number: Int
    package let name: String
    package let text: String
}
