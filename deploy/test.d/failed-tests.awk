# Reads the output of `swift test`; writes what failed: each recorded issue with its comments, the tests that had not
# ended, a crash down to the frames of its thread, and the count of the run. At most 54 lines, each one part of the log.
# A record is the line that says so and what follows up to the next line with one of the runner's symbols; an
# argument or a value may hold line breaks, so a symbol may stand anywhere in a line.

# The name of a test in a line such as `✔ Test name(_:) with 3 test cases passed after 0.1 seconds.`
function test_name(line) {
    sub(/^.*(◇|✔|✘|➜) Test /, "", line)
    sub(/ (started\.|skipped|(with [0-9]+ test cases? )?(passed|failed) after ).*$/, "", line)
    return line
}

# Colours.
{ gsub(/\033\[[0-9;]*m/, "") }

/(◇|✔|✘|➜|⚠).* (Test|Suite) / { record = crash = 0 }
/✘ Test .* recorded an issue/ { record = 8 }
record > 0 && issues < 28 { print; issues++ }
{ record-- }

/◇ Test .* started\.$/ && !/◇ Test (case|run) / { running[test_name($0)]++ }
/(✔|✘) Test .* (passed|failed) after |➜ Test .* skipped/ { running[test_name($0)]-- }
/✘ Test run with .* failed after / { total = $0 }

/Fatal error:|Program crashed|unexpected signal|^error: / && record < 0 && crash <= 0 { crash = 30 }
crash > 0 && crash_lines < 20 && !/^ *$/ { crashes[++crash_lines] = $0 }
{ crash-- }

END {
    for (name in running) if (running[name] > 0 && unended < 5) { print "not ended: " name; unended++ }
    for (line = 1; line <= crash_lines; line++) print crashes[line]
    if (total != "") print total
}
