# The pipeline as a container. Node runs the TypeScript sources as they are; only the page for browsers is built.
#
#   docker build -t mdp .
#   docker run --rm -e API_KEY=choose-one -p 127.0.0.1:8083:8083 mdp              the embedded database, for trying
#   docker run --rm -e API_KEY=choose-one -e DATABASE_URL=postgres://… -p … mdp   your own database
#   docker run --rm mdp check                                                     any other command of the program

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

# The page for browsers. What builds it stays here: of a few hundred packages the image gets a handful of files.
FROM node:24.21.0-bookworm-slim AS dashboard
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts/dashboard scripts/dashboard
COPY src/model src/model
COPY src/dashboard src/dashboard
RUN node scripts/dashboard/build.ts

# The system that Node's image is made of, without npm, yarn and headers: nothing of them runs here, and a scan finds fault with them.
FROM debian:bookworm-slim AS runtime
# scripts/publish-image.sh adds the version and the revision.
LABEL org.opencontainers.image.title="mdp" \
      org.opencontainers.image.description="Market-data ticks into bars in TimescaleDB that can be trusted." \
      org.opencontainers.image.licenses="Apache-2.0"

# Other containers must reach the server, so it binds every address; it refuses to do so without an API_KEY.
# The threads beside the loop share two heaps of the C library; with one each it keeps 15 to 30 MiB more.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    PIPELINE_SERVER_HOST=0.0.0.0 \
    DATA_DIR=/data \
    NODE_COMPILE_CACHE=/app/.compile-cache

# The only place that is written to at work: the embedded database and crash reports. The rest may be mounted read-only.
RUN install -d -o 1000 -g 1000 -m 0750 /data && install -d -o 1000 -g 1000 /app/.compile-cache
VOLUME /data

WORKDIR /app
COPY --from=dependencies /usr/local/bin/node /usr/local/bin/node
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE config.yaml ./
COPY config config
COPY migrations migrations
COPY src src
COPY --from=dashboard /build/dist/dashboard dist/dashboard

# By number, so that Kubernetes can see that it is not root. Nobody has it in /etc/passwd, and nothing asks.
USER 1000:1000

# Types are stripped once, here: a start takes half the time and 20 MB less. What Node keeps belongs to the user that made it. The
# embedded database gets no template here, as dev.sh makes one: it would add to every pull what only a trial uses, once, for 2 s.
RUN node /app/src/main.ts --help >/dev/null && \
    node -e "for (const part of ['commands/run', 'commands/serve', 'commands/check', 'commands/migrate', 'commands/api-key', \
    'embedded/database', 'telemetry/tracing', 'sources/kafka/decoders/avro-types', 'sources/kafka/decoders/protobuf-schema']) void import('/app/src/' + part + '.ts')"

EXPOSE 8083

# `live`, not `ready`: a database that is away must not have the container killed that holds its rows.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8083}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

# No shell and no npm in between: Node is process 1 and gets the SIGTERM that starts the orderly shutdown.
STOPSIGNAL SIGTERM
# Batches are recycled: a young generation of 4 MiB is enough, and the default would cost 50 MiB more.
# What the start has left is collected once (--expose-gc). A report of a full heap shows no environment: secrets stand there.
ENTRYPOINT ["node", "--max-semi-space-size=4", "--expose-gc", "--report-exclude-env", "/app/src/main.ts"]
CMD ["run"]
