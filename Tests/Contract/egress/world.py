"""A network namespace in which every address of the world is this machine's own, with a name server and receivers.

No interface leads out of it, so nothing a bug does can reach anybody.
"""

import json
import subprocess
import tempfile
from ipaddress import ip_address
from pathlib import Path

from egress.names import NameServer
from egress.packets import Capture, Target
from egress.receivers import Certificates, Receivers

# Where libcurl looks for authorities, and glibc and Subgate for names.
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
RESOLVER_FILES = {
    "/etc/resolv.conf": "nameserver 127.0.0.1\nsearch example.com\noptions ndots:5\n",
    "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n10.9.8.7 hosts-file.example.com hosts-file\n",
}


class World:
    """Everything around Subgate. It must be made before Subgate starts, inside of `unshare --net --mount`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="subgate-egress-")
        folder = Path(self._folder.name)
        _open_network()
        certificates = Certificates(folder)
        _replace(AUTHORITIES, Path(certificates.authority).read_text(encoding="ascii"), folder)
        for path, text in RESOLVER_FILES.items():
            _replace(Path(path), text, folder)
        self.names = NameServer()
        self.receivers = Receivers(certificates)
        self.capture = Capture()

    def strangers(self, allowed: set[Target], own_ports: range) -> list[Target]:
        """Where SYN packets went but should not have: not to `allowed`, not to this test's own ports on loopback."""
        loopback = ip_address("127.0.0.1")
        own = {Target(loopback, port) for port in [53, *own_ports]}
        return [target for target in self.capture.targets if target not in allowed | own]


def _open_network() -> None:
    for command in [
        "ip link set lo up",
        "ip route add local 0.0.0.0/0 dev lo",
        "ip -6 route add local ::/0 dev lo",
    ]:
        subprocess.run(command.split(), check=True)
    links = json.loads(subprocess.run(["ip", "-json", "link"], check=True, capture_output=True).stdout)
    up = [link["ifname"] for link in links if "UP" in link["flags"]]
    assert up == ["lo"], f"this namespace has interfaces that lead out of it: {up}"


def _replace(path: Path, text: str, folder: Path) -> None:
    """For this namespace alone."""
    copy = folder / path.name
    copy.write_text(text, encoding="utf-8")
    copy.chmod(0o644)
    subprocess.run(["mount", "--bind", copy, path.resolve()], check=True)
