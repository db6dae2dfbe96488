import CCurl
import Runtime

/// What every handle is set to once.
extension Transfer {
    convenience init?(multi: Multi, loop: EventLoop, configuration: HTTPClientConfiguration) {
        guard let easy = unsafe curl_easy_init() else { return nil }
        unsafe self.init(easy: easy, multi: multi, loop: loop)
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_set_context(easy, CURLOPT_PRIVATE, me)
        setProtocolRules()
        setTLSRules(authorities: configuration.authoritiesFile)
        setLifetimes(configuration)
        setCallbacks(multi)
    }

    private func set(_ option: CURLoption, _ value: Int) {
        let code = unsafe ccurl_set_long(easy, option, value)
        precondition(code == CURLE_OK, "libcurl lacks an option this client relies on")
    }

    private func set(_ option: CURLoption, _ text: String?) {
        let code = unsafe ccurl_set_text(easy, option, text)
        precondition(code == CURLE_OK, "libcurl lacks an option this client relies on")
    }

    /// Nothing from the environment, nothing followed, nothing negotiated, nothing decoded.
    private func setProtocolRules() {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_REDIR_PROTOCOLS_STR, "https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        // An empty proxy keeps http_proxy and its like out.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, "*")
        set(CURLOPT_NETRC, 0)
        set(CURLOPT_HTTPAUTH, 0)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_HTTP09_ALLOWED, 0)
        // CURLOPT_ACCEPT_ENCODING would turn decoders on, whatever its value.
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_TCP_KEEPIDLE, Limits.keepaliveSeconds)
        set(CURLOPT_TCP_KEEPINTVL, Limits.keepaliveSeconds)
        set(CURLOPT_BUFFERSIZE, Limits.readBufferBytes)
        // The table of addresses is ours: entries neither age nor are looked through after each transfer.
        set(CURLOPT_DNS_CACHE_TIMEOUT, -1)
    }

    private func setTLSRules(authorities: String?) {
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        if let authorities { set(CURLOPT_CAINFO, authorities) }
        // With a directory of authorities besides, curl would not keep the parsed store and read 140 certificates per
        // connection.
        set(CURLOPT_CAPATH, nil)
        // A handle serves many hosts: what it remembered of sessions would seldom be of use, and costs memory.
        set(CURLOPT_SSL_SESSIONID_CACHE, 0)
    }

    private func setLifetimes(_ configuration: HTTPClientConfiguration) {
        // curl reads 0 as its own default or as no limit.
        set(CURLOPT_MAXAGE_CONN, max(1, Int(configuration.idleLifetime.components.seconds)))
        set(CURLOPT_MAXLIFETIME_CONN, max(1, Int(configuration.connectionLifetime.components.seconds)))
    }

    private func setCallbacks(_ multi: Multi) {
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_set_context(easy, CURLOPT_OPENSOCKETDATA, me)
        unsafe ccurl_set_open_socket(easy, openSocket)
        unsafe ccurl_set_context(easy, CURLOPT_PREREQDATA, me)
        unsafe ccurl_set_prerequest(easy, beforeSending)
        unsafe ccurl_set_context(easy, CURLOPT_HEADERDATA, me)
        unsafe ccurl_set_receiver(easy, CURLOPT_HEADERFUNCTION, headerArrived)
        unsafe ccurl_set_context(easy, CURLOPT_WRITEDATA, me)
        unsafe ccurl_set_receiver(easy, CURLOPT_WRITEFUNCTION, bodyArrived)
        // curl must never look a name up itself: refuse every start of its resolver.
        unsafe ccurl_set_resolver_start(easy) { _, _, _ in 1 }
        // A connection outlives its transfer and keeps this pair: it is the multi's.
        unsafe ccurl_set_context(easy, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(multi).toOpaque())
        unsafe ccurl_set_close_socket(easy, closeSocket)
    }

    /// Nil for a handle that curl made for itself.
    static func of(handle easy: UnsafeMutableRawPointer?) -> Transfer? {
        var context: UnsafeMutableRawPointer?
        guard let easy = unsafe easy, unsafe ccurl_get_context(easy, &context) == CURLE_OK else { return nil }
        return unsafe context.map { unsafe Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    fileprivate static func of(_ context: UnsafeMutableRawPointer?) -> Transfer {
        unsafe Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
    }
}

private let openSocket:
    @convention(c) (
        UnsafeMutableRawPointer?, curlsocktype, UnsafeMutablePointer<curl_sockaddr>?
    ) -> curl_socket_t = { context, purpose, address in
        let transfer = unsafe Transfer.of(context)
        guard let address = unsafe address, purpose == CURLSOCKTYPE_IPCXN,
            unsafe transfer.mayOpenSocket(to: address)
        else { return -1 }
        let socket = unsafe Socket.open(family: address.pointee.family, kind: address.pointee.socktype)
        if socket >= 0 { transfer.hasOpened(socket) }
        return socket
    }

private let closeSocket: @convention(c) (UnsafeMutableRawPointer?, curl_socket_t) -> Int32 = { context, socket in
    unsafe Unmanaged<Multi>.fromOpaque(context!).takeUnretainedValue().close(socket)
    return 0
}

private let beforeSending:
    @convention(c) (
        UnsafeMutableRawPointer?, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?, Int32, Int32
    ) -> Int32 = { context, peerText, localText, peerPort, localPort in
        guard let peerText = unsafe peerText else { return CURL_PREREQFUNC_ABORT }
        var path: SocketPath?
        if let localText = unsafe localText, let local = unsafe IPAddress(cText: localText),
            let peer = unsafe IPAddress(cText: peerText)
        {
            path = SocketPath(
                local: local, localPort: UInt16(truncatingIfNeeded: localPort), peer: peer,
                peerPort: UInt16(truncatingIfNeeded: peerPort))
        }
        let isAllowed = unsafe Transfer.of(context).maySend(to: peerText, over: path)
        return isAllowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }

private let headerArrived:
    @convention(c) (
        UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
    ) -> Int = { data, size, count, context in
        unsafe Transfer.of(context).receiveHeader(
            UnsafeBufferPointer(start: UnsafeRawPointer(data)?.assumingMemoryBound(to: UInt8.self), count: size * count)
        )
    }

private let bodyArrived:
    @convention(c) (
        UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
    ) -> Int = { data, size, count, context in
        unsafe Transfer.of(context).receiveBody(
            UnsafeBufferPointer(start: UnsafeRawPointer(data)?.assumingMemoryBound(to: UInt8.self), count: size * count)
        )
    }
