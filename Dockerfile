# Two stages: the toolchain builds, a slim image runs.
FROM swift:6.3-bookworm AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libsqlite3-dev libmimalloc-dev \
    pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY Sources ./Sources
COPY scripts/release.sh ./scripts/
RUN cp "$(scripts/release.sh)" /usr/local/bin/weir \
    && strip /usr/local/bin/weir

FROM debian:bookworm-slim
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libsqlite3-0 libmimalloc2.0 ca-certificates \
    tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home /var/lib/weir --create-home weir
COPY --from=build /usr/local/bin/weir /usr/local/bin/weir
COPY weir.example.yaml /etc/weir/weir.yaml
USER weir
WORKDIR /var/lib/weir
ENV WEIR_SERVER_HOST=0.0.0.0
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["weir"]
CMD ["serve", "--config", "/etc/weir/weir.yaml"]
