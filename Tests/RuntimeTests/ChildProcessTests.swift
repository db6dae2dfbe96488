import Foundation
import Runtime
import Testing

@Suite struct ChildProcessTests {
    private func output(_ command: ChildProcess.Command) throws -> String {
        String(decoding: try ChildProcess.run(command).output, as: UTF8.self)
    }

    @Test func argumentsArriveUnchangedAndBothStreamsAreCaptured() throws {
        let arguments = ["-c", "printf '%s|' \"$@\"; echo error >&2", "sh", "a b", "", "$HOME'\""]
        #expect(try output(.init("sh", arguments)) == "a b||$HOME'\"|error\n")
    }

    @Test func theEnvironmentIsPassedOnOrReplaced() throws {
        unsafe setenv("SUBGATE_TEST_CHILD", "inherited", 1)
        var command = ChildProcess.Command("sh", ["-c", "echo $SUBGATE_TEST_CHILD"])
        #expect(try output(command) == "inherited\n")
        command.environment = ["SUBGATE_TEST_CHILD=replaced"]
        #expect(try output(command) == "replaced\n")
    }

    @Test func exitsAndSignalsAreToldApart() throws {
        #expect(try ChildProcess(.init("sh", ["-c", "exit 7"])).wait() == .status(7))
        let sleeping = try ChildProcess(.init("sleep", ["600"]))
        #expect(sleeping.exitIfEnded() == nil)
        sleeping.send(SIGTERM)
        #expect(sleeping.wait() == .signal(SIGTERM))
        #expect(sleeping.wait() == .signal(SIGTERM), "asked again")
        sleeping.send(SIGTERM)
    }

    @Test func anUnknownProgramIsNotFound() {
        #expect(throws: ChildProcessError.notFound("no-such-program")) {
            try ChildProcess(.init("no-such-program"))
        }
        #expect(ChildProcess.find("/nowhere/sh") == nil && ChildProcess.find("sh") != nil)
    }

    @Test func noDescriptorButTheFirstThreeIsPassedOn() throws {
        let leaked = unsafe open("/dev/null", O_RDONLY)
        defer { close(leaked) }
        let listed = try output(.init("sh", ["-c", "ls /proc/$$/fd"])).split(separator: "\n")
        #expect(listed.allSatisfy { ["0", "1", "2"].contains($0) })
    }

    @Test func outputGoesToAFileWhenAsked() throws {
        let path = NSTemporaryDirectory() + "child-\(UUID())"
        defer { unsafe unlink(path) }
        for word in ["one", "two"] {
            var command = ChildProcess.Command("echo", [word])
            command.output = .file(path)
            #expect(try ChildProcess(command).wait().isSuccess)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\ntwo\n")
    }

    @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
    func aChildRunsAsAnotherAccountWithoutItsGroups() throws {
        let nobody = try #require(UserAccount(named: "nobody"))
        var command = ChildProcess.Command("sh", ["-c", "id -u; id -G"])
        command.account = nobody
        #expect(try output(command) == "\(nobody.user)\n\(nobody.group)\n")
        #expect(UserAccount(named: "no such account") == nil)
    }
}
