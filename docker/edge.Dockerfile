# The box beside a line: core and edge, no torch. Build from the repository's root:
#   docker build --file docker/edge.Dockerfile --tag inspector-edge .
FROM python:3.11-slim

WORKDIR /opt/inspector
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY inspector inspector
COPY edge edge
# Code alone: what these two rooms need to run stays out, and their commands say so.
COPY training training
COPY dashboard dashboard
RUN pip install --no-cache-dir --constraint constraints.txt '.[postgresql]' \
    && useradd --system --create-home --home-dir /var/lib/inspector inspector

USER inspector
WORKDIR /var/lib/inspector
ENTRYPOINT ["inspector"]
CMD ["edge", "run", "--config", "inspector.toml"]
