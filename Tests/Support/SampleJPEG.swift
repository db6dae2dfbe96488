import Crypto

/// Small JPEGs of every kind, as libjpeg-turbo writes them.
package enum SampleJPEG: String, Sendable, CaseIterable {
    case baseline, progressive, grey, fourColour, restarts
    /// Browsers do not show it.
    case arithmetic

    package var width: Int { self == .grey ? 16 : self == .fourColour ? 20 : 32 }
    package var height: Int {
        switch self {
        case .grey: 16
        case .fourColour: 20
        case .restarts: 32
        case .baseline, .progressive, .arithmetic: 24
        }
    }

    package var bytes: [UInt8] {
        let text = base64.utf8.filter { $0 != UInt8(ascii: "\n") }
        return Base64.decode(Array(text)) ?? []
    }

    private var base64: String {
        switch self {
        case .baseline:
            """
            /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7
            gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8
            fHx8fHx8fHz/wAARCAAYACADASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAABQAEBv/EABYQAQEBAAAAAAAAAAAAAAAAAAMA
            Mf/EABgBAAIDAAAAAAAAAAAAAAAAAAQFAQMG/8QAGBEAAwEBAAAAAAAAAAAAAAAAAAECAwT/2gAMAwEAAhEDEQA/AOYA5IDyzgck
            B0TZZtzmgDkgOzgeSQHETYm25zkwOSA6qWy2bTaJEgOSA6qJlsT7RJ//2Q==
            """
        case .progressive:
            """
            /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7
            gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8
            fHx8fHx8fHz/wgARCAAYACADASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAABAADBf/EABgBAAIDAAAAAAAAAAAAAAAAAAME
            AQIF/9oADAMBAAIQAxAAAAHlpzTFtE5pIlyU0ttJTRU//8QAFRABAQAAAAAAAAAAAAAAAAAAAQD/2gAIAQEAAQUCCCCCCCCCCCCC
            /8QAFxEAAwEAAAAAAAAAAAAAAAAAAAECA//aAAgBAwEBPwG8y8y0i0j/xAAVEQEBAAAAAAAAAAAAAAAAAAABAP/aAAgBAgEBPwEY
            Yi//xAAUEAEAAAAAAAAAAAAAAAAAAAAw/9oACAEBAAY/Ak//xAAUEAEAAAAAAAAAAAAAAAAAAAAw/9oACAEBAAE/IUqqqq//2gAM
            AwEAAgADAAAAEPv/AP3/xAAUEQEAAAAAAAAAAAAAAAAAAAAg/9oACAEDAQE/EACX/8QAFhEBAQEAAAAAAAAAAAAAAAAAAQAQ/9oA
            CAECAQE/EMVMm//EABYQAQEBAAAAAAAAAAAAAAAAACAxAP/aAAgBAQABPxDUjVSVVf/Z
            """
        case .grey:
            """
            /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7
            gYKBTmCNl4x9lnN+gXz/wAALCAAQABABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABQb/xAAYEAADAQEAAAAAAAAAAAAAAAAAAwQx
            If/aAAgBAQAAPwAKBOFJAnAqBOFJAnOH/9k=
            """
        case .fourColour:
            """
            /9j/7gAOQWRvYmUAZAAAAAAC/9sAQwAUDg8SDw0UEhASFxUUGB4yIR4cHB49LC4kMklATEtHQEZFUFpzYlBVbVZFRmSIZW13e4GC
            gU5gjZeMfZZzfoF8/9sAQwEVFxceGh47ISE7fFNGU3x8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8
            fHx8fHx8/8AAFAgAFAAUBAERAAIRAQMRAQQRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAYFB//EAB8QAAEDBAMBAAAAAAAAAAAAAAAB
            AwQCBTFBISIzEv/EABcBAQEBAQAAAAAAAAAAAAAAAAUDAAb/xAAZEQADAQEBAAAAAAAAAAAAAAAAAgMBIRH/2gAOBAEAAhEDEQQA
            AD8AQzHcmZTSqHbdohTHckGUTlUU27RHdd7qS1RFa8EbHmgpmO5E2U4eVTM7dohTHckGUUlUU27RHdd7qR1RBa8EbHmgrmVLyJNh
            xcm0zO3aIUypeSLYJybRTbtEd2pftSO4Iq2+CNjzQ//Z
            """
        case .restarts:
            """
            /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7
            gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8
            fHx8fHx8fHz/wAARCAAgACADASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAABQQDBv/EABcQAAMBAAAAAAAAAAAAAAAAAAAC
            AzH/xAAWAQEBAQAAAAAAAAAAAAAAAAAABAX/xAAWEQADAAAAAAAAAAAAAAAAAAAAAgP/3QAEAAH/2gAMAwEAAhEDEQA/AOXgglBC
            SCCUEwKwtE//0M4IIwQlgglBChWMe0T/0RoIJQQlggjBCdWNi0T/0q4JglBCSCCUEwKwtE//2Q==
            """
        case .arithmetic:
            """
            /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7
            gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8
            fHx8fHx8fHz/yQARCAAYACADASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwD/AGjgY+RS8GF19dXs7rzWD3p66LEu
            fQ2NZWg9c7grf7KC/cqBMQ1YZ5VAXuuSSiqwD/IdENqa/9k=
            """
        }
    }
}
