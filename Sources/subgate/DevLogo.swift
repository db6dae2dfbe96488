import Crypto

/// The demo shop's logo: a cup on its green, a PNG of 128 by 128.
enum DevLogo {
    static let png = Base64.decode(Array(text.utf8)) ?? []

    private static let text = """
        iVBORw0KGgoAAAANSUhEUgAAAIAAAACABAMAAAAxEHz4AAAAMFBMVEUPXE0fZ1kvcmU/fXFPh3xfkohvnZR/qKCPs6yfvrivycS/\
        1NDP3tvf6efv9PP////cvepHAAABv0lEQVR42u2Xvy8DYRjHz2lLS5iM6GzR/0D/Aq2YLNL/oBILE5uLSNiMtUhs7EaLrTEbLoSF\
        4QZUXNt7vJeQPKfX957nfQcRz2f53vL9pnfvj+dbxxEEQRCEP8JIJalsdvr1hHIZA+hgZTMHEGFlcwgAWNm0AbpY2QQAr1jZ+AAv\
        WE1eoYOVTQsgxMqm9vX1a6arMKWMdaRsSsq4i5RNQRmPkBoFXCA1eoUTpGzmlXEDKZslZSwjNTnOIVY2eYB7rHwWnisJFVjkLlOp\
        so5BCo1fD1BEt5t2AYor2wDK2dYH9MqWAXBjG9CzDci+oIbvA3ctfriz2UjL6uHdJsANCB9Bu5WbhEtWGzBNmJXagAnCMmgDxgnD\
        VhtQtP0Fk4SbQRsQj7qKTYBPaK66gPgbhhYBrmp92cUznx5w5nn7PlAKy6j+NEeZV5KrDyBU58DuPnGcc53/kXCvNzX+LqVuLA73\
        P5FGbCnNerrleXurtOGYuo6srtca9H+wKsasyTxKvMPAToiYXW9gId+YNan4M4D9n2M96X9gNzXXx/6+QV8vtNFAbzgG5A6+/ddV\
        x4yZ7bhfHq9I9RYEQRAE4Z/xCSX9cN1tw05UAAAAAElFTkSuQmCC
        """
}
