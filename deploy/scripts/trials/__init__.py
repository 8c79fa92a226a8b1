"""What ``deploy/scripts/smoke`` tries on a deployment. All of it does no harm to anybody's data."""
