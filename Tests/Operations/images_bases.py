"""Stand-ins for the images that deploy/container starts from, under those images' own names: Debian's packages, as the
published images have them. What comes from elsewhere there (Swift, a later nginx) is this machine's or Debian's."""

import shutil
import subprocess
from pathlib import Path

from images_yard import Yard
from place import ROOT

# Made once; a drill's own storage does not live long.
CACHE = ROOT / ".build" / "images"
SOURCES = "/etc/apt/sources.list.d/debian.sources"

# As the published base has it: no manuals, no caches.
SLIM = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("man", "doc", "locale", "info", "lintian")]
SLIM += [f"--aptopt={text}" for text in (
    'Dir::Cache::pkgcache ""', 'Dir::Cache::srcpkgcache ""', 'Acquire::Languages "none"',
    'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };')]

DEBIAN = "docker.io/library/debian:bookworm-slim"
APT = ("apt-get -qq update && apt-get -qq install --yes --no-install-recommends {} >/dev/null "
       "&& rm -rf /var/lib/apt/lists/*")

# What the published image of Swift installs beside it.
SWIFT = f"""FROM {DEBIAN}
RUN {APT.format("binutils libicu-dev libcurl4-openssl-dev libedit-dev libsqlite3-dev libncurses-dev libpython3-dev "
                "libxml2-dev pkg-config uuid-dev tzdata git gcc libstdc++-12-dev")}
ENV PATH={{toolchain}}/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
"""

# Its user's number, its volume, its signal, and its way to make a database: with the password from a file, reachable
# by TCP with scram only when all of /docker-entrypoint-initdb.d has run, by that user, over the socket.
POSTGRES = f"""FROM {DEBIAN}
RUN groupadd --system --gid 999 postgres && useradd --system --gid postgres --uid 999 \
        --home-dir /var/lib/postgresql --shell /bin/bash postgres \
    && mkdir -p /etc/postgresql-common /docker-entrypoint-initdb.d \
    && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \
    && {APT.format("postgresql-15 gosu")} \
    && install -d -o postgres -g postgres -m 3777 /var/run/postgresql \
    && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin
ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
VOLUME /var/lib/postgresql/data
COPY entrypoint /usr/local/bin/
ENTRYPOINT ["entrypoint"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres", "-c", "listen_addresses=*"]
"""
POSTGRES_ENTRYPOINT = r"""#!/bin/bash
set -euo pipefail
shopt -s nullglob
if [ "$(id -u)" = 0 ]; then
    chown postgres "$PGDATA" && chmod 700 "$PGDATA"
    exec gosu postgres "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    eval "initdb --username=\"\$POSTGRES_USER\" --pwfile=\"\$POSTGRES_PASSWORD_FILE\" ${POSTGRES_INITDB_ARGS:-}"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl -o "-c listen_addresses=''" -w start
    psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 --set db="$POSTGRES_DB" \
        <<<'create database :"db";'
    for file in /docker-entrypoint-initdb.d/*; do
        if [ -x "$file" ]; then "$file"; else . "$file"; fi
    done
    pg_ctl -m fast -w stop
fi
exec "$@"
"""

NGINX = f"""FROM {DEBIAN}
RUN {APT.format("nginx")} && useradd --system --shell /bin/false nginx \
    && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
COPY nginx.conf /etc/nginx/nginx.conf
STOPSIGNAL SIGQUIT
EXPOSE 80
CMD ["nginx", "-g", "daemon off;"]
"""
NGINX_CONF = """user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /var/log/nginx/access.log;
    sendfile on;
    keepalive_timeout 65;
    include /etc/nginx/conf.d/*.conf;
}
"""


def toolchain() -> Path:
    """The folder whose `usr` has Swift."""
    swift = shutil.which("swift")
    assert swift, "no Swift toolchain found: put 'swift' on the PATH"
    return Path(swift).resolve().parents[2]


class Bases:
    def __init__(self, yard: Yard) -> None:
        self.yard = yard

    def debian(self) -> None:
        archive = CACHE / "bookworm.tar"
        if not archive.exists():
            CACHE.mkdir(parents=True, exist_ok=True)
            begun = archive.with_suffix(".begun.tar")
            begun.unlink(missing_ok=True)
            words = ["mmdebstrap", "--quiet", "--variant=minbase", *SLIM, "bookworm", begun]
            subprocess.run([*words, *([SOURCES] if Path(SOURCES).exists() else [])], check=True)
            begun.rename(archive)
        self.yard.podman("import", "--change", 'CMD ["bash"]', archive, DEBIAN)

    def build(self, name: str, text: str, **files: str) -> None:
        folder = self.yard.folder / name.rpartition("/")[2].replace(":", "-")
        folder.mkdir()
        for file, content in {"Containerfile": text, **files}.items():
            (folder / file.replace("_", ".")).write_text(content)
            (folder / file.replace("_", ".")).chmod(0o755)
        self.yard.podman("build", "--isolation", "chroot", "--tag", name, folder, network="")

    def swift(self, name: str) -> None:
        self.build(name, SWIFT.format(toolchain=toolchain()))

    def postgres(self, name: str) -> None:
        self.build(name, POSTGRES, entrypoint=POSTGRES_ENTRYPOINT)

    def nginx(self, name: str) -> None:
        self.build(name, NGINX, nginx_conf=NGINX_CONF)
