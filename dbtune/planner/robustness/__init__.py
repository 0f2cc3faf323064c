"""How far a plan's row estimates may be off before another plan is the better one."""
