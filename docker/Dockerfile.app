# A service in its own image, started by ssm-exec: copy the three lines that name it into your own.
# docker build --build-arg SSM_EXEC=… --build-arg BASE=… -f docker/Dockerfile.app .
ARG SSM_EXEC=ssm-exec
ARG BASE=debian:bookworm-slim
FROM ${SSM_EXEC} AS ssm-exec

FROM ${BASE}
COPY --from=ssm-exec /ssm-exec /usr/local/bin/ssm-exec
COPY server /app/server
WORKDIR /app
USER 65532:65532
# Both in exec form: a shell in between would be PID 1, and keep SIGTERM to itself.
ENTRYPOINT ["/usr/local/bin/ssm-exec"]
CMD ["/app/server"]
