# Molora on a GPU host: vLLM's official image and this package on top.
#   docker build -t molora .
#   docker run --gpus all -p 8000:8000 -v "$PWD/adapters:/opt/molora/configs/adapters:ro" \
#     -v molora-hub:/home/molora/.cache/huggingface -v molora-store:/opt/molora/store \
#     -e MOLORA_API_KEYS -e MOLORA_ADMIN_KEYS molora serve --config configs/qwen2-vl-2b.yaml
FROM vllm/vllm-openai:v0.32.0

# The image's Python is the system's; torch and vLLM are there already and stay as they are.
ENV PIP_BREAK_SYSTEM_PACKAGES=1 \
    PYTHONUNBUFFERED=1

WORKDIR /opt/molora
COPY pyproject.toml README.md LICENSE ./
COPY molora molora
COPY configs configs
RUN chmod -R a+rX . \
    && python3 -m pip install --no-cache-dir . \
    && useradd --create-home --uid 10001 molora \
    && install --directory --owner=molora /home/molora/.cache /home/molora/.cache/huggingface store

USER 10001
ENV HOME=/home/molora
EXPOSE 8000

# A large backbone takes minutes to load; /ready answers 200 only when the engine can answer.
HEALTHCHECK --interval=15s --timeout=5s --start-period=15m --retries=3 \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/ready', timeout=4)"]

# Refuses to start without MOLORA_API_KEYS or MOLORA_API_KEYS_FILE: all addresses are listened on.
ENTRYPOINT ["molora"]
CMD ["serve", "--config", "configs/demo.yaml", "--host", "0.0.0.0", "--port", "8000"]
