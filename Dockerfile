# Two stages: the first installs from the locks, with hashes, into /opt/veille; the second takes that directory alone.
# Only the first has a C compiler, for the inner loops of matching. Without one (no Debian server in reach) the image is
# made all the same, and these run in Python. Debian's headers are for a base image that leaves Python's own out.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN include=$(python -c 'import sysconfig; print(sysconfig.get_path("include"))') \
 && { [ -e "$include/Python.h" ] || { headers=libpython3.11-dev; ln -sfn /usr/include/python3.11 "$include"; }; } \
 && { apt-get update -qq && apt-get install -qq -y --no-install-recommends gcc libc6-dev $headers; } \
 || echo "no C compiler: matching will run in Python"
RUN python -m venv /opt/veille
COPY requirements.lock requirements-build.lock ./
RUN /opt/veille/bin/pip install --require-hashes --no-deps -r requirements.lock \
 && pip install --require-hashes --no-deps -r requirements-build.lock
COPY pyproject.toml setup.py LICENSE README.m[d] ./
COPY monitor monitor
COPY workers workers
COPY config config
# pip, numpy's tests and the languages that nobody is written to in are of no use to a running container.
RUN CFLAGS=-g0 pip wheel -q --no-build-isolation --no-deps --no-index -w /wheels . \
 && /opt/veille/bin/pip install --no-index --no-deps /wheels/veille-*.whl \
 && /opt/veille/bin/pip uninstall -q -y pip setuptools \
 && find /opt/veille -type d \( -name tests -o -name test \) -path '*/site-packages/numpy/*' -prune -exec rm -rf {} + \
 && find /opt/veille -path '*/babel/locale-data/*' ! -name 'fr*.dat' ! -name 'en*.dat' ! -name root.dat -delete

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/veille --shell /usr/sbin/nologin veille \
 && install -d -o veille -g veille /var/lib/veille /veille /veille/config /demo /mail
COPY --from=build /opt/veille /opt/veille
ENV PATH=/opt/veille/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    VEILLE_DATA_DIR=/var/lib/veille VEILLE_CONFIG_DIR=/veille/config VEILLE_LOG_FORMAT=json
WORKDIR /veille
USER veille
VOLUME /var/lib/veille
EXPOSE 8321
CMD ["veille", "run"]
