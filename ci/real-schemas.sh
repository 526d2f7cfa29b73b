# The schemas of real products, fetched by package name into .build-schemas; their SQL stays out of
# the repository. Sourced after lib.sh. Each load_NAME puts one into the empty database PGDATABASE.

real_schemas_of_debian=(zabbix ledgersmb kamailio icinga2 icingadb mediawiki kea ejabberd
    ejabberd_new davical request_tracker tt_rss bacula roundcube freeradius jabberd2 pgagent
    powerdns icingaweb2 pgq)
real_schemas_of_pypi=(django mlflow prefect synapse oscar_wagtail airflow pretix)
schema_cache=$PWD/.build-schemas

# Extracts a Debian package, once; share is then its /usr/share.
debian() {
    share=$schema_cache/$1/usr/share
    [ ! -d "$schema_cache/$1" ] || return 0
    command -v apt-get >/dev/null || { complain "$1 is a Debian package, and this is no Debian"; return 1; }
    say "getting the Debian package $1"
    local folder
    mkdir -p "$schema_cache"
    folder=$(mktemp -d "$schema_cache/part.XXXXXX")
    (
        cd "$folder"
        apt-get download --quiet=2 "$1" 2>/dev/null || {
            as_root apt-get update --quiet=2
            apt-get download --quiet=2 "$1" 2>/dev/null
        }
        dpkg-deb --extract ./*.deb extracted
    ) && mv "$folder/extracted" "$schema_cache/$1"
    local status=$?
    rm -rf "$folder"
    return $status
}

# Installs PyPI packages into a virtual environment named after the first, once; its programs are
# then in bin.
pypi() {
    bin=$schema_cache/pypi/$1/bin
    [ ! -e "$schema_cache/pypi/$1/complete" ] || return 0
    say "getting $* from PyPI"
    rm -rf "$schema_cache/pypi/$1"
    python3 -m venv "$schema_cache/pypi/$1" &&
        "$bin/pip" install --quiet --disable-pip-version-check --prefer-binary "$@" &&
        touch "$schema_cache/pypi/$1/complete"
}

complain() {
    printf '== %s\n' "$*" >&2
}

# Runs what stands on standard input; the first error ends it.
run_sql() {
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 >/dev/null
}

# The URL of the database for Python programs, after a scheme.
database_url() {
    printf '%s://%s@/%s?host=%s' "$1" "$PGUSER" "$PGDATABASE" "$PGHOST"
}

load_zabbix() {
    debian zabbix-server-pgsql
    gzip -dc "$share/zabbix-server-pgsql/schema.sql.gz" | run_sql
}

# About thirty statements fail on an empty database, by its makers' design.
load_ledgersmb() {
    debian ledgersmb
    local folder=$share/ledgersmb/sql file
    run_sql <<<'CREATE EXTENSION btree_gist; CREATE EXTENSION pg_trgm; CREATE EXTENSION tablefunc;'
    {
        cat "$folder/Pg-database.sql"
        for file in changes modules; do
            sed -E '/^[[:space:]]*(#|$)/d; s/^!//; s/[[:space:]]+$//' "$folder/$file/LOADORDER" |
                grep --invert-match --line-regexp Roles.sql |
                while read -r name; do
                    cat "$folder/$file/$name"
                    echo
                done
        done
    } | psql --quiet --no-psqlrc >/dev/null 2>"$schema_cache/ledgersmb.log"
}

load_kamailio() {
    debian kamailio-postgres-modules
    local folder=$share/kamailio/postgres file
    run_sql <"$folder/standard-create.sql"
    for file in "$folder"/*-create.sql; do
        [ "$file" = "$folder/standard-create.sql" ] || run_sql <"$file"
    done
}

load_icinga2() {
    debian icinga2-ido-pgsql
    run_sql <"$share/icinga2-ido-pgsql/schema/pgsql.sql"
}

load_icingadb() {
    debian icingadb
    { echo 'CREATE EXTENSION citext;'; cat "$share/icingadb/schema/pgsql/schema.sql"; } | run_sql
}

load_mediawiki() {
    debian mediawiki
    local folder=$share/mediawiki/maintenance/postgres
    cat "$folder/tables-generated.sql" "$folder/tables.sql" |
        sed -E 's:/\*(_|i|\$wgDBTableOptions)\*/::g' | run_sql
}

load_kea() {
    debian kea-admin
    run_sql <"$share/kea/scripts/pgsql/dhcpdb_create.pgsql"
}

load_ejabberd() {
    debian ejabberd
    run_sql <"$share/ejabberd/sql/pg.sql"
}

load_ejabberd_new() {
    debian ejabberd
    run_sql <"$share/ejabberd/sql/pg.new.sql"
}

load_davical() {
    debian davical
    local davical=$share/davical/dba
    debian libawl-php
    cat "$share/awl/dba/awl-tables.sql" "$share/awl/dba/schema-management.sql" \
        "$davical/davical.sql" | run_sql
}

load_request_tracker() {
    debian request-tracker5
    run_sql <"$share/request-tracker5/etc/schema.Pg"
}

load_tt_rss() {
    debian tt-rss
    run_sql <"$share/tt-rss/schema/ttrss_schema_pgsql.sql"
}

load_bacula() {
    debian bacula-director-pgsql
    sed -E '/^(ALTER|CREATE) DATABASE/Id' \
        "$share/dbconfig-common/data/bacula-director-pgsql/install/pgsql" | run_sql
}

load_roundcube() {
    debian roundcube-core
    run_sql <"$share/roundcube/SQL/postgres.initial.sql"
}

load_freeradius() {
    debian freeradius-config
    cat "$schema_cache"/freeradius-config/etc/freeradius/3.0/mods-config/sql/*/postgresql/schema.sql |
        run_sql
}

load_jabberd2() {
    debian jabberd2
    gzip -dc "$share/doc/jabberd2/db-setup.pgsql.gz" | sed '/^\\connect/d' | run_sql
}

load_pgagent() {
    debian pgagent
    {
        echo 'CREATE SCHEMA pgagent;'
        sed '/^\\echo/d; /pg_extension_config_dump/d' "$share"/postgresql/15/extension/pgagent--4.2.sql
    } | run_sql
}

load_powerdns() {
    debian pdns-backend-pgsql
    run_sql <"$share/pdns-backend-pgsql/schema/schema.pgsql.sql"
}

load_icingaweb2() {
    debian icingaweb2
    run_sql <"$share/icingaweb2/schema/pgsql.schema.sql"
}

load_pgq() {
    debian postgresql-15-pgq3
    run_sql <"$share/postgresql/15/contrib/pgq_pl_only.sql"
}

# Runs Django's migrate for a project that is nothing but a list of applications.
django_migrate() {
    local applications=$1 extra=${2:-} folder status=0
    folder=$(mktemp -d)
    cat >"$folder/settings.py" <<PYTHON
SECRET_KEY = "none"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "$PGDATABASE",
    "HOST": "$PGHOST", "USER": "$PGUSER"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = 1
USE_TZ = True
$extra
INSTALLED_APPS = $applications
PYTHON
    PYTHONPATH=$folder DJANGO_SETTINGS_MODULE=settings "$bin/python" -m django migrate \
        --skip-checks --verbosity 0 || status=$?
    rm -rf "$folder"
    return $status
}

load_django() {
    pypi django psycopg2-binary
    django_migrate '["django.contrib." + name for name in
        "admin auth contenttypes sessions sites flatpages redirects messages".split()]'
}

load_mlflow() {
    pypi mlflow-skinny sqlalchemy alembic psycopg2-binary
    "$bin/mlflow" db upgrade "$(database_url postgresql+psycopg2)"
}

load_prefect() {
    pypi prefect
    run_sql <<<'CREATE EXTENSION pg_trgm'
    PREFECT_HOME=$schema_cache/pypi/prefect/home \
        PREFECT_SERVER_DATABASE_CONNECTION_URL=$(database_url postgresql+asyncpg) \
        PREFECT_API_DATABASE_CONNECTION_URL=$(database_url postgresql+asyncpg) \
        "$bin/prefect" server database upgrade -y
}

load_synapse() {
    pypi matrix-synapse psycopg2-binary
    local folder
    folder=$(mktemp -d)
    cat >"$folder/homeserver.yaml" <<YAML
server_name: example.org
report_stats: false
pid_file: $folder/pid
signing_key_path: $folder/key
media_store_path: $folder/media
macaroon_secret_key: none
database:
  name: psycopg2
  allow_unsafe_locale: true
  args: { user: "$PGUSER", dbname: "$PGDATABASE", host: "$PGHOST" }
YAML
    "$bin/python" -m synapse.app.homeserver --config-path "$folder/homeserver.yaml" \
        --generate-keys >/dev/null
    (cd "$folder" && "$bin/update_synapse_database" --database-config homeserver.yaml)
    rm -rf "$folder"
}

load_oscar_wagtail() {
    pypi django-oscar wagtail 'django<5' psycopg2-binary
    django_migrate 'OSCAR + WAGTAIL' '
from oscar import INSTALLED_APPS as OSCAR
from oscar.defaults import *
WAGTAIL = ["wagtail.contrib.forms", "wagtail.contrib.redirects", "wagtail.contrib.settings",
    "wagtail.contrib.search_promotions", "wagtail.embeds", "wagtail.sites", "wagtail.users",
    "wagtail.snippets", "wagtail.documents", "wagtail.images", "wagtail.search", "wagtail.admin",
    "wagtail", "taggit", "modelcluster"]
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
MIDDLEWARE = []
ROOT_URLCONF = "django.contrib.auth.urls"
STATIC_URL = "static/"
MEDIA_URL = "media/"
WAGTAIL_SITE_NAME = "none"
WAGTAILADMIN_BASE_URL = "http://localhost"'
}

load_airflow() {
    pypi apache-airflow psycopg2-binary asyncpg
    AIRFLOW_HOME=$schema_cache/pypi/apache-airflow/home AIRFLOW__CORE__LOAD_EXAMPLES=False \
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=$(database_url postgresql+psycopg2) \
        "$bin/airflow" db migrate
}

load_pretix() {
    pypi pretix
    PRETIX_DATABASE_BACKEND=postgresql PRETIX_DATABASE_NAME=$PGDATABASE \
        PRETIX_DATABASE_USER=$PGUSER PRETIX_DATABASE_HOST=$PGHOST DATA_DIR=$schema_cache/pypi/pretix/data \
        PRETIX_PRETIX_DATADIR=$schema_cache/pypi/pretix/data \
        "$bin/python" -m pretix migrate --verbosity 0
}
