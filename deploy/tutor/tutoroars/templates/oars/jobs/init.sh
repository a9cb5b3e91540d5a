admin() {
    OARS_CLICKHOUSE_USER="$ADMIN_USER" OARS_CLICKHOUSE_PASSWORD="$ADMIN_PASSWORD" "$@"
}
echo "Roles and users"
admin oars grants --apply
# It creates nothing in a database that is there already, which is somebody else's.
echo "Raw tables"
admin oars init
echo "First build, which may take hours; in the end one line of JSON"
dbt seed --quiet
code=0
oars run || code=$?
# Or the watch has begun it.
test "$code" -eq 0 || test "$code" -eq 75
