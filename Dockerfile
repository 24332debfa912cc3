# A worker, or any other command of appsync, for an external Postgres and Temporal: docs/scaling-out.md.
#   docker build -t appsync .
#   docker run --env-file worker.env -p 127.0.0.1:9464:9464 appsync
#   docker run --env-file worker.env appsync health
# Debian, not Alpine: Temporal's native part needs glibc.
ARG NODE=node:22-bookworm-slim

FROM ${NODE} AS build
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
RUN npm run build

FROM ${NODE}
# Temporal's native part trusts the CAs of the system, and a slim image has none.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
# Optional packages are the embedded Postgres; the rest are Temporal's binaries for other systems.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force && \
    rm -rf node_modules/@temporalio/core-bridge/releases/*-apple-darwin \
           node_modules/@temporalio/core-bridge/releases/*-windows-msvc
COPY sql ./sql
COPY --from=build /app/dist ./dist
# By number, so that Kubernetes can see that it is not root. Nothing below /app is writable for it, or has to be.
USER 1000:1000
ENV NODE_ENV=production APPSYNC_HEALTH_ADDRESS=0.0.0.0:9464
EXPOSE 9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["worker"]
