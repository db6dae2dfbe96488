/// A mutable value that belongs to one loop: how code outside the I/O modules keeps state without locks. Loop-bound.
package final class LoopState<Value>: @unchecked Sendable {
    private let loop: EventLoop
    private var value: Value

    package init(_ loop: EventLoop, _ value: Value) {
        self.loop = loop
        self.value = value
    }

    /// Reads or changes the value; `body` must not call back into the same state.
    package func withValue<Result>(_ body: (inout Value) -> Result) -> Result {
        loop.assertOnLoop()
        return body(&value)
    }
}
