import CLibPQ
import Glibc

/// Makes connections on threads of their own: libpq resolves names with a blocking call, and the handshakes of TLS and
/// SCRAM take milliseconds of CPU that a loop's requests would wait for.
enum Connector {
    /// A connection on its way from the connecting thread to the loop. Closed if nobody takes it.
    @safe
    final class Handover: @unchecked Sendable {
        private var handle: OpaquePointer?
        init(_ handle: OpaquePointer?) { unsafe self.handle = unsafe handle }
        deinit { unsafe PQfinish(handle) }

        /// The connection, to be closed by the taker, or why there is none.
        func take() throws(PostgresError) -> OpaquePointer {
            guard let taken = unsafe handle, unsafe PQstatus(taken) == CONNECTION_OK else {
                throw unsafe connectionFailure(handle)
            }
            unsafe handle = nil
            return unsafe taken
        }
    }

    private final class Job {
        let keywords: ConnectionKeywords
        let done: @Sendable (Handover) -> Void
        init(_ keywords: ConnectionKeywords, _ done: @escaping @Sendable (Handover) -> Void) {
            self.keywords = keywords
            self.done = done
        }
    }

    /// Calls `done` on another thread once the connection is made or has failed.
    static func connect(_ keywords: ConnectionKeywords, _ done: @escaping @Sendable (Handover) -> Void) {
        let job = unsafe Unmanaged.passRetained(Job(keywords, done))
        var thread = pthread_t()
        let status = unsafe pthread_create(&thread, nil, Connector.threadMain, job.toOpaque())
        guard status == 0 else {
            unsafe job.release()
            return unsafe done(Handover(nil))
        }
        pthread_detach(thread)
    }

    private static let threadMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        let job = unsafe Unmanaged<Job>.fromOpaque(argument!).takeRetainedValue()
        let handle = unsafe job.keywords.connect { unsafe PQconnectdbParams($0, $1, $2) }
        unsafe job.done(Handover(handle))
        return nil
    }
}
