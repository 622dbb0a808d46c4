FROM node:24-slim

ENV NODE_ENV=production \
    HAWSER_HOST=0.0.0.0 \
    HAWSER_DATABASE_URL=sqlite:/data/hawser.db \
    HAWSER_KEK_FILE=/keys/kek

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings its own Node: the optional packages that carry one are left out.
RUN npm ci --omit=dev --omit=optional && npm cache clean --force
COPY bin ./bin
COPY src ./src
COPY LICENSE README.md ./

RUN mkdir /data /keys && chown node:node /data /keys && chmod 700 /data /keys
USER node
VOLUME ["/data", "/keys"]
EXPOSE 4010
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:4010/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bin/hawser.js", "serve"]
