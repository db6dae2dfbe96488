import Domain
import Glibc

extension Metrics {
    /// Declares what Prometheus expects of every process: processor time, memory, descriptors and start time, read from
    /// /proc.
    package func declareProcess(clock: Clock) {
        let started = Double(clock.now().microseconds) / 1e6
        counter("process_cpu_seconds_total", help: "User and system time, in seconds.") {
            ProcessFigures.processorSeconds
        }
        gauge("process_resident_memory_bytes", help: "Resident memory.") { ProcessFigures.residentBytes }
        gauge("process_open_fds", help: "Open file descriptors.") { ProcessFigures.openDescriptors }
        gauge("process_max_fds", help: "File descriptors the process may open.") { ProcessFigures.maximumDescriptors }
        gauge("process_start_time_seconds", help: "When the process started, in seconds since 1970.") { started }
    }
}

/// Figures of this process; NaN for what cannot be read.
package enum ProcessFigures {
    package static var processorSeconds: Double {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return .nan }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The second number of /proc/self/statm, in pages.
    package static var residentBytes: Double {
        let fields = contents("/proc/self/statm").split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = number(fields[1]) else { return .nan }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    package static var openDescriptors: Double {
        guard let directory = unsafe opendir("/proc/self/fd") else { return .nan }
        defer { unsafe _ = closedir(directory) }
        var count = 0.0
        while unsafe readdir(directory) != nil { count += 1 }
        // Not counted: the two names every directory has, and the descriptor that reads it.
        return count - 3
    }

    package static var maximumDescriptors: Double {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .nan }
        return Double(limit.rlim_cur)
    }

    /// The start of a file, empty if it cannot be read.
    private static func contents(_ path: String) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return unsafe [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
            count = unsafe max(0, read(descriptor, buffer.baseAddress, 256))
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Double? {
        var value = 0.0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Double(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
