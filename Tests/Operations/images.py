"""The image, the compose file and the manifests of Kubernetes, built and run: `images.py [PATH-OF-SUBGATE]`, as root,
by the Python of `.build/venv`.

A container engine (Debian's podman; what is missing of it is installed) gets storage, networks and processes of its
own, which are gone afterwards. No registry is asked: the images that the files start from are stand-ins made of
Debian's packages, under the same names, and the Swift toolchain is this machine's. `apt` is needed, and PyPI the first
time. Without a path the program is built in the container, which takes two cores four to seven minutes; a path is of a
program that was built on bookworm with `--static-swift-stdlib`. All else takes three to six.
"""

import sys
import time
from pathlib import Path

import images_compose
import images_kubernetes
import images_stages
import place
from images_bases import Bases
from images_outside import Outside
from images_yard import Yard, install
from place import Place

PUBLISHED = "registry.example.com/subgate:0.1.0"
POSTGRES, NGINX = "docker.io/library/postgres:15-bookworm", "docker.io/library/nginx:1.28-bookworm"


def stand_ins(yard: Yard) -> str:
    bases = Bases(yard)
    bases.postgres(POSTGRES)
    bases.nginx(NGINX)
    return "PostgreSQL and nginx of Debian"


def main() -> int:
    place.binary = Path(sys.argv[1]).resolve() if sys.argv[1:] else None
    start = time.monotonic()
    install()
    with Place() as here, Yard(here) as yard:
        stages = {
            "build": lambda: images_stages.build(yard, PUBLISHED),
            "contents": lambda: images_stages.contents(yard),
            "stand-ins": lambda: stand_ins(yard),
            "alone": lambda: images_stages.alone(yard, POSTGRES),
            "compose": lambda: images_compose.compose(yard, Outside(yard)),
            "kubernetes": lambda: images_kubernetes.kubernetes(yard, PUBLISHED, POSTGRES),
        }
        for name, stage in stages.items():
            begin = time.monotonic()
            told = stage()
            print(f"{name:<12} {time.monotonic() - begin:5.1f} s: {told}", flush=True)
    print(f"{time.monotonic() - start:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
