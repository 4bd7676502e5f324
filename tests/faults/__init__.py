"""What happens when things go wrong: kills, lost answers, refusals, stale plans, damaged state, hostile values."""
