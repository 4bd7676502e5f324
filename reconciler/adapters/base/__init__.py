"""What all platforms share: the adapter's contract, and the walk that makes both sides of a comparison alike."""
