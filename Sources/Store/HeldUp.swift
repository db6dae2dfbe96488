package import Runtime

extension Log {
    /// Warns that a piece of work was not done. While the database is away everything fails for that one reason, again
    /// and again: then one of all these lines is written each minute, beside those that tell of the database itself.
    package func heldUp(
        _ message: StaticString, by error: StoreError, _ fields: @autoclosure () -> [Field] = []
    ) {
        switch error {
        case .unavailable, .outcomeUnknown: remind(of: "database", message, fields() + [(.error, .text("\(error)"))])
        default: warn(message, fields() + [(.error, .text("\(error)"))])
        }
    }
}
