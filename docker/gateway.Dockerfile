# The gateway with the staff portal: the image of the services, and the portal's built files.
ARG BASE_IMAGE=python:3.11-slim-bookworm
ARG SERVICE_IMAGE=archwire/service

FROM ${BASE_IMAGE} AS portal
ARG EXTRA_CA=""
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
RUN printf '%s\n' "$EXTRA_CA" >>/etc/ssl/certs/ca-certificates.crt; \
    python3 -c 'import ensurepip' 2>/dev/null || \
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv; }
WORKDIR /src
COPY requirements-build.txt ./
RUN python3 -m venv .venv && .venv/bin/pip install -q --require-hashes -r requirements-build.txt
COPY gateway/portal/build gateway/portal/package.json gateway/portal/package-lock.json gateway/portal/
RUN gateway/portal/build true
COPY gateway/portal gateway/portal
RUN gateway/portal/build npm run --silent build -- --logLevel warn && test -f gateway/portal/dist/index.html

FROM ${SERVICE_IMAGE}
COPY --from=portal /src/gateway/portal/dist /opt/archwire/site/gateway/portal/dist
EXPOSE 8420
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["/opt/archwire/bin/python", "-ISB", "/opt/archwire/healthy.py", "http"]
CMD ["run", "gateway"]
