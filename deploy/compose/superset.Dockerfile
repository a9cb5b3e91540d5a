# Superset with the project's dashboards, for compose.yml. Built from the project's folder.
ARG PYTHON_DIGEST=""

FROM python:3.12-slim${PYTHON_DIGEST:+@$PYTHON_DIGEST} AS builder
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /build

# What `make setup-superset` installs, of the same lock, but for the embedded engine and for tests.
COPY superset/constraints.txt pyproject.toml deploy/docker/runtime.py ./
RUN python -m venv /opt/oars/venv \
    && export PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    && python runtime.py pip setuptools > installer.txt \
    && python runtime.py apache-superset clickhouse-connect cachelib cachetools flask-caching rich > runtime.txt \
    && /opt/oars/venv/bin/python -m pip install -q --require-hashes --no-deps --no-build-isolation -r installer.txt \
    && /opt/oars/venv/bin/python -m pip install -q --require-hashes --no-deps --no-build-isolation -r runtime.txt

WORKDIR /opt/oars
COPY superset/apply.py ./
COPY superset/oars_superset oars_superset
COPY superset/assets assets
COPY superset/assets_pii assets_pii
COPY deploy/compose/superset_config.py deploy/compose/superset-init.sh ./
RUN chmod -R a+rX,go-w /opt/oars

FROM python:3.12-slim${PYTHON_DIGEST:+@$PYTHON_DIGEST}
RUN groupadd --gid 10001 superset \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/superset --shell /usr/sbin/nologin superset \
    && install -d -o 10001 -g 10001 -m 700 /var/lib/superset
COPY --from=builder /opt/oars /opt/oars
ENV PATH="/opt/oars/venv/bin:$PATH" \
    HOME="/var/lib/superset" \
    PYTHONDONTWRITEBYTECODE="1" \
    FLASK_APP="superset" \
    SUPERSET_HOME="/var/lib/superset" \
    SUPERSET_CONFIG_PATH="/opt/oars/superset_config.py"
WORKDIR /opt/oars
USER 10001:10001
# One process with threads: what was seen last is kept in its memory.
CMD ["gunicorn", "--workers", "1", "--worker-class", "gthread", "--threads", "8", "--timeout", "120", "--worker-tmp-dir", "/tmp", "--bind", "0.0.0.0:8088", "superset.app:create_app()"]
