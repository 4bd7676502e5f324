"""Every kind through every case of a resource's life, from the command line to the emulator and back."""
