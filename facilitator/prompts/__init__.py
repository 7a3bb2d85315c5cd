"""Discussion prompts: their versions and review, and the rules that choose among them."""
