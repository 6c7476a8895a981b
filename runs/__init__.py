"""What people do with it: scenarios, runs, results, figures, the command line."""
