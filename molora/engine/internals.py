"""Every place where Molora leans on the inside of vLLM, with the version it was read and tested on.

A test holds the installed vLLM against it: who moves to another version reads these places anew.
"""

from __future__ import annotations

from dataclasses import dataclass

CHECKED_ON = "0.32"


@dataclass(frozen=True)
class Internal:
    """Something of vLLM's that is no public interface."""

    name: str
    parameters: tuple[str, ...] | None
    """Of what is called or overridden, `self` left out; None for what is only looked up."""
    use: str


INTERNALS = (
    Internal(
        "vllm.platforms.interface.Platform.get_punica_wrapper",
        (),
        "plugin.py puts its own in its place: it names the class of the LoRA kernels",
    ),
    Internal(
        "vllm.v1.worker.lora_model_runner_mixin.LRUCacheWorkerLoRAManager",
        None,
        "plugin.py puts worker.py's class under this name, by which both model runners make the manager",
    ),
    Internal(
        "vllm.v1.worker.lora_model_runner_mixin.LoRAModelRunnerMixin.remove_lora",
        ("lora_id",),
        "extension.py: the model runner holds the manager as `lora_manager`; removing frees slot and memory at once",
    ),
    Internal(
        "vllm.lora.worker_manager.LRUCacheWorkerLoRAManager._load_adapter",
        ("lora_request",),
        "loading.py: reads an adapter from disk; touches nothing that a step uses, so it may run beside one",
    ),
    Internal(
        "vllm.lora.worker_manager.LRUCacheWorkerLoRAManager._apply_adapters",
        ("lora_requests",),
        "loading.py: gives each adapter of a step its slot, in the order in which they come",
    ),
    Internal(
        "vllm.lora.worker_manager.LRUCacheWorkerLoRAManager.remove_adapter",
        ("adapter_id",),
        "loading.py: `remove_lora` of the engine",
    ),
    Internal(
        "vllm.lora.model_manager.LRUCacheLoRAModelManager._create_merged_loras_inplace",
        ("lora_model",),
        "loading.py: packs an adapter as its layers are packed; only the adapter is changed",
    ),
    Internal(
        "vllm.lora.model_manager.LRUCacheLoRAModelManager._add_adapter",
        ("lora",),
        "loading.py does the same in two halves, one of them beside the steps: `_registered_adapters`, "
        "`lora_index_to_id`, `modules`, `capacity`, `lora_slots`",
    ),
    Internal(
        "vllm.v1.engine.output_processor.OutputProcessor.get_num_unfinished_requests",
        (),
        "versions.py: `request_states` of the front hold the LoRA request of everything in flight",
    ),
    Internal(
        "vllm.lora.worker_manager.LRUCacheWorkerLoRAManager._manager_cls",
        None,
        "worker.py names the class of the adapter manager",
    ),
    Internal(
        "vllm.lora.worker_manager.LRUCacheWorkerLoRAManager.set_active_adapters",
        ("requests", "mapping"),
        "worker.py: every step's requests and mapping pass here, those of the vision tower as well",
    ),
    Internal(
        "vllm.lora.worker_manager.LRUCacheWorkerLoRAManager.add_adapter",
        ("lora_request",),
        "worker.py loads the adapters under a mixture",
    ),
    Internal(
        "vllm.lora.model_manager.LRUCacheLoRAModelManager._create_lora_modules",
        (),
        "gated_lora.py: layers hold lora_b_stacked [slots, 1, out, rank], which set_lora writes through",
    ),
    Internal(
        "vllm.lora.model_manager.LRUCacheLoRAModelManager.add_adapter",
        ("lora",),
        "gated_lora.py: every adapter passes here before it is packed",
    ),
    Internal(
        "vllm.lora.model_manager.LRUCacheLoRAModelManager.set_adapter_mapping",
        ("mapping",),
        "mapping.py: a mapping equal to the last step's is not looked at again",
    ),
    Internal(
        "vllm.lora.punica_wrapper.punica_cpu.PunicaWrapperCPU",
        ("max_num_batched_tokens", "max_batches", "device", "kwargs"),
        "gated_cpu.py: made with lora_config among kwargs; no_lora",
    ),
    Internal(
        "vllm.lora.punica_wrapper.punica_cpu.PunicaWrapperCPU.update_metadata",
        ("mapping", "lora_index_to_id", "max_loras", "vocab_size", "kwargs"),
        "gated_cpu.py: called once a step with the slots' adapter ids",
    ),
    Internal(
        "vllm.lora.punica_wrapper.punica_cpu.PunicaWrapperCPU.add_lora_linear",
        ("y", "x", "lora_a_stacked", "lora_b_stacked", "scale", "output_slices", "buffer", "kwargs"),
        "gated_cpu.py: what every linear layer with LoRA calls; y is changed in place",
    ),
    Internal(
        "vllm.lora.model_manager.LRUCacheLoRAModelManager.__init__",
        None,
        "gated_cpu.py: takes vllm_config by name; punica_wrapper_mapping is there after it",
    ),
    Internal(
        "vllm.lora.punica_wrapper.punica_gpu.PunicaWrapperGPU",
        ("max_num_batched_tokens", "max_batches", "device", "kwargs"),
        "gated_gpu.py: max_loras",
    ),
    Internal(
        "vllm.lora.punica_wrapper.punica_gpu.PunicaWrapperGPU.update_metadata",
        ("mapping", "lora_index_to_id", "max_loras", "vocab_size", "kwargs"),
        "gated_gpu.py: called once a step, outside of the CUDA graph",
    ),
    Internal(
        "vllm.lora.punica_wrapper.punica_gpu.PunicaWrapperGPU.add_lora_linear",
        ("y", "x", "lora_a_stacked", "lora_b_stacked", "scale", "output_slices", "buffer", "kwargs"),
        "gated_gpu.py: add_inputs may be among kwargs",
    ),
    Internal(
        "vllm.lora.ops.triton_ops.lora_kernel_metadata.LoRAKernelMeta.make",
        ("max_loras", "max_num_tokens", "device", "captured_lora_counts"),
        "gated_gpu.py: of the one adapter that all slots make",
    ),
    Internal(
        "vllm.lora.ops.triton_ops.lora_kernel_metadata.LoRAKernelMeta.prepare_tensors",
        ("token_lora_mapping",),
        "gated_gpu.py: -1 for rows without a gate, else 0",
    ),
    Internal(
        "vllm.lora.ops.triton_ops.lora_kernel_metadata.LoRAKernelMeta.meta_args",
        ("token_nums", "specialize_active_lora"),
        "gated_gpu.py: what both kernels take",
    ),
    Internal(
        "vllm.lora.ops.triton_ops.lora_shrink_op._lora_shrink",
        None,
        "gated_gpu.py: fills shrunk [slices, rows, rank] with zeros first",
    ),
    Internal(
        "vllm.lora.ops.triton_ops.lora_expand_op._lora_expand",
        None,
        "gated_gpu.py: leaves rows of -1 alone",
    ),
    Internal(
        "vllm.v1.core.sched.scheduler.Scheduler.schedule",
        ("throttle_prefills",),
        "scheduler.py: one call a step; it compares lora_config.max_loras with the number of LoRA ids",
    ),
    Internal(
        "vllm.v1.core.sched.scheduler.Scheduler._handle_blocked_waiting_request",
        ("request",),
        "scheduler.py: asked of each waiting request before its LoRA id is counted; False holds it back; `running`",
    ),
    Internal(
        "vllm.v1.core.kv_cache_utils._gen_lora_extra_hash_keys",
        ("request",),
        "gates.py: the prefix cache tells requests apart by their LoRA's name and path",
    ),
    Internal(
        "vllm.entrypoints.openai.chat_completion.serving.OpenAIServingChat._maybe_get_adapters",
        ("request", "supports_default_mm_loras"),
        "expert_chat.py: the one place where a chat request meets its LoRA request",
    ),
    Internal(
        "vllm.entrypoints.openai.chat_completion.serving.OpenAIServingChat.render_chat_request",
        ("request",),
        "expert_chat.py: all that reads a request, before the engine is asked",
    ),
    Internal(
        "vllm.entrypoints.openai.chat_completion.serving.OpenAIServingChat.create_streaming_error_response",
        ("message", "err_type", "status_code", "param"),
        "expert_chat.py: errors within a stream pass here",
    ),
    Internal(
        "vllm.entrypoints.openai.chat_completion.protocol.ChatCompletionRequest.extract_structured_outputs",
        (),
        "expert_chat.py: all that says what an answer looks like, once the request is rendered",
    ),
    Internal(
        "vllm.v1.structured_output.GuidanceBackend",
        None,
        "plugin.py puts grammars.py's class under this name, by which the engine makes its backend",
    ),
    Internal(
        "vllm.v1.structured_output.backend_guidance.GuidanceBackend.compile_grammar",
        ("request_type", "grammar_spec", "stop_token_ids"),
        "grammars.py does the same within limits: `ll_tokenizer`, `vocab_size`, `disable_any_whitespace`, "
        "`disable_additional_properties`",
    ),
    Internal(
        "vllm.v1.structured_output.backend_guidance.serialize_guidance_grammar",
        ("request_type", "grammar_spec", "disable_any_whitespace", "disable_additional_properties"),
        "grammars.py: a shape as llguidance reads it",
    ),
    Internal(
        "vllm.v1.structured_output.request.get_structured_output_key",
        ("params",),
        "grammars.py: the kind of a shape, and the shape",
    ),
    Internal(
        "vllm.v1.metrics.loggers.PrometheusStatLogger.record",
        ("scheduler_stats", "iteration_stats", "mm_cache_stats", "engine_idx"),
        "vllm_metrics.py: `gauge_lora_info`, which has a series for each set of adapters that it was told of",
    ),
    Internal(
        "vllm.entrypoints.openai.models.serving.OpenAIServingModels.model_name",
        ("lora_request",),
        "models.py: the `model` of an answer",
    ),
)
