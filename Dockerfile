# Swiftlet with its bundled model: docker build -t swiftlet . && docker run --rm -p 8080:8080 swiftlet
#
# Both bases are pinned to a release. To pin them to the byte as well, resolve the digest once
# (docker buildx imagetools inspect debian:12.12-slim) and pass --build-arg RUNTIME_IMAGE=debian@sha256:...
# The C libraries are pinned to their upstream release. Debian's security revisions of that release are allowed on
# purpose.
ARG BUILD_IMAGE=swift:6.3.1-bookworm
ARG RUNTIME_IMAGE=debian:12.12-slim

FROM ${BUILD_IMAGE} AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        "libnghttp2-dev=1.52.0-*" "libssl-dev=3.0.*" "zlib1g-dev=1:1.2.13*" "libcurl4-openssl-dev=7.88.*" pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The dependencies come first: this layer stays in the cache until the manifest changes.
COPY Package.swift Package.resolved ./
RUN swift package resolve
# Tests are copied too: SwiftPM needs the folder of every target in the manifest, whatever it builds.
COPY Sources Sources
COPY Tests Tests
# With the Swift runtime linked statically, the final image needs no package for it. -s leaves out the symbol table,
# which makes the program a third of the size.
RUN swift build -c release --static-swift-stdlib --product swiftlet -Xlinker -s \
    && install -D "$(swift build -c release --static-swift-stdlib --show-bin-path)/swiftlet" /install/usr/bin/swiftlet
COPY Models/mobilebert-mini /install/usr/share/swiftlet/models/mobilebert-mini
COPY config/swiftlet.yaml /install/etc/swiftlet/swiftlet.yaml
COPY LICENSE /install/usr/share/doc/swiftlet/LICENSE
# The user below can read everything, whatever the modes of the checkout.
RUN chmod -R a+rX /install

FROM ${RUNTIME_IMAGE}
# libcurl, which the program links, and the authorities' certificates are for models of the Hub (URLSession). OpenBLAS
# is loaded only on CPUs for which there are no kernels of our own, and if `backend` asks for it; Oniguruma only for a
# tokenizer.json with regular expressions.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        "libnghttp2-14=1.52.0-*" "libssl3=3.0.*" "zlib1g=1:1.2.13*" "libopenblas0-pthread=0.3.21+ds-*" \
        "libonig5=6.9.8-*" "libcurl4=7.88.*" ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /install /
# The user is a number, so that Kubernetes' runAsNonRoot can see that it is not root. The program writes no file, except
# a model of the Hub into its cache: for that, mount a volume that the user can write to, and name it in HF_HOME.
USER 65532:65532
WORKDIR /
# In a container the port is reached from outside, so the program listens on every interface (`::` would listen on both
# IPv6 and IPv4).
ENV SWIFTLET_HOST=0.0.0.0 \
    SWIFTLET_PORT=8080 \
    SWIFTLET_MODEL=/usr/share/swiftlet/models/mobilebert-mini
EXPOSE 8080
# SIGTERM drains: the program takes no new work, answers the requests in flight, and exits with 0.
STOPSIGNAL SIGTERM
# Loading takes well under a second; 5 s of grace cover a slow disk. /health is about the engine, not only about the
# socket.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["swiftlet", "health"]
ENTRYPOINT ["swiftlet"]
CMD ["serve", "--config", "/etc/swiftlet/swiftlet.yaml"]
