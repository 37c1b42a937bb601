"""A learned profile as the text of its file, with what was only guessed on top."""

from edge_agent.domain.taught import Taught
from edge_agent.drivers.profiles.text import profile_text
from edge_agent.drivers.till_escpos.learning.result import Learned


def learned_text(learned: Learned) -> str:
    """Return the TOML; its remarks say how many samples it reads and what to look at."""
    read = sum(sample.reads for sample in learned.samples)
    unseen = [sample.left_out for sample in learned.samples if sample.left_out is not None]
    guessed = [each.what for each in learned.findings if each.proof == "guessed"]
    remarks = [f"Learned from {len(learned.samples)} receipts; reads {read} of them."]
    if unseen:
        remarks.append(f"Learned without it, {sum(unseen)} of {len(unseen)} were read too.")
    if guessed:
        remarks.append(f"Not proven by sums: {', '.join(dict.fromkeys(guessed))}.")
    return profile_text(learned.profile, tuple(remarks))


def taught(learned: Learned) -> Taught:
    """Return the result as people and programs are shown it."""
    return Taught(learned_text(learned), learned.findings, learned.samples)
