# The emulator as a container beside tests in any language:
#
#   docker build --tag assistants-emulator .
#   docker run --rm --publish 8787:8787 --volume "$PWD/scenarios:/scenarios:ro" assistants-emulator
#
# Every option of `serve` is a variable, too: --env ASSISTANTS_EMULATOR_SEED=7.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY emulator ./emulator
COPY assistants_emulator ./assistants_emulator
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore ".[documents]"

# Scenarios are mounted over this directory; without them every run answers with a sentence that is made up.
WORKDIR /scenarios
RUN echo "description: Nothing is mounted here." > nothing_is_mounted.yaml

ENV ASSISTANTS_EMULATOR_HOST=0.0.0.0 ASSISTANTS_EMULATOR_PORT=8787
EXPOSE 8787
# A number needs no entry in /etc/passwd, and says to Kubernetes that it is not root.
USER 10001:10001
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
    CMD ["assistants-emulator", "health", "--timeout", "2"]
ENTRYPOINT ["assistants-emulator"]
CMD ["serve", "/scenarios"]
