# One image for every part: web, worker, scheduler and commands. compose.yaml starts them.
#
#   docker build -t intelbrief .
#   docker build -t intelbrief --build-arg PDF=1 .    # with what makes PDFs of briefs

ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS packages
ARG PDF=""
WORKDIR /build
COPY requirements.txt requirements-pdf.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
       -r requirements.txt ${PDF:+-r requirements-pdf.txt} \
    && rm -rf /opt/venv/lib/python3*/site-packages/pip*

FROM python:${PYTHON}
ARG PDF=""
RUN if [ -n "$PDF" ]; then apt-get update -q \
    && apt-get install -q -y --no-install-recommends \
       libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*; fi
# A number of its own, so that a volume belongs to the same user in each image.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin intelbrief \
    && install -d -m 0700 -o intelbrief -g intelbrief /var/lib/intelbrief
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/intelbrief
COPY . .
RUN /opt/venv/bin/python -m compileall -q .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENV_FILE=/dev/null \
    VAR_DIR=/var/lib/intelbrief
USER intelbrief
VOLUME /var/lib/intelbrief
EXPOSE 8000
# Alive is all that is asked: whoever restarts a container for a database that is away helps nobody.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "intelbrief.wsgi:application"]
