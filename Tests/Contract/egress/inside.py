"""Runs Subgate in a world where every address is a trap, and prints what is wrong, by check, as one line of JSON.

`inside.py PATH-OF-SUBGATE`, in a network and mount namespace of its own: `egress_checks.py` runs it so.
"""

import json
import socket
import sys
import time
import traceback
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import service
from egress import corpus, hostile
from egress.endpoints import Endpoint, endpoints
from egress.names import SERVER_FAILURE, Answer, name_of
from egress.packets import Target
from egress.world import World
from journey_checks import new_merchant

PORTS = (443, 8443)
FRESHNESS_SECONDS = 5

world = World()
# Where connections may go to: these and no other.
allowed: set[Target] = set()
hostility: hostile.Hostility | None = None


def public(name: str, *addresses: str) -> str:
    """A name of addresses that may be connected to."""
    allowed.update(Target(ip_address(one), port) for one in addresses for port in PORTS)
    return world.names.addresses(name, *addresses)


def expect(complaints: list[str], wanted: object, found: object, what: str) -> None:
    if wanted != found:
        complaints.append(f"{what}: {found} and not {wanted}")


def syns() -> list[str]:
    """What nobody was to be connected to since the last look, each once."""
    first = int(service.service().facts["publicUrl"].rsplit(":", 1)[1])
    found = dict.fromkeys(world.strangers(allowed, range(first, first + 5)))
    allowed.update(found)
    return [str(one) for one in found]


def refused(complaints: list[str], rows: list[Endpoint]) -> None:
    for row in rows:
        row.send()
    for row in rows:
        attempt = row.first_attempt()
        if (attempt.status, attempt.error, attempt.body) != (None, "addressRefused", ""):
            complaints.append(f"{row.url!r}: {attempt}")


def public_addresses_are_connected_to() -> list[str]:
    """The control: what this test sees of a connection, it can see of all."""
    complaints: list[str] = []
    urls = {
        "https://control.example.com/": Target(IPv4Address("93.184.215.14"), 443),
        "https://control.example.com:8443/x?y": Target(IPv4Address("93.184.215.14"), 8443),
        "HTTPS://Control-6.Example.COM/": Target(IPv6Address("2606:2800:21f:cb07:6820:80da:af6b:8b2c"), 443),
    }
    public("control", "93.184.215.14")
    public("control-6", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
    for row, target in zip(endpoints(urls), urls.values()):
        row.send()
        expect(complaints, 200, row.first_attempt().status, row.url)
        expect(complaints, True, target in world.capture.targets, f"a SYN to {target}")
    # A stranger is seen too: this connection is the test's own.
    with socket.create_connection(("10.77.77.77", 443)):
        pass
    time.sleep(0.2)
    expect(complaints, ["10.77.77.77 port 443"], syns(), "the SYNs that should not be")
    return complaints


def no_name_leads_to_a_forbidden_address() -> list[str]:
    complaints: list[str] = []
    urls = [f"https://{name_of(address)}/" for address in corpus.forbidden_addresses()]
    refused(complaints, endpoints(urls))
    return complaints + syns()


def no_url_in_a_row_leads_anywhere_else() -> list[str]:
    complaints: list[str] = []
    refused(complaints, endpoints(corpus.BAD_URLS))
    return complaints + syns()


def registration_refuses_the_same_urls() -> list[str]:
    complaints: list[str] = []
    merchant = new_merchant("Registration")
    for url in corpus.BAD_URLS:
        problem = merchant.call("createWebhookEndpoint", 400, body={"url": url, "eventTypes": ["*"]}).json
        expect(complaints, ["url"], [error["field"] for error in problem["errors"]], f"the fields of {url!r}")
    return complaints


def one_bad_answer_spoils_a_name() -> list[str]:
    names = world.names
    mixed = [
        names.addresses("mixed-4", "93.184.215.20", "10.0.0.5"),
        names.addresses("mixed-64", "93.184.215.20", "fd00:ec2::254"),
        names.addresses("mixed-46", "2606:2800:21f::20", "169.254.169.254"),
        names.addresses("mixed-many", *[f"93.184.{n // 250}.{n % 250 + 1}" for n in range(1_000)], "127.0.0.1"),
        names.rule("alias", lambda _: name_of(IPv4Address("10.0.0.6"))),
        names.rule("alias-of-alias", lambda _: "alias.example.com"),
    ]
    complaints: list[str] = []
    refused(complaints, endpoints(f"https://{name}/" for name in mixed))
    return complaints + syns()


def a_name_that_moves_is_judged_again() -> list[str]:
    """Public at first, private from the second look on: as soon as it may be used again, it is refused."""
    allowed.add(Target(IPv4Address("93.184.215.30"), 443))

    def moves(before: int) -> Answer:
        return [IPv4Address("93.184.215.30" if before == 0 else "10.0.0.7")]

    name = world.names.rule("rebind", moves)
    flips = world.names.rule("flips", lambda before: [IPv4Address(["10.0.0.8", "93.184.215.30"][before % 2])])
    complaints: list[str] = []
    first, second = endpoints([f"https://{name}/", f"https://{flips}/"])
    first.send()
    expect(complaints, 200, first.first_attempt().status, "while it is public")
    deadline = time.monotonic() + FRESHNESS_SECONDS + 3
    codes: list[str] = []
    while time.monotonic() < deadline:
        codes.append(str(first.first_attempt(first.send())))
        second.send()
        time.sleep(0.25)
    expect(complaints, "None addressRefused", codes[-1], "once it is private")
    expect(complaints, {"200 None", "None addressRefused"}, set(codes), "all it came to")
    return complaints + syns()


def no_two_endpoints_share_a_connection() -> list[str]:
    """Not even to the same URL: what one of them is answered must never reach the other."""
    complaints: list[str] = []
    url = f"https://{public('shared', '93.184.215.50')}/"
    rows = endpoints([url, url])
    for _ in range(3):
        for row in rows:
            expect(complaints, 200, row.first_attempt(row.send()).status, row.url)
    seen = world.receivers.seen_by("shared")
    used = [{one.connection for one in seen if one.id in row.events} for row in rows]
    expect(complaints, [1, 1], [len(one) for one in used], "the connections of each")
    expect(complaints, set(), used[0] & used[1], "the connections of both")
    return complaints


def only_the_name_server_is_asked() -> list[str]:
    """Neither the hosts file nor the search domain of this machine says anything."""
    complaints: list[str] = []
    names = ["hosts-file.example.com", "search.example"]
    world.names.addresses("search.example", "93.184.215.40")
    for row in endpoints(f"https://{name}/" for name in names):
        row.send()
        expect(complaints, "None dnsFailed", str(row.first_attempt()), row.url)
    return complaints + syns()


def names_without_an_answer_have_one_reason() -> list[str]:
    many = public("many", *[f"93.184.{216 + n // 250}.{n % 250 + 1}" for n in range(2_000)])
    wanted = {
        many: "200 None",
        world.names.addresses("none"): "None dnsFailed",
        "nowhere.example.com": "None dnsFailed",
        world.names.rule("fails", lambda _: SERVER_FAILURE): "None dnsTimeout",
        world.names.rule("dead", lambda _: None): "None dnsTimeout",
    }
    complaints: list[str] = []
    rows = endpoints(f"https://{name}/" for name in wanted)
    for row in rows:
        row.send()
    for row, result in zip(rows, wanted.values()):
        expect(complaints, result, str(row.first_attempt()), row.url)
    return complaints + syns()


def hostile_receivers_are_sent_to() -> list[str]:
    """What takes long begins now; all that follows happens beside it."""
    global hostility
    hostility = hostile.Hostility(world, public)
    return []


def hostile_receivers_have_one_reason_each() -> list[str]:
    assert hostility is not None
    return hostility.complaints() + syns()


def the_operator_is_told_why_and_nobody_else() -> list[str]:
    complaints: list[str] = []
    log = service.service().read_log()
    for reason in ["10.0.0.5 is in 10.0.0.0/8", "is in 169.254.0.0/16", "is in 64:ff9b::/96", "is in ISATAP"]:
        expect(complaints, True, reason in log, f"{reason!r} in the log")
    return complaints


def the_capture_saw_everything() -> list[str]:
    complaints: list[str] = []
    expect(complaints, 0, world.capture.dropped(), "packets the capture missed")
    return complaints + syns()


CHECKS: list[Callable[[], list[str]]] = [
    public_addresses_are_connected_to,
    hostile_receivers_are_sent_to,
    no_name_leads_to_a_forbidden_address,
    no_url_in_a_row_leads_anywhere_else,
    registration_refuses_the_same_urls,
    one_bad_answer_spoils_a_name,
    a_name_that_moves_is_judged_again,
    no_two_endpoints_share_a_connection,
    only_the_name_server_is_asked,
    names_without_an_answer_have_one_reason,
    hostile_receivers_have_one_reason_each,
    the_operator_is_told_why_and_nobody_else,
    the_capture_saw_everything,
]


def main() -> int:
    service.binary = Path(sys.argv[1]).resolve()
    service.options = ["--deny-private-targets", "--target-ports", ",".join(map(str, PORTS))]
    service.options += ["--retry-time-divisor", "20", "--log-level", "info"]
    report: dict[str, list[str]] = {}
    for check in CHECKS:
        start = time.monotonic()
        name = check.__name__
        try:
            report[name] = check()
        except Exception:
            report[name] = [traceback.format_exc()]
        print(f"{name} took {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
    print(json.dumps(report))
    return service.service().stop()


if __name__ == "__main__":
    sys.exit(main())
