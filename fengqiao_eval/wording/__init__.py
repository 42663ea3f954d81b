"""Words for numbers, rules and arithmetic, made from the scheme itself, in Chinese and English."""
