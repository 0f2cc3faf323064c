"""Which candidates to take together: the whole workload's gain, net of what writes pay, within a budget."""
