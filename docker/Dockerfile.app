# A service image that starts its program with ssm-exec: copy the three lines that name ssm-exec into your own.
# docker build --build-arg SSM_EXEC=… --build-arg BASE=… -f docker/Dockerfile.app DIRECTORY, which contains `server`.
ARG SSM_EXEC=ssm-exec
ARG BASE=debian:bookworm-slim
FROM ${SSM_EXEC} AS ssm-exec

FROM ${BASE}
COPY --from=ssm-exec /ssm-exec /usr/local/bin/ssm-exec
COPY server /app/server
WORKDIR /app
USER 65532:65532
# Both in exec form: otherwise a shell would be PID 1, and would not forward SIGTERM.
ENTRYPOINT ["/usr/local/bin/ssm-exec"]
CMD ["/app/server"]
