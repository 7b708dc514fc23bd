"""What the benchmarks measure of a server of millrace_server.py: answers under load, memory, processor time."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Load:
    """What wrk saw."""

    answered: int  # with 200
    rate: float  # of them in a second
    median: float  # ms, of all answers
    refused: int  # answered otherwise
    broken: int  # connections and requests that got no answer

    def failed(self):
        """The share of what was not answered with 200."""
        return (self.refused + self.broken) / max(self.answered + self.refused + self.broken, 1)


def wrk(server, path, connections, seconds, script=None, words=()):
    """Asks for a path, or what a Lua script with these words says, on so many connections."""
    options = ["-s", script] if script else []
    done = subprocess.run(
        ["wrk", f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "--latency", *options,
         f"{server.url}{path}", "--", *words], capture_output=True, text=True, check=True).stdout
    total, span, unit = re.search(r"(\d+) requests in ([\d.]+)(s|m)", done).groups()
    median, step = re.search(r"50%\s+([\d.]+)(us|ms|s|m)", done).groups()
    refused = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", done)))
    broken = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", done)))
    answered = int(total) - refused
    return Load(answered, answered / (float(span) * {"s": 1, "m": 60}[unit]),
                float(median) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[step], refused, broken)


def resident_mib(server):
    """Now, of all its processes: a stock server is several."""
    return _memory_mib(server, "VmRSS")


def peak_mib(server):
    """The greatest of each of its processes since the start, added up."""
    return _memory_mib(server, "VmHWM")


def processor_ms(server):
    """Since its start, of all threads that live: a busy machine changes it less than a rate."""
    threads = [thread for process in _processes(server) for thread in process.glob("task/*/schedstat")]
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


def _processes(server):
    """The /proc folders of its group."""
    pids = subprocess.run(["ps", "-o", "pid=", "-g", str(server.process.pid)], capture_output=True, text=True).stdout
    return [Path("/proc", pid) for pid in pids.split()]


def _memory_mib(server, line):
    statuses = [(process / "status").read_text() for process in _processes(server)]
    return sum(int(re.search(rf"{line}:\s+(\d+) kB", status)[1]) for status in statuses) / 1024
