# Telescope in an image: one program, TDLib beside it, no shell script in between, not root.

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
# TDLib and the program need the C library only.
RUN useradd --system --uid 10001 --home-dir /data telescope \
    && install -d -o telescope -g telescope -m 700 /data
COPY --from=program /build/target/release/telescope /usr/local/bin/telescope
COPY --from=natives /build/natives/linux/lib/libtdjson.so /usr/local/lib/libtdjson.so
# The identity provider is asked over https; these say whom to trust there.
COPY --from=program /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV HOST=0.0.0.0 PORT=8888 DATA_DIR=/data ACCOUNTS_DIR=/data/accounts TDLIB_LIBRARY=/usr/local/lib/libtdjson.so
USER telescope
WORKDIR /data
VOLUME /data
EXPOSE 8888
# Accounts are closed in order on SIGTERM, which takes a few seconds; give it 30.
STOPSIGNAL SIGTERM
ENTRYPOINT ["telescope"]
CMD ["serve"]
