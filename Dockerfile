# The same Node that a checkout brings along (package.json, optionalDependencies).
FROM node:24.21.0-bookworm-slim

ENV NODE_ENV=production \
    HAWSER_HOST=0.0.0.0 \
    HAWSER_DATABASE_URL=sqlite:/data/hawser.db \
    HAWSER_KEK_FILE=/keys/kek

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings its own Node: the optional packages that carry one are left out. No package needs an install script.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY bin ./bin
COPY src ./src
COPY LICENSE README.md ./
RUN ln -s /app/bin/hawser.js /usr/local/bin/hawser

# Any user may be chosen at the start (--user), so both directories can be written by each; what is made in them is its maker's alone.
RUN mkdir /data /keys && chown node:node /data /keys && chmod 1777 /data /keys
USER node
VOLUME ["/data", "/keys"]
EXPOSE 4010
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:4010/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["hawser", "serve"]
