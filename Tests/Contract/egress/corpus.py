"""Addresses nobody may be sent to, and URLs that no endpoint may have."""

import random
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from egress.names import Address

# IANA's IPv4 and IPv6 special-purpose address registries, multicast, and what is outside of 2000::/3.
BLOCKS = """
0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29
192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/31 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24
192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 233.252.0.0/24 240.0.0.0/4
255.255.255.255/32
::1/128 ::/128 ::ffff:0:0/96 ::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23
2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28
2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fd00:ec2::254/128 fe80::/10
fec0::/10 ff00::/8 200::/7 400::/6 800::/5 1000::/4 4000::/3 6000::/3 8000::/3 a000::/3 c000::/3 e000::/4 f000::/5
f800::/6 fe00::/9
""".split()

# What an attacker is after, and the forms of IPv6 that carry an IPv4 address.
WANTED = ["127.0.0.1", "10.0.0.5", "169.254.169.254", "192.168.1.1", "100.64.0.1"]


def embeddings(address: IPv4Address) -> list[IPv6Address]:
    low = int(address)
    forms = [
        0xFFFF << 32 | low,
        low,
        0xFFFF << 48 | low,
        0x64FF9B << 96 | low,
        0x64FF9B0001 << 80 | low,
        0x2002 << 112 | low << 80 | 1,
        0x2001 << 112 | ~low & 0xFFFFFFFF,
        0x2A00145040010800 << 64 | 0x5EFE << 32 | low,
        0x2A00145040010800 << 64 | 0x02005EFE << 32 | low,
    ]
    return [IPv6Address(form) for form in forms]


def forbidden_addresses() -> list[Address]:
    """The first, the last and some address of each block, and every form of what is wanted."""
    chance = random.Random(4)
    found: list[Address] = []
    for text in BLOCKS:
        block: IPv4Network | IPv6Network = ip_network(text)
        found += [block[0], block[-1], block[chance.randrange(block.num_addresses)]]
    for text in WANTED:
        found += [IPv4Address(text), *embeddings(IPv4Address(text))]
    return sorted(set(found), key=lambda one: (one.version, int(one)))


# Every spelling that some reader of URLs takes for an address, or for another host than the one that is called.
BAD_URLS = [
    # Addresses
    "https://127.0.0.1/", "https://10.0.0.5/", "https://8.8.8.8/", "https://169.254.169.254/latest/meta-data/",
    "https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://2130706433/", "https://127.1/",
    "https://127.0.1/", "https://017700000001/", "https://0x7f.1/", "https://00000177.1/", "https://127.0.0.01/",
    "https://127.0.0.1./", "https://0/", "https://0.0.0.0/", "https://1.2.3.4.5/", "https://256.1.1.1/",
    "https://169.254.43518/", "https://0xa9fea9fe/", "https://025177524776/", "https://2852039166/",
    "https://93.184.215.14/", "https://0x5db8d70e/", "https://1572395790/", "https://example.1/",
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::a9fe:a9fe]/", "https://[2606:4700::1111]/", "https://[fe80::1%25lo]/", "https://[127.0.0.1]/",
    "https://[::1", "https://::1/", "https://[v1.a]/", "https://[]/",
    # Other characters for digits and dots
    "https://\uff11\uff12\uff17.0.0.1/", "https://\u2460\u2461\u2466.0.0.1/", "https://127\u30020\u30020\u30021/",
    "https://%31%32%37.0.0.1/", "https://127.0.0.1%00.control.example.com/", "https://control.example.com%2f@10.0.0.5/",
    # User information, backslashes, blanks, line ends
    "https://user@control.example.com/", "https://user:word@control.example.com/", "https://@control.example.com/",
    "https://control.example.com@10.0.0.5/", "https://10.0.0.5@control.example.com/",
    "https://control.example.com:443@10.0.0.5/", "https://control.example.com\\@10.0.0.5/",
    "https:\\\\control.example.com/", "https:/\\control.example.com/", "https://control.example.com\\.10.0.0.5/",
    "https://control.example.com\t/", "https://con\ttrol.example.com/", "https://control.example.com /",
    " https://control.example.com/", "https://control.example.com/ ", "https://control.example.com\r\nHost: a/",
    "https://control.example.com/\r\nX: y", "https://control.example.com/a b", "ht\ntps://control.example.com/",
    # Fragments, dots, case, other alphabets, length
    "https://control.example.com/#f", "https://control.example.com#@10.0.0.5/", "https://control.example.com./",
    "https://control.example.com../", "https://.control.example.com/", "https://control..example.com/",
    "https://b\u00fccher.example.com/", "https://control.example.\u0441om/", "https://\u212aontrol.example.com/",
    "https://-control.example.com/", "https://control-.example.com/", "https://con_trol.example.com/",
    "https://localhost/", "https://intranet/", "https://metadata.c0m/", "https://control.example.com,10.0.0.5/",
    "https://" + ".".join(["a" * 61] * 3 + ["a" * 60]) + ".example/", "https://" + "a" * 64 + ".example.com/",
    # Schemes and ports
    "http://control.example.com/", "http://control.example.com:443/", "ftp://control.example.com/",
    "gopher://control.example.com:443/", "file:///etc/passwd", "//control.example.com/", "https:control.example.com",
    "https:///control.example.com/", "https://control.example.com:22/", "https://control.example.com:25/",
    "https://control.example.com:80/", "https://control.example.com:5432/", "https://control.example.com:6379/",
    "https://control.example.com:9200/", "https://control.example.com:0/", "https://control.example.com:65536/",
    "https://control.example.com:65979/", "https://control.example.com:0443/", "https://control.example.com:+443/",
    "https://control.example.com:443:443/", "https://control.example.com:/", "https://control.example.com:4 43/",
]  # fmt: skip
