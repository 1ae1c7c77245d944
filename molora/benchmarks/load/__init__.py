"""`molora bench load`: one traffic for the bare backbone, for plain vLLM and for Molora in each of its modes.

Requests are sent by the load generator of `vllm bench serve`, called in this process: it takes pictures and fields of
each request's own, does closed loops and Poisson arrival, and gives back raw time stamps. guidellm and aiperf start
worker processes for every run, and here runs are turns of seconds.
"""
