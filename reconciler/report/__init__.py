"""Plans, runs and drift for people and machines: text, JSON in Terraform's plan format, Markdown. All from one plan."""
