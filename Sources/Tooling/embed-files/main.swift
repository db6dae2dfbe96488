// Turns files into Swift source: `embed-files sql <output file> <db folder>`, or `embed-files pages <output file>
// <file>…`.
import Foundation

let usage = "usage: embed-files sql <output file> <db folder> | embed-files pages <output file> <file>…"
guard CommandLine.arguments.count > 3 else { fail(usage) }
let output = URL(fileURLWithPath: CommandLine.arguments[2])
let inputs = CommandLine.arguments[3...].map { URL(fileURLWithPath: $0) }

let source =
    switch CommandLine.arguments[1] {
    case "sql": try statementSource(folder: inputs[0])
    case "pages": try pageSource(inputs)
    default: fail(usage)
    }
try source.write(to: output, atomically: true, encoding: .utf8)

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("embed-files: error: \(message)\n".utf8))
    exit(1)
}
