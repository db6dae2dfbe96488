import Foundation

/// Runs a body that blocks on a thread of its own: the few threads of the concurrency pool are the tests'.
func onThread(_ body: @escaping @Sendable () -> Void) { Thread.detachNewThread(body) }
