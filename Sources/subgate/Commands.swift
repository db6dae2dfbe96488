import Glibc
import Runtime

/// The commands of the `subgate` program.
enum Commands {
    static let version = "0.1.0"

    static func main() {
        Signals.ignoreBrokenPipe()
        Signals.forbidCoreDumps()
        Signals.raiseDescriptorLimit()
        exit(run(Array(CommandLine.arguments.dropFirst()), environment: ProcessEnvironment.read()))
    }

    /// The exit status: 0 for success, 1 for a failure, 2 for words that make no sense.
    static func run(_ arguments: [String], environment: [String: String]) -> Int32 {
        let rest = Array(arguments.dropFirst())
        do throws(OptionError) {
            switch arguments.first {
            case "serve": return try ServeCommand.run(rest, environment)
            case "dev": return try DevCommand.run(rest, environment)
            case "sandbox": return try SandboxCommand.run(rest, environment)
            case "migrate": return try MigrateCommand.run(rest, environment)
            case "check": return try CheckCommand.run(rest, environment)
            case "listen": return try ListenCommand.run(rest, environment)
            case "keys": return try KeysCommand.run(rest, environment)
            case "hold": return try HoldCommand.run(rest, environment)
            case "release": return try ReleaseCommand.run(rest, environment)
            case "version", "--version":
                print("subgate \(version)")
                return 0
            case "help", "--help", "-h":
                print(usage)
                return 0
            case nil:
                StandardStreams.complain(usage)
                return 2
            case .some(let other): throw OptionError("there is no command '\(other)'\n\n\(usage)")
            }
        } catch {
            StandardStreams.complain("subgate: \(error)")
            return 2
        }
    }

    private static let usage = """
        Subgate \(version): sub-clients of a payment service provider in front of Mesh.

        usage: subgate COMMAND [OPTIONS]

          dev        everything on this machine: private PostgreSQL, sandbox, a demo sub-client, a receiver, the service
          serve      the service
          sandbox    the stand-in for Mesh
          migrate    bring the database to this build's schema
          check      verify the configuration and the database, and say what is wrong
          listen     post a sub-client's sandbox events to a URL on this machine, as they happen
          keys       make master keys, peppers and the first owner's key
          hold       keep all deliveries back, until they are released
          release    let deliveries go out of a database that was restored, or held
          version    print the version

        Each command prints its options with --help.
        """
}

enum StandardStreams {
    /// One line on standard error, for a person.
    static func complain(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        unsafe _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// One line on standard output at once: `print` would wait in a buffer when the output is a pipe.
    static func say(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        unsafe _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}
