"""What a hostile or hurried user can do wrong, the whole way through the command line."""
