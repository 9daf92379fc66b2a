"""What agents call: pure, typed functions over the knowledge."""
