"""Tells how much CPU time the host of a virtual machine takes away while something is measured, by two measures.

The kernel counts stolen time: time in which a CPU had work to do while the host ran something else on it. Not every
host reports it, and a neighbour on the same core steals none. So a piece of fixed work is timed between the measurements,
too: it takes longer if the host or another process slows the CPUs down.
"""

import hashlib
import os
import statistics
import threading
import time

# The largest part of the CPU time, or the largest slowdown, with which a figure is still a figure of the engines.
LIMIT = 0.05
ITERATIONS = 40_000  # About 20 ms.


def spin():
    """Seconds that fixed work in registers takes on all CPUs at once, on the slowest of them.

    PBKDF2 is such work that Python does without its lock, so the CPUs do not wait for one another.
    """
    seconds = []

    def work(cpu):
        os.sched_setaffinity(0, {cpu})  # Of this thread only.
        started = time.perf_counter()
        hashlib.pbkdf2_hmac("sha256", b"password", b"salt", ITERATIONS)
        seconds.append(time.perf_counter() - started)

    threads = [threading.Thread(target=work, args=[cpu]) for cpu in os.sched_getaffinity(0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(seconds)


def cpu_times():
    """Clock ticks of the CPUs that this process may use: (stolen, wanted). Wanted is what was used or stolen."""
    own = {f"cpu{number}" for number in os.sched_getaffinity(0)}
    stolen = wanted = 0
    with open("/proc/stat", encoding="ascii") as file:
        for line in file:
            name, *ticks = line.split()
            if name in own:
                user, nice, system, _, _, interrupts, soft_interrupts, steal = map(int, ticks[:8])
                stolen += steal
                wanted += user + nice + system + interrupts + soft_interrupts + steal
    return stolen, wanted


class Watch:
    """The noise from the time at which the watch is made."""

    def __init__(self):
        self.spins = []
        self.before = cpu_times()

    def sample(self):
        """Times the spin loop. This is called between measurements."""
        self.spins.append(spin())

    def noise(self):
        """The ticks that the host took away, the ticks that were wanted, and the seconds of the spin loops."""
        stolen, wanted = (after - before for before, after in zip(self.before, cpu_times()))
        return {"stolen": stolen, "wanted": wanted, "spins": self.spins}


def steal(noises):
    """The part of the wanted CPU time that the host took away."""
    return sum(noise["stolen"] for noise in noises) / max(1, sum(noise["wanted"] for noise in noises))


def slowdown(noises, fastest):
    """By how much the median of the spin loops is slower than the fastest one."""
    return statistics.median(spin for noise in noises for spin in noise["spins"]) / fastest - 1

