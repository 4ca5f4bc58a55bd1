# Every service and worker is this image: `docker run archwire/service run scheduling`, `… run worker`, `… migrate`.
# It holds Python, what requirements-image.txt names, and our code: no compiler, no pip, no PostgreSQL, no root.
# The legacy builder can build it too: no RUN --mount, no COPY --link.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
# Certificates, as PEM, that a network with TLS inspection needs to reach package registries. They stay in this stage.
ARG EXTRA_CA=""
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
RUN printf '%s\n' "$EXTRA_CA" >>/etc/ssl/certs/ca-certificates.crt; \
    apt-get update -qq && apt-get install -y -qq --no-install-recommends binutils \
    $(python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv)
WORKDIR /src
COPY requirements-build.txt ./
RUN python3 -m venv /opt/build && /opt/build/bin/pip install -q --require-hashes -r requirements-build.txt
COPY requirements-image.txt ./
RUN python3 -m venv --without-pip /opt/archwire && \
    /opt/build/bin/uv pip install -q --python /opt/archwire/bin/python --require-hashes -r requirements-image.txt
COPY pyproject.toml README.md LICENSE docker/healthy.py ./
COPY proto proto
COPY shared shared
COPY services services
COPY gateway/*.py gateway/
RUN /opt/build/bin/pip wheel -q --no-deps --no-build-isolation -w /wheels . && \
    /opt/build/bin/uv pip install -q --python /opt/archwire/bin/python --no-deps /wheels/*.whl && \
    cp healthy.py /opt/archwire/ && \
    ln -s "$(/opt/archwire/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" /opt/archwire/site
# Away with what no part needs: symbols, compilers' food, tests of libraries, other databases, the colouring of source code.
# What every start imports is compiled here, for the root may be read-only; the rest when it is used.
RUN cd /opt/archwire/site/ && \
    rm -rf numpy/f2py numpy/distutils pydicom/sr pygments/lexers sqlalchemy/testing alembic/testing \
      sqlalchemy/dialects/mysql sqlalchemy/dialects/oracle sqlalchemy/dialects/mssql fastapi_offline/static/redoc* && \
    find . -type d '(' -name tests -o -name test_files ')' -prune -exec rm -rf {} + && \
    find . -type f -regex '.*\.\(pyi\|pyx\|pxd\|c\|h\|hpp\|cpp\|a\)' -delete && \
    find . -name '*.so' -not -path '*.libs/*' -exec strip --strip-unneeded {} + && \
    /opt/archwire/bin/python -c 'import kafka, alembic.command, numpy.linalg, PIL.ImageCms, typst, uvicorn; \
import gateway.app, shared.node, shared.migrations; \
from shared.demo import seed; from shared.service import NAMES, load; [load(name) for name in NAMES]'

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="Archwire" org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 archwire && \
    useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin archwire && \
    install -d -o 10001 -g 10001 -m 0700 /data /keys
COPY --from=build /opt/archwire /opt/archwire
# /data: files of patients and the sandbox, shared by all parts; /keys: `archwire keys`. Everything else may be read-only.
ENV PATH=/opt/archwire/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 ARCHWIRE_DATA=/data ARCHWIRE_SECRETS=/keys
USER 10001:10001
WORKDIR /data
EXPOSE 9000
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 \
    CMD ["/opt/archwire/bin/python", "-ISB", "/opt/archwire/healthy.py"]
ENTRYPOINT ["archwire"]
CMD ["--help"]
