"""Hours of mixed traffic in one: does memory settle, do answers stay the same and as fast, does anything go wrong?"""
