import CCurl
import Runtime

/// What a finished transfer means to the caller.
extension Transfer {
    /// - Parameter code: curl's verdict.
    func outcome(_ code: CURLcode) -> Outcome {
        if headWasRefused { return .failure(.badResponse(progress)) }
        if let refusal, starts == 0 { return .failure(.addressRefused(refusal)) }
        // A header line that curl itself refuses, or that outgrows its buffer, does not come to `head`.
        if head.status != nil, !head.isComplete, !Transfer.isFailureOfStream(code) {
            return .failure(.badResponse(progress))
        }
        // Once a status line has come, that is the answer, whatever befell the stream after it.
        if let status = head.status {
            return .success(response(status, isComplete: bodyWasCut || code == CURLE_OK && head.isComplete))
        }
        return .failure(error(code))
    }

    /// Whether the one repetition after a dead kept connection is due. curl makes it itself where it finds the
    /// connection dead as it begins to send or waits for the answer, and not where sending breaks off.
    func mayRepeat(after code: CURLcode) -> Bool {
        code == CURLE_SEND_ERROR && starts == 1 && mayStartAgain && wasReused && head.status == nil && !headWasRefused
    }

    /// The end of the connection or of the time, as opposed to a complaint about what came.
    private static func isFailureOfStream(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_OK, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING,
            CURLE_OPERATION_TIMEDOUT:
            true
        default: false
        }
    }

    var progress: ClientError.Progress {
        ClientError.Progress(requestStarted: starts > 0, connectionWasReused: starts > 0 && wasReused)
    }

    private var wasReused: Bool {
        // A resend opens a second connection: then the first was the reused one.
        starts > 1 || long(CURLINFO_NUM_CONNECTS) == 0
    }

    private func response(_ status: Int, isComplete: Bool) -> IncomingResponse {
        IncomingResponse(
            status: status, headers: head.headers, body: body, bodyWasCut: bodyWasCut, isIncomplete: !isComplete,
            peer: peer, connectionWasReused: wasReused)
    }

    /// How far it came, and when; name lookup and the whole are the client's to add.
    func timings(of outcome: Outcome) -> Timings {
        var timings = Timings()
        if long(CURLINFO_NUM_CONNECTS) > 0 {
            let connected = microseconds(CURLINFO_CONNECT_TIME_T)
            timings.connect = .microseconds(connected)
            timings.tls = .microseconds(max(0, microseconds(CURLINFO_APPCONNECT_TIME_T) - connected))
        }
        // curl notes a time for a connection's end as well, where no byte came.
        switch outcome {
        case .success, .failure(.badResponse):
            timings.firstByte = .microseconds(microseconds(CURLINFO_STARTTRANSFER_TIME_T))
        case .failure: break
        }
        return timings
    }

    private func error(_ code: CURLcode) -> ClientError {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return starts > 0 ? .timeout(progress) : .connectTimeout
        // Out of memory is what curl says of a line that outgrows its buffer.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_OUT_OF_MEMORY, CURLE_OK:
            return starts > 0 ? .badResponse(progress) : .connectFailed
        default: break
        }
        // After the request began, whatever else fails is the connection; before it, whatever is not TLS is connecting.
        if starts > 0 {
            return .connectionReset(ClientError.Progress(requestStarted: true, connectionWasReused: wasReusedAtFailure))
        }
        return tlsFailure(code).map { .tlsFailed($0) } ?? .connectFailed
    }

    /// curl begins a second connection after a dead reused one, and we refuse it: the count of connections then says 1.
    private var wasReusedAtFailure: Bool { wasReused || refusedResend }

    private func tlsFailure(_ code: CURLcode) -> ClientError.TLSFailure? {
        switch code {
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CLIENTCERT, CURLE_SSL_CERTPROBLEM:
            return .handshake
        case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE: return .configuration
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_INVALIDCERTSTATUS:
            return verificationFailure
        default: return nil
        }
    }

    /// OpenSSL's X509_V_ERR numbers (x509_vfy.h). curl compares names itself, before it asks for the verdict on the
    /// chain, whose number is then still the 1 it began with; OpenSSL has ended the handshake already if the chain was
    /// bad.
    private var verificationFailure: ClientError.TLSFailure {
        switch long(CURLINFO_SSL_VERIFYRESULT) {
        case 0, 1, 62, 64: .wrongName
        case 9, 10: .expired
        case 2, 18, 19, 20, 21, 24, 27, 28: .untrusted
        default: .certificate
        }
    }

    private func long(_ info: CURLINFO) -> Int {
        var value = 0
        unsafe ccurl_get_long(easy, info, &value)
        return value
    }

    private func microseconds(_ info: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        unsafe ccurl_get_size(easy, info, &value)
        return Int64(value)
    }
}
