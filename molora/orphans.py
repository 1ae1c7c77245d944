"""Child processes that do not outlive a parent that was killed: they would hold its memory, a GPU's too."""

import os
import threading
from functools import cache
from multiprocessing import parent_process


@cache
def end_with_parent() -> None:
    """From now on, in a child made by multiprocessing; elsewhere nothing."""
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="molora-parent", daemon=True).start()
