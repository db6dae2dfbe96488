/// One SQL statement, prepared at most once on each connection.
package struct Statement: Sendable {
    /// Position among all statements: connections keep what they prepared in an array.
    package let index: Int
    /// The name it is prepared under, and the label of its metrics.
    package let name: String
    package let text: String

    package init(index: Int, name: String, text: String) {
        self.index = index
        self.name = name
        self.text = text
    }
}
