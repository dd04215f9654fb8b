# The image: one binary and TDLib, no shell wrapper, an unprivileged user.

FROM node:22-bookworm-slim AS natives
WORKDIR /build
COPY natives/fetch.sh natives/fetch.sh
RUN natives/fetch.sh

FROM rust:1.95-bookworm AS program
WORKDIR /build
COPY . .
COPY --from=natives /build/static/vendor static/vendor
RUN cargo build --release --locked --bin telescope

FROM debian:bookworm-slim
# TDLib and the binary need only the C library.
RUN useradd --system --uid 10001 --home-dir /data telescope \
    && install -d -o telescope -g telescope -m 700 /data
COPY --from=program /build/target/release/telescope /usr/local/bin/telescope
COPY --from=natives /build/natives/linux/lib/libtdjson.so /usr/local/lib/libtdjson.so
# Certificate authorities for https connections to the identity provider.
COPY --from=program /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV HOST=0.0.0.0 PORT=8888 DATA_DIR=/data ACCOUNTS_DIR=/data/accounts TDLIB_LIBRARY=/usr/local/lib/libtdjson.so
USER telescope
WORKDIR /data
VOLUME /data
EXPOSE 8888
# A standby is healthy, too; what decides where people are sent is /ready.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["telescope", "health"]
# On SIGTERM the accounts are closed in order, which takes a few seconds; allow 30.
STOPSIGNAL SIGTERM
ENTRYPOINT ["telescope"]
CMD ["serve"]
