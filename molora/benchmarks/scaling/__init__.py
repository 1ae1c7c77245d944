"""How throughput and TTFT grow with what a deployment has more of: experts, slots, clients, words, pixels."""
