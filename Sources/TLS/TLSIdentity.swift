import COpenSSL
import Glibc

/// A chain of certificates, the server's first, with its private key. What exists has been checked: the key fits, each
/// certificate was issued by the next, and all of them are valid at the time given.
@safe
package final class TLSIdentity: @unchecked Sendable {
    /// Immutable after init.
    let chain: [OpaquePointer]
    let key: OpaquePointer
    /// When the first of the certificates expires, in seconds since 1970.
    package let notAfter: Int64

    /// Reads PEM; `now` is in seconds since 1970.
    package init(certificates: [UInt8], key keyText: [UInt8], now: Int64) throws(TLSError) {
        // What is refused leaves its reasons in this thread's list.
        defer { ERR_clear_error() }
        let chain = try unsafe TLSIdentity.readChain(certificates)
        do throws(TLSError) {
            notAfter = try unsafe TLSIdentity.checkDates(chain, now)
            try unsafe TLSIdentity.checkOrder(chain)
            let key = try unsafe TLSIdentity.readKey(keyText)
            guard unsafe X509_check_private_key(chain[0], key) == 1 else {
                unsafe EVP_PKEY_free(key)
                throw .keyDoesNotMatch
            }
            unsafe self.chain = unsafe chain
            unsafe self.key = unsafe key
        } catch {
            unsafe TLSIdentity.free(chain)
            throw error
        }
    }

    deinit {
        unsafe TLSIdentity.free(chain)
        unsafe EVP_PKEY_free(key)
    }

    private static func free(_ chain: [OpaquePointer]) {
        for index in unsafe chain.indices { unsafe X509_free(chain[index]) }
    }

    // MARK: Reading

    private static func readChain(_ text: [UInt8]) throws(TLSError) -> [OpaquePointer] {
        var chain: [OpaquePointer] = unsafe []
        var failure: TLSError?
        unsafe text.withUnsafeBytes { bytes in
            guard let memory = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return }
            defer { unsafe BIO_free(memory) }
            while let certificate = unsafe PEM_read_bio_X509(memory, nil, noPassphrase, nil) {
                unsafe chain.append(certificate)
                if unsafe chain.count > TLSLimits.chainLength {
                    failure = .tooManyCertificates
                    return
                }
            }
            // The end of the file is the one good reason to find no further certificate.
            if ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE {
                failure = unsafe .badCertificate(position: chain.count + 1)
            }
        }
        if failure == nil, unsafe chain.isEmpty { failure = .noCertificate }
        if let failure {
            unsafe free(chain)
            throw failure
        }
        return unsafe chain
    }

    private static func readKey(_ text: [UInt8]) throws(TLSError) -> OpaquePointer {
        ERR_clear_error()
        let key = unsafe text.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let memory = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return nil
            }
            defer { unsafe BIO_free(memory) }
            return unsafe PEM_read_bio_PrivateKey(memory, nil, noPassphrase, nil)
        }
        if let key = unsafe key { return unsafe key }
        throw isEncrypted(text) ? .keyIsEncrypted : .noKey
    }

    /// OpenSSL would ask at the terminal.
    private static let noPassphrase:
        @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?)
            -> Int32 = { _, _, _, _ in -1 }

    /// `BEGIN ENCRYPTED PRIVATE KEY`, or the older `Proc-Type: 4,ENCRYPTED`.
    private static func isEncrypted(_ text: [UInt8]) -> Bool {
        let mark = Array("ENCRYPTED".utf8)
        return text.indices.dropLast(mark.count - 1).contains { text[$0..<($0 + mark.count)].elementsEqual(mark) }
    }

    // MARK: Checks

    private static func checkDates(_ chain: [OpaquePointer], _ now: Int64) throws(TLSError) -> Int64 {
        var earliest = Int64.max
        for index in unsafe chain.indices {
            let from = unsafe seconds(X509_get0_notBefore(chain[index]))
            let until = unsafe seconds(X509_get0_notAfter(chain[index]))
            guard let from, let until else { throw .badCertificate(position: index + 1) }
            if now < from { throw .notYetValid(position: index + 1, since: from) }
            if now > until { throw .expired(position: index + 1, since: until) }
            earliest = min(earliest, until)
        }
        return earliest
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        var parts = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Int64(unsafe timegm(&parts))
    }

    private static func checkOrder(_ chain: [OpaquePointer]) throws(TLSError) {
        for index in unsafe chain.indices.dropLast() {
            let status = unsafe X509_check_issued(chain[index + 1], chain[index])
            if status != X509_V_OK { throw .brokenChain(position: index + 1) }
        }
    }
}
