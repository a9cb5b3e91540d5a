# Bring Superset's own tables up to date, and the dashboards in; the same again changes nothing.
set -e
superset db upgrade
# Its password is FLASK_FAB_CREATE_ADMIN_PASSWORD. One that is there stays as it is.
superset fab create-admin --username admin --firstname Superset --lastname Admin --email admin@oars.invalid
superset init
python /opt/oars/apply.py
